//! The claim of a promotion: its parameters as a canonical text.
//!
//! | part | text |
//! |---|---|
//! | n for m, n for a price | `n_for_m 3 2`, `n_for_price 3 10.00` |
//! | buy and get | `buy_get 2 1 100%` |
//! | cheapest free, bundle of two units | `cheapest_free 3`, `bundle 2 49.00` |
//! | reductions | `order -10%`, `order -5.00`, `order =49.00`, `delivery -100%` |
//! | tiers | `tiered 50.00 -10% \| 100.00 -15%`, `tiered 3x -10%` |
//! | gift | `gift TEA-1` |
//! | conditions | `from 50.00`, `from 3x`, `coupon AUTUMN`, `audience gold`, `channel app` |
//! | bounds | `amount 20.00`, `applications 2`, `units 6`, `per_customer 6`, `while_stocks_last` |
//!
//! Parts are joined by `, `; then follow `#` with the short hash, and after
//! `; ` the label in the channel's locale.

use crate::Locale;
use crate::promotion::{Mechanic, Promotion, Reduction, StatedLimit, Threshold};

/// The whole claim: `n_for_m 3 2, while_stocks_last #1a2b3c4d; 3 for 2`.
#[must_use]
pub fn promotion_claim(promotion: &Promotion, locale: &Locale) -> String {
    let (text, hash) = (promotion_text(promotion), promotion.short_hash());
    format!("{text} #{hash}; {}", promotion.label_in(locale))
}

/// A claim taken apart: the parameters as a text, the hash, the label.
#[must_use]
pub fn split_claim(claim: &str) -> Option<(&str, &str, &str)> {
    let (head, label) = claim.split_once("; ")?;
    let (text, hash) = head.rsplit_once(" #")?;
    Some((text, hash, label))
}

/// All parameters that are said in words.
#[must_use]
pub fn promotion_text(promotion: &Promotion) -> String {
    let terms = &promotion.terms;
    let mut parts = vec![mechanic_text(&terms.mechanic)];
    parts.extend(
        terms
            .minimum
            .map(|from| format!("from {}", threshold_text(from))),
    );
    let coupon = terms.coupon.as_ref();
    parts.extend(coupon.map(|coupon| format!("coupon {}", coupon.code)));
    let audience = promotion.audience.as_ref();
    parts.extend(audience.map(|audience| format!("audience {audience}")));
    let channels = promotion.channels.iter();
    parts.extend(channels.map(|channel| format!("channel {channel}")));
    let caps = terms.caps;
    parts.extend(caps.amount.map(|most| format!("amount {most}")));
    parts.extend(caps.applications.map(|most| format!("applications {most}")));
    parts.extend(caps.units.map(|most| format!("units {most}")));
    parts.extend(terms.limits.iter().map(|limit| match limit {
        StatedLimit::PerCustomer(most) => format!("per_customer {most}"),
        StatedLimit::WhileStocksLast => "while_stocks_last".to_owned(),
    }));
    parts.join(", ")
}

fn mechanic_text(mechanic: &Mechanic) -> String {
    let kind = mechanic.kind();
    match mechanic {
        Mechanic::Bundle { parts, price } => {
            let units: u64 = parts.iter().map(|part| u64::from(part.quantity)).sum();
            format!("{kind} {units} {price}")
        }
        Mechanic::BuyGet {
            buy, get, percent, ..
        } => format!("{kind} {buy} {get} {}", percent_text(*percent)),
        Mechanic::CheapestFree { of } => format!("{kind} {of}"),
        Mechanic::Delivery { reduction, .. } | Mechanic::Order { reduction } => {
            format!("{kind} {}", reduction_text(*reduction))
        }
        Mechanic::Gift { sku } => format!("{kind} {sku}"),
        Mechanic::NForM { buy, pay } => format!("{kind} {buy} {pay}"),
        Mechanic::NForPrice { buy, price } => format!("{kind} {buy} {price}"),
        Mechanic::Tiered { tiers } => {
            let one = |tier: &crate::promotion::Tier| {
                let (from, given) = (threshold_text(tier.from), reduction_text(tier.reduction));
                format!("{from} {given}")
            };
            let steps: Vec<String> = tiers.iter().map(one).collect();
            format!("{kind} {}", steps.join(" | "))
        }
    }
}

