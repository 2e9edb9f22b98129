//! How a market rounds prices that are computed, and the base measures of its
//! unit prices.

use offercast_contract::measure::{QUANTITY_SCALE, Quantity};
use offercast_contract::{Measure, MeasureUnit};
use serde::{Deserialize, Serialize};

use super::law::lies_within;

/// What a market does to prices that a discount computes, never to one that a
/// person typed. All of it is in the customer's favour.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pricing {
    /// The smallest step of cash, in minor units, from 2: 5 where 5 cents are
    /// the smallest coin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash_step_minor: Option<i64>,
    /// The digits that prices end with, such as `9` or `99`, in minor units
    /// without a separator; any where there are none. A typed price that ends
    /// otherwise is a warning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endings: Vec<String>,
    /// The largest part of a computed price, in percent, that may be given away
    /// for an ending; 0, which is meant where nothing is said, leaves computed
    /// prices as they end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub endings_within_percent: u32,
    /// Base measures of unit prices, by category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unit_prices: Vec<UnitPriceRule>,
}

/// In which base measure unit prices are shown. Among rules for a product's
/// unit the one of the longest category is taken; one base unit where there is
/// none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitPriceRule {
    /// A category and all below it; none for all goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The base measure: see [`UnitPriceRule::is_accepted`].
    pub per: Measure,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(percent: &u32) -> bool {
    *percent == 0
}

impl Pricing {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an amount ends as prices of the market do.
    #[must_use]
    pub fn ends_well(&self, minor: i64) -> bool {
        let mut endings = self.endings.iter().filter_map(|digits| ending(digits));
        self.endings.is_empty() || endings.any(|(ending, modulus)| minor % modulus == ending)
    }

    /// What becomes of a computed price, in the customer's favour: the largest
    /// amount not above it with an ending of the market, if that is near
    /// enough; else the largest that can be paid in cash, which is less than
    /// one step below it. What would go below `floor_minor` stays as computed.
    #[must_use]
    pub fn round(&self, minor: i64, floor_minor: i64) -> i64 {
        let near = |ended: &i64| {
            let given = i128::from(minor) - i128::from(*ended);
            given * 100 <= i128::from(minor) * i128::from(self.endings_within_percent)
        };
        let endings = self.endings.iter().filter_map(|digits| ending(digits));
        let ended = endings
            .map(|(ending, modulus)| minor - (minor - ending).rem_euclid(modulus))
            .max()
            .filter(|ended| self.endings_within_percent > 0 && near(ended));
        let rounded = ended.unwrap_or_else(|| {
            let step = self.cash_step_minor.unwrap_or(1).max(1);
            minor - minor.rem_euclid(step)
        });
        if rounded < floor_minor.max(1) {
            minor
        } else {
            rounded
        }
    }

    /// The base measure for goods of a category that are measured in the unit.
    #[must_use]
    pub fn base_measure(&self, category: &str, unit: MeasureUnit) -> Measure {
        let rules = self.unit_prices.iter().filter(|rule| rule.per.unit == unit);
        let length = |rule: &&UnitPriceRule| rule.category.as_ref().map(String::len);
        let own = rules
            .filter(|rule| {
                let path = rule.category.as_deref();
                path.is_none_or(|path| lies_within(category, path))
            })
            .max_by_key(length);
        own.map_or(
            Measure {
                quantity: Quantity::ONE,
                unit,
            },
            |rule| rule.per,
        )
    }
}

/// The value of ending digits, and the step at which they recur.
pub(crate) fn ending(digits: &str) -> Option<(i64, i64)> {
    let is_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let length = u32::try_from(digits.len()).ok().filter(|len| *len <= 6)?;
    let value = digits.parse().ok().filter(|_| is_digits)?;
    Some((value, 10_i64.pow(length)))
}

