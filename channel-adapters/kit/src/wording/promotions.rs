//! Promotions in words: what a mechanic and its conditions are called, printed
//! for customers. Reading is in [`super::promotion_reading`].

use offercast_contract::promotion::{
    Mechanic, Promotion, PromotionTerms, Reduction, StatedLimit, Threshold, Tier,
};
use offercast_contract::{Currency, Locale};

use super::Wording;
use super::style::language_of;

/// The phrases of one language; `{}` are gaps.
#[derive(Debug)]
pub struct PromotionWords {
    language: &'static str,
    /// Counts: units in a set, units that are paid.
    pub n_for_m: &'static str,
    /// A count and an amount.
    pub n_for_price: &'static str,
    /// Counts to buy and to get.
    pub get_free: &'static str,
    /// Counts to buy and to get, and a percentage.
    pub get_reduced: &'static str,
    /// A count.
    pub cheapest_free: &'static str,
    /// A count and an amount.
    pub bundle: &'static str,
    /// A percentage or an amount.
    pub off_total: &'static str,
    /// An amount.
    pub total_for: &'static str,
    /// Nothing.
    pub free_delivery: &'static str,
    /// A percentage or an amount.
    pub off_delivery: &'static str,
    /// An amount.
    pub delivery_for: &'static str,
    /// A SKU.
    pub gift: &'static str,
    /// A percentage or an amount, and a threshold.
    pub tier: &'static str,
    /// A threshold by quantity: a count.
    pub units: &'static str,
    /// A threshold.
    pub from: &'static str,
    /// A code.
    pub coupon: &'static str,
    /// An audience.
    pub audience: &'static str,
    /// A channel.
    pub channel: &'static str,
    /// An amount.
    pub most_off: &'static str,
    /// A count.
    pub most_times: &'static str,
    /// A count.
    pub most_units: &'static str,
    /// A count.
    pub per_customer: &'static str,
    /// Nothing.
    pub while_stocks_last: &'static str,
}

static WORDS: [PromotionWords; 4] = [
    PromotionWords {
        language: "en",
        n_for_m: "{} for {}",
        n_for_price: "{} for {}",
        get_free: "Buy {} get {} free",
        get_reduced: "Buy {} get {} at {} off",
        cheapest_free: "The cheapest of {} free",
        bundle: "Set of {} for {}",
        off_total: "{} off the total",
        total_for: "All for {}",
        free_delivery: "Free delivery",
        off_delivery: "{} off delivery",
        delivery_for: "Delivery for {}",
        gift: "Gift: item {}",
        tier: "{} off from {}",
        units: "{} items",
        from: "from {}",
        coupon: "with code {}",
        audience: "with card {}",
        channel: "only in {}",
        most_off: "at most {} off",
        most_times: "at most {} times",
        most_units: "at most {} items",
        per_customer: "at most {} a customer",
        while_stocks_last: "while stocks last",
    },
    PromotionWords {
        language: "ru",
        n_for_m: "{} по цене {}",
        n_for_price: "{} за {}",
        get_free: "При покупке {} ещё {} бесплатно",
        get_reduced: "При покупке {} ещё {} со скидкой {}",
        cheapest_free: "Самый дешёвый из {} бесплатно",
        bundle: "Набор из {} за {}",
        off_total: "Скидка {} на сумму",
        total_for: "Всё за {}",
        free_delivery: "Бесплатная доставка",
        off_delivery: "Скидка {} на доставку",
        delivery_for: "Доставка за {}",
        gift: "Подарок: артикул {}",
        tier: "Скидка {} от {}",
        units: "{} шт.",
        from: "от {}",
        coupon: "по промокоду {}",
        audience: "по карте {}",
        channel: "только в {}",
        most_off: "скидка не более {}",
        most_times: "не более {} раз",
        most_units: "не более {} шт.",
        per_customer: "не более {} в одни руки",
        while_stocks_last: "пока товар в наличии",
    },
    PromotionWords {
        language: "pl",
        n_for_m: "{} w cenie {}",
        n_for_price: "{} za {}",
        get_free: "Kup {} a {} dostaniesz gratis",
        get_reduced: "Kup {} a {} dostaniesz z rabatem {}",
        cheapest_free: "Najtańszy z {} gratis",
        bundle: "Zestaw {} za {}",
        off_total: "Rabat {} na całość",
        total_for: "Wszystko za {}",
        free_delivery: "Darmowa dostawa",
        off_delivery: "Rabat {} na dostawę",
        delivery_for: "Dostawa za {}",
        gift: "Prezent: nr art. {}",
        tier: "Rabat {} od {}",
        units: "{} szt.",
        from: "od {}",
        coupon: "z kodem {}",
        audience: "z kartą {}",
        channel: "tylko w {}",
        most_off: "rabat najwyżej {}",
        most_times: "najwyżej {} razy",
        most_units: "najwyżej {} szt.",
        per_customer: "najwyżej {} na klienta",
        while_stocks_last: "do wyczerpania zapasów",
    },
    PromotionWords {
        language: "hr",
        n_for_m: "{} po cijeni {}",
        n_for_price: "{} za {}",
        get_free: "Kupi {} a {} dobivaš besplatno",
        get_reduced: "Kupi {} a {} dobivaš uz popust {}",
        cheapest_free: "Najjeftiniji od {} besplatno",
        bundle: "Komplet od {} za {}",
        off_total: "Popust {} na ukupno",
        total_for: "Sve za {}",
        free_delivery: "Besplatna dostava",
        off_delivery: "Popust {} na dostavu",
        delivery_for: "Dostava za {}",
        gift: "Poklon: šifra {}",
        tier: "Popust {} od {}",
        units: "{} kom.",
        from: "od {}",
        coupon: "uz kod {}",
        audience: "uz karticu {}",
        channel: "samo u {}",
        most_off: "popust najviše {}",
        most_times: "najviše {} puta",
        most_units: "najviše {} kom.",
        per_customer: "najviše {} po kupcu",
        while_stocks_last: "do isteka zaliha",
    },
];

