//! Terms as schema.org JSON-LD.
//!
//! Facts (schema.org, Google's product documentation): the active price has no
//! `priceType`, the struck one is a `StrikethroughPrice`; a member price has
//! `validForMemberTier` and never a `priceType`; `price` stands on the Offer as
//! well, since validators miss it in `priceSpecification` alone; in
//! `referenceQuantity` the quantity is the pack, `valueReference` the base
//! measure, and the price stays the pack's. `shippingDetails` has a rate but no
//! threshold, so it states what delivering this item alone costs;
//! `merchantReturnDays` goes with `MerchantReturnFiniteReturnWindow`; a smallest
//! order is an `eligibleTransactionVolume` with a `minPrice`. Which countries
//! they are for is not known here, so `shippingDestination` and
//! `applicableCountry` are left to the page.

use jiff::tz::TimeZone;
use offercast_contract::{
    ConditionalPrice, Field, Instant, Measure, OrderTerms, SaleUnit, Terms, UnitPrice,
};
use offercast_kit::Shown;
use serde_json::{Map, Value, json};

/// The JSON-LD of one item, safe inside of a `<script>` element.
pub(crate) fn json_ld(shown: &Shown<'_>, zone: &TimeZone) -> String {
    let facts = shown.facts;
    let mut product = Map::new();
    product.insert("@context".into(), "https://schema.org".into());
    product.insert("@type".into(), "Product".into());
    product.insert("sku".into(), shown.sku.as_str().into());
    let content = facts.content_in(&shown.channel.locale);
    if let Some((_, content)) = content.filter(|_| shows(shown, Field::Name)) {
        product.insert("name".into(), content.name.as_str().into());
    }
    if let Some(gtin) = &facts.gtin {
        product.insert("gtin".into(), gtin.as_str().into());
    }
    if let Some(brand) = &facts.brand {
        product.insert("brand".into(), json!({"@type": "Brand", "name": brand}));
    }
    if let Some(image) = &facts.image {
        product.insert("image".into(), image.as_str().into());
    }
    product.insert("offers".into(), offer(shown, zone));
    script_safe(&Value::Object(product).to_string())
}

/// In JSON these characters occur inside of strings only, where an escape says
/// the same; in a script `</` or `<!--` would end or hide it.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn shows(shown: &Shown<'_>, field: Field) -> bool {
    shown.channel.projection.shows(field)
}

fn offer(shown: &Shown<'_>, zone: &TimeZone) -> Value {
    let terms = shown.terms;
    let mut offer = Map::new();
    offer.insert("@type".into(), "Offer".into());
    offer.insert("price".into(), terms.price.to_string().into());
    offer.insert("priceCurrency".into(), terms.currency.code().into());
    let sale_unit = shown.facts.sale_unit.unece_code();
    offer.insert(
        "eligibleQuantity".into(),
        json!({"@type": "QuantitativeValue", "unitCode": sale_unit}),
    );
    let until = shown.until.filter(|_| shows(shown, Field::Until));
    if let Some(until) = until {
        offer.insert("priceValidUntil".into(), last_day(until, zone).into());
    }
    let mut specifications = vec![active(shown, until)];
    if let Some(regular) = terms.regular.filter(|_| shows(shown, Field::Regular)) {
        let mut struck = specification(terms, regular.to_string());
        let kind = "https://schema.org/StrikethroughPrice";
        struck.insert("priceType".into(), kind.into());
        specifications.push(Value::Object(struck));
    }
    if shows(shown, Field::Conditional) {
        let conditional = terms.conditional.iter();
        let conditional =
            conditional.filter(|price| price.condition.is_shown_in(&shown.channel.id));
        specifications.extend(conditional.map(|price| conditional_price(shown, price)));
    }
    offer.insert("priceSpecification".into(), specifications.into());
    if let Some(order) = terms.order.as_ref().filter(|_| shows(shown, Field::Order)) {
        order_conditions(&mut offer, terms, order);
    }
    Value::Object(offer)
}