impl UnitPriceRule {
    /// Whether channels take the base measure: 1, 2, 4, 8, 10 or 100 of the
    /// unit, of its thousandth (gram, millilitre) or of a hundredth of a litre,
    /// 0.75 litres, 50 and 1000 kilograms (Google's product data specification,
    /// `unit_pricing_base_measure`).
    #[must_use]
    pub fn is_accepted(per: Measure) -> bool {
        let quantity = per.quantity.millionths();
        let of = |scale: i64| {
            [1, 2, 4, 8, 10, 100].contains(&(quantity / scale)) && quantity % scale == 0
        };
        let whole = of(QUANTITY_SCALE);
        let special = |quantities: &[i64]| quantities.contains(&quantity);
        match per.unit {
            MeasureUnit::Kilogram => {
                let heavy = special(&[50 * QUANTITY_SCALE, 1_000 * QUANTITY_SCALE]);
                whole || of(QUANTITY_SCALE / 1_000) || heavy
            }
            MeasureUnit::Litre => {
                let small = of(QUANTITY_SCALE / 1_000) || of(QUANTITY_SCALE / 100);
                whole || small || special(&[QUANTITY_SCALE / 4 * 3])
            }
            MeasureUnit::Metre | MeasureUnit::SquareMetre | MeasureUnit::Piece => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pricing(step: Option<i64>, endings: &[&str], within: u32) -> Pricing {
        Pricing {
            cash_step_minor: step,
            endings: endings.iter().map(ToString::to_string).collect(),
            endings_within_percent: within,
            unit_prices: Vec::new(),
        }
    }

    #[test]
    fn computed_prices_round_in_the_customers_favour() {
        let cash = pricing(Some(5), &[], 0);
        assert_eq!(
            [399, 400, 404].map(|minor| cash.round(minor, 1)),
            [395, 400, 400]
        );
        // Nothing is free, and a floor is a floor.
        assert_eq!((cash.round(4, 1), cash.round(399, 396)), (4, 399));
        let nines = pricing(None, &["99", "49"], 10);
        assert_eq!(
            [799, 849, 860, 848].map(|minor| nines.round(minor, 1)),
            [799, 849, 849, 799]
        );
        // From 1.20 to 0.99 is more than a tenth: it stays.
        assert_eq!(nines.round(120, 1), 120);
        let both = pricing(Some(5), &["95"], 10);
        assert_eq!([1_099, 123].map(|minor| both.round(minor, 1)), [1_095, 120]);
        assert_eq!(pricing(None, &["9"], 0).round(400, 1), 400);
    }

    #[test]
    fn endings_are_those_of_the_market() {
        let nines = pricing(None, &["9", "50"], 0);
        assert!(nines.ends_well(399) && nines.ends_well(50) && nines.ends_well(9));
        assert!(!nines.ends_well(400));
        assert!(Pricing::default().ends_well(400));
    }

    #[test]
    fn base_measures_are_those_that_channels_take() {
        let accepted = |quantity: &str, unit| {
            let quantity = quantity.parse().unwrap();
            UnitPriceRule::is_accepted(Measure { quantity, unit })
        };
        for quantity in ["1", "0.1", "0.01", "0.001", "0.008", "100", "50", "1000"] {
            assert!(accepted(quantity, MeasureUnit::Kilogram), "{quantity}");
        }
        for quantity in ["3", "0.05", "0.0001", "0.75", "0.25"] {
            assert!(!accepted(quantity, MeasureUnit::Kilogram), "{quantity}");
        }
        for quantity in ["0.75", "0.1", "0.02", "1"] {
            assert!(accepted(quantity, MeasureUnit::Litre), "{quantity}");
        }
        assert!(!accepted("0.1", MeasureUnit::Metre));
    }

    #[test]
    fn the_longest_category_says_the_base_measure() {
        let rule = |category: Option<&str>, quantity: &str| UnitPriceRule {
            category: category.map(str::to_owned),
            per: Measure {
                quantity: quantity.parse().unwrap(),
                unit: MeasureUnit::Kilogram,
            },
        };
        let pricing = Pricing {
            unit_prices: vec![
                rule(Some("food/spices"), "0.01"),
                rule(None, "1"),
                rule(Some("food"), "0.1"),
            ],
            ..Pricing::default()
        };
        let base = |category| {
            let base = pricing.base_measure(category, MeasureUnit::Kilogram);
            base.quantity.to_string()
        };
        assert_eq!(base("food/spices/hot"), "0.01");
        assert_eq!(base("food/spicy"), "0.1");
        assert_eq!(base("home"), "1");
        let litre = pricing.base_measure("food", MeasureUnit::Litre);
        assert_eq!(litre.quantity, Quantity::ONE);
    }
}
