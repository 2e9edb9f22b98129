//! Identifiers, one type each, so that a zone cannot be passed for a market.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

/// Serialises a type by its `Display` and `FromStr`.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        crate::ident::serde_from_text!($type);
    };
}
pub(crate) use serde_as_text;

/// Deserialises a type by its `FromStr`.
macro_rules! serde_from_text {
    ($type:ty) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}
pub(crate) use serde_from_text;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what}: {rule}")]
pub struct IdentError {
    what: &'static str,
    text: String,
    rule: &'static str,
}

fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

const SLUG_RULE: &str = "1 to 64 of a-z, 0-9, '-' and '_'";

fn is_sku(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && text != "."
        && text != ".."
}

/// Marks an audience of one person.
const PERSONAL: &str = "personal:";

fn is_audience(text: &str) -> bool {
    match text.strip_prefix(PERSONAL) {
        Some(opaque) => {
            (32..=64).contains(&opaque.len())
                && opaque
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || b == b'-')
        }
        None => is_slug(text),
    }
}

const AUDIENCE_RULE: &str = "1 to 64 of a-z, 0-9, '-' and '_', or 'personal:' and 32 to 64 of \
                             0-9, a-f and '-': a random id, never a name or a number that \
                             somebody knows";

const SKU_RULE: &str = "1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.'";

fn is_locale(text: &str) -> bool {
    text.len() <= 35
        && text.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
        && text.split('-').next().is_some_and(|language| {
            (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase())
        })
}

const LOCALE_RULE: &str = "a BCP 47 tag such as en, pl-PL or sr-Latn-RS";

macro_rules! ident {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:ident, $rule:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            #[doc = concat!("Parses a ", $what, "; the error names the rule.")]
            pub fn parse(text: &str) -> Result<Self, IdentError> {
                if $check(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(IdentError { what: $what, text: text.to_owned(), rule: $rule })
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdentError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        serde_from_text!($name);
    };
}

ident!(
    /// A stock keeping unit: what is priced.
    Sku, "SKU", is_sku, SKU_RULE
);
ident!(
    /// A market: where terms hold in one currency, tax mode and time zone.
    MarketId, "market", is_slug, SLUG_RULE
);
ident!(
    /// A part of a market with prices of its own: a store or a group of stores.
    ZoneId, "zone", is_slug, SLUG_RULE
);
ident!(
    /// A channel: one place where customers see terms.
    ChannelId, "channel", is_slug, SLUG_RULE
);
ident!(
    /// An offer: a discount or a promotion.
    OfferId, "offer", is_slug, SLUG_RULE
);
ident!(
    /// A restriction: what the law allows for a class of goods.
    RestrictionId, "restriction", is_slug, SLUG_RULE
);
ident!(
    /// Order conditions: delivery fee, minimum order, payment, returns.
    OrderConditionsId, "order conditions", is_slug, SLUG_RULE
);
ident!(
    /// A language, as a BCP 47 tag.
    Locale, "locale", is_locale, LOCALE_RULE
);
ident!(
    /// Who may have a price: `everyone`, a loyalty tier, or one person by an
    /// opaque id of at least 128 random bits (`personal:` and a UUID). The log
    /// is for ever, so nothing that names anybody may stand in it: no name, no
    /// telephone number, no e-mail address or its hash.
    Audience, "audience", is_audience, AUDIENCE_RULE
);

impl Audience {
    /// The audience that everybody belongs to.
    #[must_use]
    pub fn everyone() -> Self {
        static EVERYONE: LazyLock<Audience> = LazyLock::new(|| Audience(Arc::from("everyone")));
        EVERYONE.clone()
    }

    /// Whether it is one person. Prices and offers for it stand in its own view
    /// and in no other, and no channel declares that view.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.0.starts_with(PERSONAL)
    }
}

/// How the goods reach the customer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SalesMode {
    /// Ordered, delivered.
    Delivery,
    /// Ordered, collected at the store.
    Pickup,
    /// Bought on the spot.
    Store,
}

impl SalesMode {
    /// The name used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Pickup => "pickup",
            Self::Store => "store",
        }
    }
}

impl fmt::Display for SalesMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a reader stands in: market, zone, audience, sales mode.
///
/// Written `market/zone/audience/mode`; the zone of a view that stands in no
/// particular zone is `-`: `hr/0204/everyone/store`, `hr/-/everyone/delivery`.
/// Views are ordered by that text, as canonical JSON orders the keys of a map.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct View {
    /// The market.
    pub market: MarketId,
    /// The zone, or none for the whole market.
    pub zone: Option<ZoneId>,
    /// The audience.
    pub audience: Audience,
    /// The sales mode.
    pub mode: SalesMode,
}

impl View {
    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let zone = self.zone.as_ref().map_or("-", ZoneId::as_str);
        let parts = [
            self.market.as_str(),
            "/",
            zone,
            "/",
            self.audience.as_str(),
            "/",
        ];
        parts
            .into_iter()
            .chain([self.mode.as_str()])
            .flat_map(str::bytes)
    }
}

impl Ord for View {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for View {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

const VIEW_RULE: &str =
    "market/zone/audience/mode, such as hr/0204/everyone/store, with '-' for no zone";

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.as_ref().map_or("-", ZoneId::as_str);
        write!(f, "{}/{zone}/{}/{}", self.market, self.audience, self.mode)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for View {
    type Err = IdentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || IdentError {
            what: "view",
            text: text.to_owned(),
            rule: VIEW_RULE,
        };
        let parts: Vec<&str> = text.split('/').collect();
        let [market, zone, audience, mode] = parts.as_slice() else {
            return Err(wrong());
        };
        Ok(Self {
            market: MarketId::parse(market)?,
            zone: match *zone {
                "-" => None,
                zone => Some(ZoneId::parse(zone)?),
            },
            audience: Audience::parse(audience)?,
            mode: match *mode {
                "store" => SalesMode::Store,
                "pickup" => SalesMode::Pickup,
                "delivery" => SalesMode::Delivery,
                _ => return Err(wrong()),
            },
        })
    }
}

serde_as_text!(View);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_round_trip() {
        for text in ["hr/0204/everyone/store", "ru/-/gold/delivery"] {
            assert_eq!(text.parse::<View>().unwrap().to_string(), text);
        }
        for text in [
            "hr/0204/everyone",
            "hr//everyone/store",
            "hr/-/everyone/van",
            "HR/-/a/store",
        ] {
            assert!(text.parse::<View>().is_err(), "{text}");
        }
    }

    #[test]
    fn identifiers_name_their_rule() {
        assert!(Sku::parse("90290981").is_ok());
        let error = Sku::parse("a/b").unwrap_err().to_string();
        assert!(error.contains("SKU") && error.contains("a/b"), "{error}");
        assert!(Sku::parse("..").is_err());
        let opaque = "personal:0f8fad5b-d9cb-469f-a165-70867728950e";
        assert!(Audience::parse(opaque).unwrap().is_personal());
        assert!(!Audience::parse("gold").unwrap().is_personal());
        for named in ["personal:anna", "personal:48601234567", "gold:1"] {
            assert!(Audience::parse(named).is_err(), "{named}");
        }
        assert!(Locale::parse("pl-PL").is_ok());
        assert!(Locale::parse("Polish").is_err());
    }
}
