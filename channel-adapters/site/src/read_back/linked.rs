//! The third way: what a search engine takes from the JSON-LD.

use offercast_contract::claims::ClaimKey;
use offercast_contract::{Amount, Claims, Currency, Field, Instant, compare, order};
use offercast_kit::Unreadable;
use offercast_kit::wording::Customer;
use serde::Deserialize;

use super::unreadable;

/// The fields that the JSON-LD states in full, when the fragment claims them.
const STATED: [Field; 8] = [
    Field::Sku,
    Field::Name,
    Field::SaleUnit,
    Field::Currency,
    Field::Price,
    Field::Regular,
    Field::Conditional,
    Field::Until,
];

/// Checks the JSON-LD against the claims of the fragment.
pub(super) fn agrees(json: &str, claims: &Claims, customer: &Customer) -> Result<(), Unreadable> {
    let product: Product =
        serde_json::from_str(json).map_err(|error| unreadable(format!("JSON-LD: {error}")))?;
    let mut expected = claims.clone();
    expected.retain(|key| STATED.contains(&key.field));
    let linked = product.claims().map_err(differs)?;
    if let Some(difference) = compare(&expected, &linked).first() {
        return Err(differs(format!(
            "{}: JSON-LD says {:?}, the attribute {:?}",
            difference.field, difference.shown, difference.expected
        )));
    }
    product.last_day_agrees(claims, customer).map_err(differs)?;
    product.tax_agrees(claims).map_err(differs)?;
    product.base_agrees(claims).map_err(differs)?;
    product.offers.order_agrees(claims).map_err(differs)
}

