//! Reading a fragment back, three ways that must agree: the `value`
//! attributes as a machine takes them, the visible text as a customer reads
//! it, the JSON-LD as a search engine does.

mod fragment;
mod linked;
mod loose;
mod shown;
mod visible;

use offercast_contract::claims::ClaimKey;
use offercast_contract::{Channel, Claims, Currency, Field, Reading};
use offercast_kit::Unreadable;
use offercast_kit::wording::Customer;
use offercast_kit::wording::read::{self, Hint};

use fragment::Fragment;

/// The claims of a fragment.
pub(crate) fn read(channel: &Channel, body: &[u8]) -> Result<Reading, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|error| unreadable(error.to_string()))?;
    let fragment = Fragment::parse(text)?;
    let currency = Currency::parse(&fragment.currency)
        .map_err(|error| unreadable(format!("data-currency: {error}")))?;
    let customer =
        Customer::of(channel, currency).map_err(|error| unreadable(error.to_string()))?;
    let claims = attributes(&fragment)?;
    for shown in &fragment.claims {
        visible::agrees(&customer, shown).map_err(|reason| {
            let key = &shown.key;
            unreadable(format!("{key}: {reason}"))
        })?;
    }
    linked::agrees(&fragment.json_ld, &claims, &customer)?;
    no_loose_amounts(&fragment, customer.hint())?;
    Ok(claims)
}

fn unreadable(reason: impl Into<String>) -> Unreadable {
    Unreadable(reason.into())
}

/// The first way: what the attributes say.
fn attributes(fragment: &Fragment) -> Result<Claims, Unreadable> {
    let mut claims = Claims::default();
    claims.set(Field::Currency, fragment.currency.as_str());
    for shown in &fragment.claims {
        if claims.get(&shown.key).is_some() {
            return Err(unreadable(format!("{} is claimed twice", shown.key)));
        }
        claims.set(shown.key.clone(), shown.value.as_str());
    }
    match claims.field(Field::Sku) {
        Some(sku) if sku == fragment.sku => Ok(claims),
        sku => Err(unreadable(format!(
            "sku: data-sku says {:?}, the claim {sku:?}",
            fragment.sku
        ))),
    }
}

/// Text that belongs to no claim must not name an amount: a customer would
/// take it for one.
fn no_loose_amounts(fragment: &Fragment, hint: Hint) -> Result<(), Unreadable> {
    let loose = fragment.loose.iter().find(|text| {
        let has_figures = text.contains(|c: char| c.is_ascii_digit());
        let percent = text.contains('%') && text.contains(['-', '−']);
        has_figures && (percent || names_money(text, hint))
    });
    match loose {
        Some(text) => Err(unreadable(format!(
            "an amount outside of any claim: {text:?}"
        ))),
        None => Ok(()),
    }
}

fn names_money(text: &str, hint: Hint) -> bool {
    match read::price(text, hint) {
        Ok(printed) => printed.currency.is_some(),
        Err(read::ReadError::NoAmount(_)) => false,
        Err(_) => true,
    }
}

/// One claim as a fragment makes it.
pub(crate) struct ShownClaim {
    /// Which claim.
    pub(crate) key: ClaimKey,
    /// What the attribute says.
    pub(crate) value: String,
    /// What people read, runs of white space made one space.
    pub(crate) text: String,
    /// Whether some of the text is struck through.
    pub(crate) struck: bool,
}
