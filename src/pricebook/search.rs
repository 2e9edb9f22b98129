use offercast_contract::Sku;
use offercast_contract::channel::is_within;
use offercast_domain::source::Product;

use crate::Book;

/// Which products are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductQuery {
    /// Those after this SKU.
    pub after: Option<Sku>,
    /// Those in this category or below it.
    pub category: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// Those with this text in their SKU or in a name, in any case.
    pub text: Option<String>,
}

impl Book {
    /// Products by SKU. A text is looked for in all products after the given
    /// one until `limit` are found: people page, programs know their SKUs.
    #[must_use]
    pub fn products(&self, query: &ProductQuery) -> Vec<Product> {
        let wanted = query.text.as_ref().map(|text| text.to_lowercase());
        let is_wanted = |sku: &Sku| self.is_named(sku, wanted.as_deref());
        let found = |skus: &mut dyn Iterator<Item = &Sku>| -> Vec<Product> {
            skus.filter(|sku| is_wanted(sku))
                .filter_map(|sku| self.product(sku))
                .filter(|product| {
                    let category = query.category.as_deref();
                    category.is_none_or(|path| is_within(&product.facts.category, path))
                })
                .take(query.limit)
                .collect()
        };
        match &query.category {
            None => found(&mut self.skus_after(query.after.as_ref())),
            Some(path) => {
                let mut skus: Vec<&Sku> = self.index.within_category(path).collect();
                skus.sort_unstable();
                let start = skus
                    .partition_point(|sku| query.after.as_ref().is_some_and(|after| *sku <= after));
                found(&mut skus.into_iter().skip(start))
            }
        }
    }

    fn is_named(&self, sku: &Sku, wanted: Option<&str>) -> bool {
        let Some(wanted) = wanted else {
            return true;
        };
        if sku.as_str().to_lowercase().contains(wanted) {
            return true;
        }
        let Some(stored) = self.entry(sku).and_then(|entry| entry.product.as_ref()) else {
            return false;
        };
        // Names stand unescaped in the JSON, but for quotes, backslashes and
        // control characters: most products are ruled out without parsing.
        let is_escaped = |c: char| c == '"' || c == '\\' || c.is_control();
        if !wanted.contains(is_escaped) && !stored.facts.to_lowercase().contains(wanted) {
            return false;
        }
        stored.parsed_facts().is_some_and(|facts| {
            facts
                .content
                .values()
                .any(|content| content.name.to_lowercase().contains(wanted))
        })
    }
}
