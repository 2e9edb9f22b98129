//! Which of several prices applies: base prices, sale and override lists.
//!
//! A price applies when every rule of it and of its list is met by the query.
//! Among those that apply, prices of lists come before base prices; then, as
//! the policy says, the most specific or the lowest one wins.

use std::collections::BTreeMap;

use super::policy::PriceLists;

/// What a list does to the price before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// A special price; the base price, or what an override list puts in its
    /// place, stays visible as the original.
    Sale,
    /// Replaces the base price, nothing to strike through.
    Override,
}

/// A price with its conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// What is priced.
    pub price_set: String,
    /// ISO code.
    pub currency: String,
    /// Minor units.
    pub amount_minor: i64,
    /// Smallest quantity; `None` is any.
    pub min_quantity: Option<i64>,
    /// Largest quantity, inclusive; `None` is any.
    pub max_quantity: Option<i64>,
    /// Attribute and accepted values; all must be met.
    pub rules: BTreeMap<String, Vec<String>>,
}

/// A list of prices with common conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// Sale or override.
    pub kind: ListKind,
    /// Drafts are not used.
    pub active: bool,
    /// First instant, UTC microseconds.
    pub starts_at_us: Option<i64>,
    /// First instant after, UTC microseconds.
    pub ends_at_us: Option<i64>,
    /// Attribute and accepted values; all must be met.
    pub rules: BTreeMap<String, Vec<String>>,
    /// The prices.
    pub prices: Vec<PriceRow>,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceQuery {
    /// ISO code.
    pub currency: String,
    /// Attributes of the customer and the place; several values each.
    pub context: BTreeMap<String, Vec<String>>,
    /// Units; `None` asks for the price of one.
    pub quantity: Option<i64>,
    /// UTC microseconds; without it lists count as valid at all times.
    pub now_us: Option<i64>,
}

/// The answer for one price set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// What applies, minor units.
    pub amount_minor: i64,
    /// What it is compared with, if anything.
    pub original_minor: Option<i64>,
    /// Whether a list gave it.
    pub from_list: bool,
}

/// The price of a set under a query, or `None` when none applies.
#[must_use]
pub fn select(
    price_set: &str,
    base: &[PriceRow],
    lists: &[PriceList],
    query: &PriceQuery,
    policy: &PriceLists,
) -> Option<Selected> {
    let own = |row: &&PriceRow| row.price_set == price_set && applies(row, query);
    let base = base
        .iter()
        .filter(own)
        .min_by_key(|row| rank(policy, row.rules.len(), row.amount_minor))
        .map(|row| row.amount_minor);
    let listed: Vec<(ListKind, usize, i64)> = lists
        .iter()
        .filter(|list| is_active(list, query) && met(&list.rules, query))
        .flat_map(|list| {
            let rows = list.prices.iter().filter(own);
            rows.map(move |row| {
                let rules = list.rules.len() + row.rules.len();
                (list.kind, rules, row.amount_minor)
            })
        })
        .collect();
    let first = |wanted: &dyn Fn(ListKind) -> bool| {
        let rows = listed.iter().filter(|(kind, ..)| wanted(*kind));
        rows.min_by_key(|(_, rules, amount)| rank(policy, *rules, *amount))
            .copied()
    };
    let replaced = first(&|kind| kind == ListKind::Override).map(|(.., amount)| amount);
    let listed = first(&|_| true);
    let Some((kind, _, amount)) = listed else {
        return base.map(|amount| Selected {
            amount_minor: amount,
            original_minor: Some(amount),
            from_list: false,
        });
    };
    let base_is_lower = base.is_some_and(|base| base < amount);
    Some(match kind {
        ListKind::Sale if policy.sale_only_if_lower && base_is_lower => Selected {
            amount_minor: base.unwrap_or(amount),
            original_minor: base,
            from_list: false,
        },
        ListKind::Sale => Selected {
            amount_minor: amount,
            original_minor: replaced.or(base),
            from_list: true,
        },
        ListKind::Override => Selected {
            amount_minor: amount,
            original_minor: Some(amount),
            from_list: true,
        },
    })
}

/// The smallest rank wins.
fn rank(policy: &PriceLists, rules: usize, amount: i64) -> (std::cmp::Reverse<usize>, i64) {
    let rules = if policy.more_rules_first { rules } else { 0 };
    (std::cmp::Reverse(rules), amount)
}

fn applies(row: &PriceRow, query: &PriceQuery) -> bool {
    let quantity = query.quantity.unwrap_or(1);
    row.currency == query.currency
        && row.min_quantity.is_none_or(|min| quantity >= min)
        && row.max_quantity.is_none_or(|max| quantity <= max)
        && met(&row.rules, query)
}

fn met(rules: &BTreeMap<String, Vec<String>>, query: &PriceQuery) -> bool {
    rules.iter().all(|(attribute, accepted)| {
        query
            .context
            .get(attribute)
            .is_some_and(|values| values.iter().any(|value| accepted.contains(value)))
    })
}

fn is_active(list: &PriceList, query: &PriceQuery) -> bool {
    list.active
        && query.now_us.is_none_or(|now| {
            list.starts_at_us.is_none_or(|start| now >= start)
                && list.ends_at_us.is_none_or(|end| now < end)
        })
}