fn order_conditions(offer: &mut Map<String, Value>, terms: &Terms, order: &OrderTerms) {
    let currency = terms.currency;
    if let Some(fee) = order.delivery_fee {
        let rate = json!({
            "@type": "MonetaryAmount",
            "currency": currency.code(),
            "value": fee.for_goods(terms.price, currency).to_string(),
        });
        let shipping = json!({"@type": "OfferShippingDetails", "shippingRate": rate});
        offer.insert("shippingDetails".into(), shipping);
    }
    if let Some(minimum) = order.minimum_order {
        let volume = json!({
            "@type": "PriceSpecification",
            "minPrice": minimum.to_string(),
            "priceCurrency": currency.code(),
        });
        offer.insert("eligibleTransactionVolume".into(), volume);
    }
    let policy = order.returns.as_ref().map(|returns| match returns.days {
        0 => json!({
            "@type": "MerchantReturnPolicy",
            "returnPolicyCategory": "https://schema.org/MerchantReturnNotPermitted",
        }),
        days => json!({
            "@type": "MerchantReturnPolicy",
            "merchantReturnDays": days,
            "returnPolicyCategory": "https://schema.org/MerchantReturnFiniteReturnWindow",
        }),
    });
    if let Some(policy) = policy {
        offer.insert("hasMerchantReturnPolicy".into(), policy);
    }
}

fn specification(terms: &Terms, price: String) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("@type".into(), "UnitPriceSpecification".into());
    map.insert("price".into(), price.into());
    map.insert("priceCurrency".into(), terms.currency.code().into());
    map
}

fn active(shown: &Shown<'_>, until: Option<Instant>) -> Value {
    let terms = shown.terms;
    let mut active = specification(terms, terms.price.to_string());
    if let Some(until) = until {
        active.insert("validThrough".into(), until.to_string().into());
    }
    if shows(shown, Field::Tax) {
        active.insert("valueAddedTaxIncluded".into(), terms.tax.included.into());
    }
    let unit_price = terms.unit_price.filter(|_| shows(shown, Field::UnitPrice));
    if let Some(unit_price) = unit_price {
        active.insert(
            "referenceQuantity".into(),
            reference_quantity(shown, unit_price),
        );
    }
    Value::Object(active)
}

/// What the price is for: the pack; where the pack is unknown, one sale unit.
fn reference_quantity(shown: &Shown<'_>, unit_price: UnitPrice) -> Value {
    let sold_by_piece = shown.facts.sale_unit == SaleUnit::Piece;
    let mut quantity = match shown.facts.pack.filter(|_| sold_by_piece) {
        Some(pack) => measure(pack),
        None => quantitative_value("1".to_owned(), shown.facts.sale_unit.unece_code()),
    };
    quantity.insert(
        "valueReference".into(),
        Value::Object(measure(unit_price.per)),
    );
    Value::Object(quantity)
}

fn measure(measure: Measure) -> Map<String, Value> {
    quantitative_value(measure.quantity.to_string(), measure.unit.unece_code())
}

fn quantitative_value(value: String, unit_code: &str) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("@type".into(), "QuantitativeValue".into());
    map.insert("value".into(), value.into());
    map.insert("unitCode".into(), unit_code.into());
    map
}

fn conditional_price(shown: &Shown<'_>, price: &ConditionalPrice) -> Value {
    let mut conditional = specification(shown.terms, price.amount.to_string());
    if let Some(audience) = &price.condition.audience {
        let tier = json!({"@type": "MemberProgramTier", "name": audience.as_str()});
        conditional.insert("validForMemberTier".into(), tier);
    }
    if let Some(channel) = &price.condition.channel {
        let only_in = json!({
            "@type": "PropertyValue",
            "name": "channel",
            "value": channel.as_str(),
        });
        conditional.insert("identifier".into(), only_in);
    }
    if let Some(minimum) = price.condition.quantity {
        let quantity = json!({
            "@type": "QuantitativeValue",
            "minValue": minimum.to_string(),
            "unitCode": shown.facts.sale_unit.unece_code(),
        });
        conditional.insert("eligibleQuantity".into(), quantity);
    }
    Value::Object(conditional)
}

/// The last local day on which the terms hold: `priceValidUntil` is inclusive.
fn last_day(until: Instant, zone: &TimeZone) -> String {
    let last_moment = until.plus_micros(-1).to_timestamp();
    last_moment.to_zoned(zone.clone()).date().to_string()
}