impl PromotionWords {
    /// The phrases of a locale's language; English for languages without any.
    #[must_use]
    pub fn of(locale: &Locale) -> &'static Self {
        let language = language_of(locale);
        WORDS
            .iter()
            .find(|words| words.language == language)
            .unwrap_or(&WORDS[0])
    }
}

/// Fills the gaps of a phrase in their order.
fn fill(phrase: &str, values: &[&str]) -> String {
    let mut filled = String::with_capacity(phrase.len() + 16);
    let mut values = values.iter();
    for (at, literal) in phrase.split("{}").enumerate() {
        if at > 0 {
            filled.push_str(values.next().copied().unwrap_or_default());
        }
        filled.push_str(literal);
    }
    filled
}

impl Wording {
    /// A promotion as customers read it: `3 for 2, at most 6 a customer`.
    #[must_use]
    pub fn promotion(&self, promotion: &Promotion, currency: Currency) -> String {
        Print {
            wording: self,
            words: PromotionWords::of(self.locale()),
            currency,
        }
        .whole(promotion)
    }
}

struct Print<'w> {
    wording: &'w Wording,
    words: &'static PromotionWords,
    currency: Currency,
}

impl Print<'_> {
    fn whole(&self, promotion: &Promotion) -> String {
        let (words, terms) = (self.words, &promotion.terms);
        let mut parts = vec![self.mechanic(&terms.mechanic)];
        let one = |phrase: &str, value: &str| fill(phrase, &[value]);
        parts.extend(
            terms
                .minimum
                .map(|from| one(words.from, &self.threshold(from))),
        );
        let coupon = terms.coupon.as_ref();
        parts.extend(coupon.map(|coupon| one(words.coupon, &coupon.code)));
        let audience = promotion.audience.as_ref();
        parts.extend(audience.map(|audience| one(words.audience, audience.as_str())));
        let channels = promotion.channels.iter();
        parts.extend(channels.map(|channel| one(words.channel, channel.as_str())));
        parts.extend(self.bounds(terms));
        parts.join(", ")
    }

    fn bounds(&self, terms: &PromotionTerms) -> Vec<String> {
        let (words, caps) = (self.words, terms.caps);
        let count = |phrase: &str, count: u32| fill(phrase, &[&count.to_string()]);
        let mut parts = Vec::new();
        parts.extend(caps.amount.map(|most| {
            let most = self.wording.amount(most, self.currency);
            fill(words.most_off, &[&most])
        }));
        parts.extend(caps.applications.map(|most| count(words.most_times, most)));
        parts.extend(caps.units.map(|most| count(words.most_units, most)));
        parts.extend(terms.limits.iter().map(|limit| match limit {
            StatedLimit::PerCustomer(most) => count(words.per_customer, *most),
            StatedLimit::WhileStocksLast => words.while_stocks_last.to_owned(),
        }));
        parts
    }

    fn mechanic(&self, mechanic: &Mechanic) -> String {
        let words = self.words;
        let price = |amount| self.wording.amount(amount, self.currency);
        match mechanic {
            Mechanic::Bundle { parts, price: all } => {
                let units: u64 = parts.iter().map(|part| u64::from(part.quantity)).sum();
                fill(words.bundle, &[&units.to_string(), &price(*all)])
            }
            Mechanic::BuyGet {
                buy, get, percent, ..
            } => {
                let (buy, get) = (buy.to_string(), get.to_string());
                if *percent == 10_000 {
                    fill(words.get_free, &[&buy, &get])
                } else {
                    let percent = self.wording.basis_points(*percent);
                    fill(words.get_reduced, &[&buy, &get, &percent])
                }
            }
            Mechanic::CheapestFree { of } => fill(words.cheapest_free, &[&of.to_string()]),
            Mechanic::Delivery { reduction, .. } => match reduction {
                Reduction::Percent(10_000) => words.free_delivery.to_owned(),
                Reduction::Price(fee) => fill(words.delivery_for, &[&price(*fee)]),
                less => fill(words.off_delivery, &[&self.less(*less)]),
            },
            Mechanic::Gift { sku } => fill(words.gift, &[sku.as_str()]),
            Mechanic::NForM { buy, pay } => {
                fill(words.n_for_m, &[&buy.to_string(), &pay.to_string()])
            }
            Mechanic::NForPrice { buy, price: all } => {
                fill(words.n_for_price, &[&buy.to_string(), &price(*all)])
            }
            Mechanic::Order { reduction } => match reduction {
                Reduction::Price(all) => fill(words.total_for, &[&price(*all)]),
                less => fill(words.off_total, &[&self.less(*less)]),
            },
            Mechanic::Tiered { tiers } => {
                let step = |tier: &Tier| {
                    let (less, from) = (self.less(tier.reduction), self.threshold(tier.from));
                    fill(words.tier, &[&less, &from])
                };
                tiers.iter().map(step).collect::<Vec<_>>().join("; ")
            }
        }
    }

    fn less(&self, reduction: Reduction) -> String {
        match reduction {
            Reduction::Percent(basis_points) => self.wording.basis_points(basis_points),
            Reduction::Amount(amount) | Reduction::Price(amount) => {
                self.wording.amount(amount, self.currency)
            }
        }
    }

    fn threshold(&self, threshold: Threshold) -> String {
        match threshold {
            Threshold::Amount(amount) => self.wording.amount(amount, self.currency),
            Threshold::Quantity(units) => fill(self.words.units, &[&units.to_string()]),
        }
    }
}
