//! One discount over the items and the delivery fee of an order.

use super::engine::allocate::allocate;
use super::exact::Exact;
use super::policy::Policy;
use super::promotion::Value;

/// The parts of a discount on items and delivery, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Off the items.
    pub items: Exact,
    /// Off delivery.
    pub shipping: Exact,
}

/// Splits a discount: a percentage is taken of each part and rounded there,
/// an amount is spread in proportion and never above the whole.
#[must_use]
pub fn split(value: Value, items_minor: i64, shipping_minor: i64, policy: &Policy) -> Split {
    let bases = [Exact::new(items_minor), Exact::new(shipping_minor)];
    let whole = bases[0] + bases[1];
    let [items, shipping] = match value {
        Value::Percent(percent) => {
            bases.map(|base| policy.order_rounding.apply(base.percent(percent)).min(base))
        }
        Value::Amount(amount) => shared(Exact::new(amount).min(whole), bases, policy),
        Value::FixedPrice(price) => {
            let off = (whole - Exact::new(price)).max(Exact::ZERO);
            shared(off, bases, policy)
        }
    };
    Split { items, shipping }
}

fn shared(amount: Exact, bases: [Exact; 2], policy: &Policy) -> [Exact; 2] {
    let parts = allocate(&policy.allocation, amount, &bases, Some(&bases));
    [parts[0], parts[1]]
}
