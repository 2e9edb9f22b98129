//! Selectors: ways to name products by what is known of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Facts, Sku};

/// One way to name products.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Selector {
    /// An attribute with this value, both as written.
    Attribute {
        /// Its name: `organic`, `size`.
        name: String,
        /// Its value.
        value: String,
    },
    /// A brand, as written.
    Brand(String),
    /// A category and everything below it.
    Category(String),
    /// One SKU.
    Sku(Sku),
    /// A tag, as written.
    Tag(String),
}

impl Selector {
    /// Whether the product is named.
    #[must_use]
    pub fn matches(&self, product: &Described<'_>) -> bool {
        match self {
            Self::Attribute { name, value } => product.labels.attribute(name) == Some(value),
            Self::Brand(name) => product.brand == Some(name.as_str()),
            Self::Category(path) => is_within(product.category, path),
            Self::Sku(wanted) => wanted == product.sku,
            Self::Tag(tag) => product.labels.has_tag(tag),
        }
    }
}

/// What selectors look at.
#[derive(Debug, Clone, Copy)]
pub struct Described<'a> {
    /// The brand.
    pub brand: Option<&'a str>,
    /// The category path.
    pub category: &'a str,
    /// Tags and attributes.
    pub labels: &'a dyn Labelled,
    /// The SKU.
    pub sku: &'a Sku,
}

impl<'a> Described<'a> {
    /// A product with these facts.
    #[must_use]
    pub fn new(sku: &'a Sku, facts: &'a Facts) -> Self {
        Self {
            brand: facts.brand.as_deref(),
            category: &facts.category,
            labels: facts,
            sku,
        }
    }
}

/// What has tags and attributes, however it keeps them.
pub trait Labelled: fmt::Debug + Sync {
    /// The value of an attribute.
    fn attribute(&self, name: &str) -> Option<&str>;

    /// Whether it has a tag.
    fn has_tag(&self, tag: &str) -> bool;

    /// Shows each of them.
    fn visit(&self, see: &mut dyn FnMut(Label<'_>));
}

/// A tag or an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label<'a> {
    /// An attribute.
    Attribute {
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// A tag.
    Tag(&'a str),
}

impl Labelled for Facts {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn has_tag(&self, tag: &str) -> bool {
        self.tags.contains(tag)
    }

    fn visit(&self, see: &mut dyn FnMut(Label<'_>)) {
        for (name, value) in &self.attributes {
            see(Label::Attribute { name, value });
        }
        for tag in &self.tags {
            see(Label::Tag(tag));
        }
    }
}

/// Neither tags nor attributes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlabelled;

impl Labelled for Unlabelled {
    fn attribute(&self, _: &str) -> Option<&str> {
        None
    }

    fn has_tag(&self, _: &str) -> bool {
        false
    }

    fn visit(&self, _: &mut dyn FnMut(Label<'_>)) {}
}

/// Whether the category path `category` is `ancestor` or below it.
#[must_use]
pub fn is_within(category: &str, ancestor: &str) -> bool {
    category
        .strip_prefix(ancestor)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::SaleUnit;

    #[test]
    fn products_are_named_by_what_is_known_of_them() {
        let sku = Sku::parse("milk").unwrap();
        let facts = Facts {
            attributes: BTreeMap::from([("fat".to_owned(), "3.5".to_owned())]),
            brand: Some("Z Bregov".to_owned()),
            tags: ["organic".to_owned()].into(),
            ..Facts::new("food/dairy".to_owned(), SaleUnit::Piece, BTreeMap::new())
        };
        let matches = |text: &str| {
            let selector: Selector = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&selector).unwrap(), text);
            selector.matches(&Described::new(&sku, &facts))
        };
        for (text, expected) in [
            (r#"{"attribute":{"name":"fat","value":"3.5"}}"#, true),
            (r#"{"attribute":{"name":"fat","value":"3.50"}}"#, false),
            (r#"{"attribute":{"name":"size","value":"3.5"}}"#, false),
            (r#"{"tag":"organic"}"#, true),
            (r#"{"tag":"Organic"}"#, false),
            (r#"{"brand":"Z Bregov"}"#, true),
            (r#"{"category":"food"}"#, true),
            (r#"{"category":"foo"}"#, false),
            (r#"{"sku":"milk"}"#, true),
        ] {
            assert_eq!(matches(text), expected, "{text}");
        }
    }
}
