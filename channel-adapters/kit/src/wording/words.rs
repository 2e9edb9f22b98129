//! The trade's words, as they stand around the numbers.

use offercast_contract::{Locale, PaymentMethod, SaleUnit};

use super::style::language_of;

/// The words of one language. Those with `{}` are phrases with one gap.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    language: &'static str,
    /// Before the SKU.
    pub sku: &'static str,
    /// Before the regular price.
    pub regular: &'static str,
    /// Before the lowest price of the 30 days before a reduction.
    pub prior: &'static str,
    /// Before the unit price.
    pub unit_price: &'static str,
    /// Before the deposit.
    pub deposit: &'static str,
    /// Before a price for an audience; the gap is the audience.
    pub member: &'static str,
    /// Before a price that holds in one channel; the gap is the channel.
    pub only_in: &'static str,
    /// Before a price from a quantity on; the gap is the quantity.
    pub from_quantity: &'static str,
    /// The smallest quantity that is sold; the gap is the quantity.
    pub minimum: &'static str,
    /// The step of the quantity that is sold; the gap is the quantity.
    pub step: &'static str,
    /// Before Croatia's anchor price.
    pub anchor: &'static str,
    /// Before a reference price of any other kind; the gap is the kind.
    pub reference: &'static str,
    /// The tax is in the price; the gap is the rate.
    pub tax_included: &'static str,
    /// The tax comes on top; the gap is the rate.
    pub tax_excluded: &'static str,
    /// The last day on which the terms hold.
    pub through: &'static str,
    /// The moment at which the terms end.
    pub until: &'static str,
    /// What delivery costs; the gap is the amount.
    pub delivery: &'static str,
    /// Delivery costs nothing.
    pub delivery_free: &'static str,
    /// Behind what delivery costs; the gap is the value of goods from which on
    /// it costs nothing.
    pub delivery_free_from: &'static str,
    /// The smallest order; the gap is the amount.
    pub minimum_order: &'static str,
    /// How an order may be paid; the gap is the list.
    pub payment: &'static str,
    /// What may be given back; the gap is the number of days.
    pub returns: &'static str,
    /// Nothing is taken back.
    pub no_returns: &'static str,
    /// Ways to pay, in the order of `PaymentMethod::ALL`.
    payment_methods: [&'static str; 6],
    /// What one price is for: piece, kilogram, litre, metre, hour.
    sale_units: [&'static str; 5],
}

static WORDS: [Words; 4] = [
    Words {
        language: "en",
        sku: "Item",
        regular: "Regular price",
        prior: "Lowest price in 30 days",
        unit_price: "Unit price",
        deposit: "Deposit",
        member: "Member price ({})",
        only_in: "Only in {}",
        from_quantity: "From {}",
        minimum: "sold from {}",
        step: "in steps of {}",
        anchor: "Anchor price",
        reference: "Reference price ({})",
        tax_included: "incl. {} VAT",
        tax_excluded: "plus {} VAT",
        through: "through {}",
        until: "until {}",
        delivery: "Delivery {}",
        delivery_free: "Free delivery",
        delivery_free_from: ", free from {}",
        minimum_order: "Minimum order {}",
        payment: "Payment: {}",
        returns: "Returns (days): {}",
        no_returns: "No returns",
        payment_methods: [
            "card",
            "cash",
            "instalments",
            "instant transfer",
            "invoice",
            "bank transfer",
        ],
        sale_units: ["per piece", "per kg", "per litre", "per metre", "per hour"],
    },
    Words {
        language: "ru",
        sku: "Артикул",
        regular: "Обычная цена",
        prior: "Минимальная цена за 30 дней",
        unit_price: "Цена за единицу",
        deposit: "Залог за тару",
        member: "Цена по карте ({})",
        only_in: "Только в {}",
        from_quantity: "От {}",
        minimum: "продаётся от {}",
        step: "с шагом {}",
        anchor: "Опорная цена",
        reference: "Справочная цена ({})",
        tax_included: "включая НДС {}",
        tax_excluded: "без НДС {}",
        through: "по {} включительно",
        until: "до {}",
        delivery: "Доставка {}",
        delivery_free: "Бесплатная доставка",
        delivery_free_from: ", бесплатно от {}",
        minimum_order: "Минимальный заказ {}",
        payment: "Оплата: {}",
        returns: "Возврат (дней): {}",
        no_returns: "Возврат не принимается",
        payment_methods: [
            "картой",
            "наличными",
            "в рассрочку",
            "по СБП",
            "по счёту",
            "банковским переводом",
        ],
        sale_units: ["за штуку", "за кг", "за литр", "за метр", "за час"],
    },
    Words {
        language: "pl",
        sku: "Nr art.",
        regular: "Cena regularna",
        prior: "Najniższa cena z 30 dni przed obniżką",
        unit_price: "Cena jednostkowa",
        deposit: "Kaucja",
        member: "Cena z kartą ({})",
        only_in: "Tylko w {}",
        from_quantity: "Od {}",
        minimum: "sprzedaż od {}",
        step: "co {}",
        anchor: "Cena odniesienia",
        reference: "Cena referencyjna ({})",
        tax_included: "w tym {} VAT",
        tax_excluded: "plus {} VAT",
        through: "do {} włącznie",
        until: "do {}",
        delivery: "Dostawa {}",
        delivery_free: "Bezpłatna dostawa",
        delivery_free_from: ", bezpłatna od {}",
        minimum_order: "Minimalne zamówienie {}",
        payment: "Płatność: {}",
        returns: "Zwrot (dni): {}",
        no_returns: "Bez możliwości zwrotu",
        payment_methods: [
            "karta",
            "gotówka",
            "raty",
            "przelew natychmiastowy",
            "faktura",
            "przelew",
        ],
        sale_units: ["za sztukę", "za kg", "za litr", "za metr", "za godzinę"],
    },
    Words {
        language: "hr",
        sku: "Šifra",
        regular: "Redovna cijena",
        prior: "Najniža cijena u zadnjih 30 dana",
        unit_price: "Cijena za jedinicu mjere",
        deposit: "Povratna naknada",
        member: "Cijena uz karticu ({})",
        only_in: "Samo u {}",
        from_quantity: "Od {}",
        minimum: "prodaje se od {}",
        step: "u koracima od {}",
        anchor: "Sidrena cijena",
        reference: "Referentna cijena ({})",
        tax_included: "uključen PDV {}",
        tax_excluded: "bez PDV-a {}",
        through: "do uključivo {}",
        until: "do {}",
        delivery: "Dostava {}",
        delivery_free: "Besplatna dostava",
        delivery_free_from: ", besplatna od {}",
        minimum_order: "Minimalna narudžba {}",
        payment: "Plaćanje: {}",
        returns: "Povrat (dana): {}",
        no_returns: "Bez povrata",
        payment_methods: [
            "kartica",
            "gotovina",
            "obroci",
            "instant plaćanje",
            "račun",
            "bankovna doznaka",
        ],
        sale_units: ["po komadu", "po kg", "po litri", "po metru", "po satu"],
    },
];

impl Words {
    /// The words of a locale's language; English for languages without any.
    #[must_use]
    pub fn of(locale: &Locale) -> &'static Self {
        let language = language_of(locale);
        WORDS
            .iter()
            .find(|words| words.language == language)
            .unwrap_or(&WORDS[0])
    }

    /// The language that the words are in: `en`, `ru`, `pl` or `hr`.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// What one price is for: `per kg`.
    #[must_use]
    pub fn sale_unit(&self, unit: SaleUnit) -> &'static str {
        self.sale_units[match unit {
            SaleUnit::Piece => 0,
            SaleUnit::Kilogram => 1,
            SaleUnit::Litre => 2,
            SaleUnit::Metre => 3,
            SaleUnit::Hour => 4,
        }]
    }

    /// A way to pay.
    #[must_use]
    pub fn payment_method(&self, method: PaymentMethod) -> &'static str {
        self.payment_methods[match method {
            PaymentMethod::Card => 0,
            PaymentMethod::Cash => 1,
            PaymentMethod::Instalments => 2,
            PaymentMethod::Instant => 3,
            PaymentMethod::Invoice => 4,
            PaymentMethod::Transfer => 5,
        }]
    }

    /// The label of a reference price of a kind.
    #[must_use]
    pub fn reference_label(&self, kind: &str) -> String {
        match kind {
            "anchor" => self.anchor.to_owned(),
            kind => Self::fill(self.reference, kind),
        }
    }

    /// The phrase with its gap filled.
    #[must_use]
    pub fn fill(phrase: &str, value: &str) -> String {
        phrase.replacen("{}", value, 1)
    }

    /// What fills the gap of `phrase` in `text`; none if the text is not that
    /// phrase.
    #[must_use]
    pub fn gap<'a>(phrase: &str, text: &'a str) -> Option<&'a str> {
        let (before, after) = phrase.split_once("{}")?;
        text.strip_prefix(before)?.strip_suffix(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_fill_and_empty() {
        for words in &WORDS {
            for phrase in [
                words.member,
                words.only_in,
                words.from_quantity,
                words.minimum,
                words.step,
                words.reference,
                words.tax_included,
                words.tax_excluded,
                words.through,
                words.until,
                words.delivery,
                words.delivery_free_from,
                words.minimum_order,
                words.payment,
                words.returns,
            ] {
                assert_eq!(Words::gap(phrase, &Words::fill(phrase, "x y")), Some("x y"));
                assert_eq!(phrase.matches("{}").count(), 1, "{phrase}");
            }
        }
    }

    #[test]
    fn a_language_without_words_speaks_english() {
        assert_eq!(Words::of(&"cs".parse().unwrap()).language(), "en");
        assert_eq!(Words::of(&"pl-PL".parse().unwrap()).language(), "pl");
    }
}