fn differs(reason: impl Into<String>) -> Unreadable {
    unreadable(reason)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@type")]
    kind: String,
    sku: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default, rename = "gtin")]
    _gtin: Option<String>,
    #[serde(default, rename = "brand")]
    _brand: Option<Named>,
    #[serde(default, rename = "image")]
    _image: Option<String>,
    offers: Offer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(rename = "@type")]
    _kind: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Offer {
    #[serde(rename = "@type")]
    kind: String,
    price: String,
    price_currency: String,
    #[serde(default)]
    price_valid_until: Option<String>,
    eligible_quantity: Quantity,
    price_specification: Vec<Specification>,
    #[serde(default)]
    shipping_details: Option<Shipping>,
    #[serde(default)]
    eligible_transaction_volume: Option<Volume>,
    #[serde(default)]
    has_merchant_return_policy: Option<ReturnPolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Shipping {
    #[serde(rename = "@type")]
    kind: String,
    shipping_rate: Monetary,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Monetary {
    #[serde(rename = "@type")]
    _kind: String,
    currency: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Volume {
    #[serde(rename = "@type")]
    _kind: String,
    min_price: String,
    price_currency: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReturnPolicy {
    #[serde(rename = "@type")]
    _kind: String,
    return_policy_category: String,
    #[serde(default)]
    merchant_return_days: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Specification {
    #[serde(rename = "@type")]
    _kind: String,
    price: String,
    price_currency: String,
    #[serde(default)]
    price_type: Option<String>,
    #[serde(default)]
    valid_through: Option<Instant>,
    #[serde(default)]
    value_added_tax_included: Option<bool>,
    #[serde(default)]
    reference_quantity: Option<Quantity>,
    #[serde(default)]
    valid_for_member_tier: Option<Named>,
    #[serde(default)]
    eligible_quantity: Option<Quantity>,
    /// The channel that the price is exclusive to.
    #[serde(default)]
    identifier: Option<Property>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Property {
    #[serde(rename = "@type")]
    _kind: String,
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Quantity {
    #[serde(rename = "@type")]
    _kind: String,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    min_value: Option<String>,
    unit_code: String,
    #[serde(default)]
    value_reference: Option<Box<Quantity>>,
}

impl Product {
    fn claims(&self) -> Result<Claims, String> {
        let offer = &self.offers;
        let good =
            self.context == "https://schema.org" && self.kind == "Product" && offer.kind == "Offer";
        if !good {
            return Err("JSON-LD is not a schema.org Product with an Offer".to_owned());
        }
        let mut claims = Claims::default();
        claims.set(Field::Sku, self.sku.as_str());
        claims.set_some(Field::Name, self.name.as_ref());
        claims.set(Field::Currency, offer.price_currency.as_str());
        claims.set(Field::SaleUnit, sale_unit(&offer.eligible_quantity)?);
        for specification in &offer.price_specification {
            if specification.price_currency != offer.price_currency {
                return Err("JSON-LD names several currencies".to_owned());
            }
            let key = specification.key()?;
            if claims.get(&key).is_some() {
                return Err(format!("JSON-LD states {key} twice"));
            }
            claims.set(key, specification.price.as_str());
            claims.set_some(Field::Until, specification.valid_through);
        }
        if claims.field(Field::Price) != Some(&offer.price) {
            return Err("price: the Offer and its active specification differ".to_owned());
        }
        if offer.price_valid_until.is_some() != claims.field(Field::Until).is_some() {
            return Err("until: priceValidUntil and validThrough go together".to_owned());
        }
        Ok(claims)
    }

    fn active(&self) -> impl Iterator<Item = &Specification> {
        let is_active = |specification: &&Specification| {
            specification
                .key()
                .is_ok_and(|key| key == Field::Price.into())
        };
        self.offers.price_specification.iter().filter(is_active)
    }

    /// `priceValidUntil` is a day, inclusive: the last one, in the shop's time
    /// zone, on which the price holds.
    fn last_day_agrees(&self, claims: &Claims, customer: &Customer) -> Result<(), String> {
        let (Some(day), Some(until)) = (&self.offers.price_valid_until, claims.field(Field::Until))
        else {
            // That both are there or neither is was checked before.
            return Ok(());
        };
        let until: Instant = until
            .parse()
            .map_err(|error| format!("until: the attribute: {error}"))?;
        if customer.is_last_day(day, until) {
            Ok(())
        } else {
            Err(format!(
                "until: priceValidUntil says {day:?}, the attribute {until}"
            ))
        }
    }

    fn tax_agrees(&self, claims: &Claims) -> Result<(), String> {
        let claimed = claims.field(Field::Tax);
        let claimed = claimed.map(|tax| tax.starts_with("included"));
        let stated = self.active().find_map(|s| s.value_added_tax_included);
        if claimed == stated {
            Ok(())
        } else {
            Err(format!(
                "tax: JSON-LD says included {stated:?}, the attribute {claimed:?}"
            ))
        }
    }

    /// The base measure of the unit price; its amount has no place in JSON-LD.
    fn base_agrees(&self, claims: &Claims) -> Result<(), String> {
        let claimed = claims.field(Field::UnitPrice);
        let claimed = claimed
            .and_then(|text| text.split_once('/'))
            .map(|(_, per)| per);
        let stated = self
            .active()
            .find_map(|specification| specification.reference_quantity.as_ref())
            .and_then(|quantity| quantity.value_reference.as_deref())
            .map(measure)
            .transpose()?;
        if claimed == stated.as_deref() {
            Ok(())
        } else {
            Err(format!(
                "unit_price: JSON-LD says per {stated:?}, the attribute {claimed:?}"
            ))
        }
    }
}

impl Offer {
    /// Order conditions, as far as schema.org has words for them.
    fn order_agrees(&self, claims: &Claims) -> Result<(), String> {
        let claimed = |which: &str| claims.get(&ClaimKey::of(Field::Order, which));
        let expected = [
            match claimed(order::DELIVERY_FEE) {
                Some(text) => Some(self.alone(text)?),
                None => None,
            },
            claimed(order::MINIMUM_ORDER).map(str::to_owned),
            claimed(order::RETURNS).map(str::to_owned),
        ];
        let stated = [self.shipping()?, self.minimum()?, self.return_days()?];
        if expected == stated {
            Ok(())
        } else {
            Err(format!(
                "order: JSON-LD says {stated:?}, the attributes {expected:?}"
            ))
        }
    }

    /// What delivering this item alone costs, by the claim of the fee.
    fn alone(&self, text: &str) -> Result<String, String> {
        let amount = |text: &str| -> Result<Amount, String> {
            text.parse()
                .map_err(|error| format!("order.delivery_fee: {error}"))
        };
        let (fee, free_from) = match text.split_once(" free from ") {
            Some((fee, from)) => (amount(fee)?, Some(amount(from)?)),
            None => (amount(text)?, None),
        };
        let is_free = match free_from {
            Some(from) => from <= amount(&self.price)?,
            None => false,
        };
        let currency = Currency::parse(&self.price_currency)
            .map_err(|error| format!("order.delivery_fee: {error}"))?;
        Ok(if is_free {
            Amount::new(0, currency).to_string()
        } else {
            fee.to_string()
        })
    }

    fn shipping(&self) -> Result<Option<String>, String> {
        let Some(details) = &self.shipping_details else {
            return Ok(None);
        };
        let rate = &details.shipping_rate;
        if details.kind != "OfferShippingDetails" || rate.currency != self.price_currency {
            return Err("order.delivery_fee: JSON-LD is in another currency or type".to_owned());
        }
        Ok(Some(rate.value.clone()))
    }

    fn minimum(&self) -> Result<Option<String>, String> {
        match &self.eligible_transaction_volume {
            Some(volume) if volume.price_currency != self.price_currency => {
                Err("order.minimum_order: JSON-LD is in another currency".to_owned())
            }
            volume => Ok(volume.as_ref().map(|volume| volume.min_price.clone())),
        }
    }

    fn return_days(&self) -> Result<Option<String>, String> {
        let Some(policy) = &self.has_merchant_return_policy else {
            return Ok(None);
        };
        let category = policy.return_policy_category.as_str();
        let category = category.strip_prefix("https://schema.org/");
        match (category, policy.merchant_return_days) {
            (Some("MerchantReturnNotPermitted"), None) => Ok(Some("0".to_owned())),
            (Some("MerchantReturnFiniteReturnWindow"), Some(days)) if days > 0 => {
                Ok(Some(days.to_string()))
            }
            _ => Err("order.returns: JSON-LD has no return policy that is known".to_owned()),
        }
    }
}

impl Specification {
    /// Which claim it makes.
    fn key(&self) -> Result<ClaimKey, String> {
        let tier = self.valid_for_member_tier.as_ref();
        let only_in = self.identifier.as_ref();
        let minimum = self.eligible_quantity.as_ref();
        let is_conditional = tier.is_some() || only_in.is_some() || minimum.is_some();
        match (self.price_type.as_deref(), is_conditional) {
            (None, false) => return Ok(Field::Price.into()),
            (Some("https://schema.org/StrikethroughPrice"), false) => {
                return Ok(Field::Regular.into());
            }
            (None, true) => {}
            _ => return Err("JSON-LD: a price specification of several kinds".to_owned()),
        }
        let mut parts = Vec::new();
        parts.extend(tier.map(|tier| format!("audience:{}", tier.name)));
        if let Some(only_in) = only_in {
            if only_in.name != "channel" {
                return Err(format!(
                    "JSON-LD: a price for the {} {}",
                    only_in.name, only_in.value
                ));
            }
            parts.push(format!("channel:{}", only_in.value));
        }
        if let Some(quantity) = minimum {
            let minimum = quantity.min_value.as_deref();
            let minimum = minimum.ok_or("a quantity without minValue")?;
            parts.push(format!("quantity:{minimum}"));
        }
        Ok(ClaimKey::of(Field::Conditional, &parts.join("+")))
    }
}

/// UN/ECE Recommendation 20 codes, the other way round.
fn sale_unit(quantity: &Quantity) -> Result<&'static str, String> {
    match quantity.unit_code.as_str() {
        "C62" => Ok("piece"),
        "KGM" => Ok("kilogram"),
        "LTR" => Ok("litre"),
        "MTR" => Ok("metre"),
        "HUR" => Ok("hour"),
        code => Err(format!("sale_unit: {code:?} is no known code")),
    }
}

fn measure(quantity: &Quantity) -> Result<String, String> {
    let unit = match quantity.unit_code.as_str() {
        "C62" => "piece",
        "KGM" => "kg",
        "LTR" => "l",
        "MTR" => "m",
        "MTK" => "m2",
        code => return Err(format!("unit_price: {code:?} is no known code")),
    };
    let value = quantity.value.as_deref();
    let value = value.ok_or("unit_price: a measure without value")?;
    Ok(format!("{value} {unit}"))
}
