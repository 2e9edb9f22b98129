//! Tax of a basket: one sum for each rate, shared to the minor unit.

use std::collections::BTreeMap;

/// What one line, fee or other part of a basket costs, and its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Minor units, with or without the tax; not below zero.
    pub amount_minor: i64,
    /// The rate in basis points.
    pub rate_bp: u32,
}

/// The tax of each part, minor units. For each rate it is computed once, from
/// the sum, half up, and shared by largest remainder: so parts add up to what
/// one who adds first gets. Equal remainders go to the larger part, then to the
/// one that is listed first.
#[must_use]
pub fn shared(parts: &[Part], included: bool) -> Vec<i64> {
    let mut by_rate: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        by_rate.entry(part.rate_bp).or_default().push(at);
    }
    let mut taxes = vec![0; parts.len()];
    for (rate_bp, members) in by_rate {
        let rate = i128::from(rate_bp);
        let base = if included { 10_000 + rate } else { 10_000 };
        let numerator = |at: usize| i128::from(parts[at].amount_minor) * rate;
        let sum: i128 = members.iter().map(|at| numerator(*at)).sum();
        let tax = (2 * sum + base).div_euclid(2 * base);
        let mut left = tax;
        for &at in &members {
            let whole = numerator(at).div_euclid(base);
            taxes[at] = i64::try_from(whole).unwrap_or(i64::MAX);
            left -= whole;
        }
        let mut order = members;
        order.sort_by_key(|&at| {
            let remainder = numerator(at).rem_euclid(base);
            (std::cmp::Reverse((remainder, parts[at].amount_minor)), at)
        });
        for at in order {
            if left <= 0 {
                break;
            }
            taxes[at] += 1;
            left -= 1;
        }
    }
    taxes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sum_is_taxed_once() {
        let part = |amount_minor| Part {
            amount_minor,
            rate_bp: 2_300,
        };
        // 3 x 0.10 with 23 %: 0.0187 each would be 0.02 and 0.06 in all, but
        // 0.30 contains 0.0561.
        let taxes = shared(&[part(10), part(10), part(10)], true);
        assert_eq!(taxes, [2, 2, 2]);
        let taxes = shared(&[part(7), part(7), part(7)], true);
        assert_eq!(taxes, [2, 1, 1]);
        assert_eq!(shared(&[part(100)], false), [23]);
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_tax_of_the_sum(
            amounts in prop::collection::vec((0_i64..1_000_000, 0_u32..4), 1..20),
            included: bool,
        ) {
            let parts: Vec<Part> = amounts
                .iter()
                .map(|(amount_minor, class)| Part {
                    amount_minor: *amount_minor,
                    rate_bp: class * 550,
                })
                .collect();
            let taxes = shared(&parts, included);
            for rate_bp in [0, 550, 1_100, 1_650] {
                let of_rate = |at: &usize| parts[*at].rate_bp == rate_bp;
                let members: Vec<usize> = (0..parts.len()).filter(of_rate).collect();
                let sum: i128 = members.iter().map(|at| i128::from(parts[*at].amount_minor)).sum();
                let rate = i128::from(rate_bp);
                let base = if included { 10_000 + rate } else { 10_000 };
                let tax: i128 = members.iter().map(|at| i128::from(taxes[*at])).sum();
                prop_assert!((2 * (tax * base - sum * rate)).abs() <= base);
                for at in members {
                    let exact = i128::from(parts[at].amount_minor) * rate;
                    let off = (i128::from(taxes[at]) * base - exact).abs();
                    prop_assert!(off < base);
                }
            }
        }
    }
}