/// `50.00` or `3x`.
#[must_use]
pub fn threshold_text(threshold: Threshold) -> String {
    match threshold {
        Threshold::Amount(amount) => amount.to_string(),
        Threshold::Quantity(units) => format!("{units}x"),
    }
}

/// `-10%`, `-5.00` or `=49.00`.
#[must_use]
pub fn reduction_text(reduction: Reduction) -> String {
    match reduction {
        Reduction::Amount(amount) => format!("-{amount}"),
        Reduction::Percent(basis_points) => format!("-{}", percent_text(basis_points)),
        Reduction::Price(amount) => format!("={amount}"),
    }
}

/// Basis points as percent without needless zeros: `12.5%`.
#[must_use]
pub fn percent_text(basis_points: u32) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::{Caps, Coupon, CouponCase, Tier};

    fn promotion(mechanic: Mechanic) -> Promotion {
        Promotion::of("autumn".parse().unwrap(), mechanic)
    }

    #[test]
    fn parameters_are_told_in_order() {
        let mut it = promotion(Mechanic::NForM { buy: 3, pay: 2 });
        assert_eq!(promotion_text(&it), "n_for_m 3 2");
        it.terms.minimum = Some(Threshold::Amount("50.00".parse().unwrap()));
        it.terms.coupon = Some(Coupon {
            case: CouponCase::Exact,
            code: "Autumn".to_owned(),
        });
        it.audience = Some("gold".parse().unwrap());
        it.terms.caps = Caps {
            amount: Some("20.00".parse().unwrap()),
            applications: Some(2),
            units: Some(6),
        };
        it.terms.limits = vec![StatedLimit::PerCustomer(6), StatedLimit::WhileStocksLast];
        assert_eq!(
            promotion_text(&it),
            "n_for_m 3 2, from 50.00, coupon Autumn, audience gold, amount 20.00, \
             applications 2, units 6, per_customer 6, while_stocks_last"
        );
        let claim = promotion_claim(&it, &"en".parse().unwrap());
        let (text, hash, label) = split_claim(&claim).unwrap();
        assert_eq!((text, label), (promotion_text(&it).as_str(), "autumn"));
        assert_eq!(hash, it.short_hash());
    }

    #[test]
    fn tiers_and_percentages_are_short() {
        let tier = |from: u32, percent| Tier {
            from: Threshold::Quantity(from),
            reduction: Reduction::Percent(percent),
        };
        let it = promotion(Mechanic::Tiered {
            tiers: vec![tier(3, 1_000), tier(6, 1_250)],
        });
        assert_eq!(promotion_text(&it), "tiered 3x -10% | 6x -12.5%");
        assert_eq!(percent_text(10_000), "100%");
        assert_eq!(percent_text(5), "0.05%");
    }

    #[test]
    fn the_hash_covers_the_scope_and_not_the_words() {
        let mut it = promotion(Mechanic::NForM { buy: 3, pay: 2 });
        let before = it.short_hash();
        it.labels
            .insert("en".parse().unwrap(), "3 for 2".to_owned());
        assert_eq!(it.short_hash(), before);
        let brand = crate::channel::Selector::Brand("Leaf".to_owned());
        it.products.include.push(brand);
        assert_ne!(it.short_hash(), before);
    }

    #[test]
    fn codes_are_compared_by_their_case_policy() {
        let coupon = |case| Coupon {
            case,
            code: "Autumn".to_owned(),
        };
        assert!(coupon(CouponCase::Ignored).is(" AUTUMN "));
        assert!(coupon(CouponCase::Exact).is("Autumn"));
        assert!(!coupon(CouponCase::Exact).is("autumn"));
    }
}
