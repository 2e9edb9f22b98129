//! Promotions prepared for many quotes.
//!
//! A shop has thousands of active promotions and a basket meets a handful.
//! The book indexes them by what they target and by code, so that a quote
//! looks at those that can match and at no others.

use hashbrown::{HashMap, HashSet};

use super::basket::{Basket, Product};
use super::promotion::{Mechanic, Promotion, Scope};

/// A set of promotions with indexes. Build it once per revision.
#[derive(Clone, Debug, Default)]
pub struct PromotionBook {
    promotions: Vec<Promotion>,
    by_sku: HashMap<String, Vec<usize>>,
    by_product: HashMap<String, Vec<usize>>,
    by_category: HashMap<String, Vec<usize>>,
    by_brand: HashMap<String, Vec<usize>>,
    by_tag: HashMap<String, Vec<usize>>,
    /// By lower-case code; none of these is looked at without its code.
    by_code: HashMap<String, Vec<usize>>,
    /// Those that can match any basket.
    anywhere: Vec<usize>,
}

impl PromotionBook {
    /// Prepares promotions; their order is the listed order.
    #[must_use]
    pub fn new(promotions: Vec<Promotion>) -> Self {
        let mut book = Self {
            promotions,
            ..Self::default()
        };
        for index in 0..book.promotions.len() {
            book.index(index);
        }
        book
    }

    /// The promotions in listed order.
    #[must_use]
    pub fn promotions(&self) -> &[Promotion] {
        &self.promotions
    }

    /// Promotions whose code equals this one, leaving case aside.
    pub(crate) fn with_code(&self, code: &str) -> &[usize] {
        self.by_code.get(&folded(code)).map_or(&[], Vec::as_slice)
    }

    /// The promotions that can match a basket, in listed order: those with an
    /// entered code, and of the others those that target one of its products.
    #[must_use]
    pub fn candidates(&self, basket: &Basket) -> Vec<usize> {
        let mut found: HashSet<usize> = self.anywhere.iter().copied().collect();
        for code in &basket.coupons {
            found.extend(self.with_code(code));
        }
        for product in &basket.products {
            self.reaching(product, &mut found);
        }
        let mut found: Vec<usize> = found.into_iter().collect();
        found.sort_unstable();
        found
    }

    fn reaching(&self, product: &Product, found: &mut HashSet<usize>) {
        let mut look = |index: &HashMap<String, Vec<usize>>, key: &str| {
            if let Some(positions) = index.get(key) {
                found.extend(positions);
            }
        };
        look(&self.by_sku, &product.sku);
        if let Some(name) = &product.product {
            look(&self.by_product, name);
        }
        if let Some(brand) = &product.brand {
            look(&self.by_brand, brand);
        }
        for tag in &product.tags {
            look(&self.by_tag, tag);
        }
        for category in &product.categories {
            look(&self.by_category, category);
            for (end, _) in category.match_indices(" > ") {
                look(&self.by_category, &category[..end]);
            }
        }
    }

    fn index(&mut self, position: usize) {
        let promotion = &self.promotions[position];
        if let Some(code) = &promotion.coupon {
            self.by_code.entry(folded(code)).or_default().push(position);
            return;
        }
        let scopes: Option<Vec<Scope>> = promotion
            .mechanics
            .iter()
            .map(|mechanic| target(mechanic).cloned())
            .collect();
        match scopes {
            Some(scopes) if !scopes.is_empty() => {
                for scope in scopes {
                    self.index_scope(position, &scope);
                }
            }
            _ => self.anywhere.push(position),
        }
    }

    /// Indexes by the narrowest dimension that a scope names.
    fn index_scope(&mut self, position: usize, scope: &Scope) {
        let (index, keys) = if !scope.skus.is_empty() {
            (&mut self.by_sku, &scope.skus)
        } else if !scope.products.is_empty() {
            (&mut self.by_product, &scope.products)
        } else if !scope.brands.is_empty() {
            (&mut self.by_brand, &scope.brands)
        } else if !scope.tags.is_empty() {
            (&mut self.by_tag, &scope.tags)
        } else if !scope.categories.is_empty() {
            (&mut self.by_category, &scope.categories)
        } else {
            self.anywhere.push(position);
            return;
        };
        for key in keys {
            index.entry(key.clone()).or_default().push(position);
        }
    }
}

fn folded(code: &str) -> String {
    code.trim().to_lowercase()
}

/// The scope without which a mechanic gives nothing; `None` when it can give
/// something in any basket.
fn target(mechanic: &Mechanic) -> Option<&Scope> {
    match mechanic {
        Mechanic::BuyGet { buy_scope, .. } => Some(buy_scope),
        other => other.scope(),
    }
}
