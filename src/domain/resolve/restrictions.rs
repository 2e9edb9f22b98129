//! What the law allows for the product here and now, by rule 9.

use offercast_contract::measure::QUANTITY_SCALE;
use offercast_contract::{Audience, Hidden, Instant, MandatoryWarning, Measure, SaleUnit};

use super::explain::{Considered, Reason, Subject};
use super::pack::base_of;
use super::{Goods, Inputs, is_everyone};
use crate::source::{PriceLimit, Restriction, Rule};

/// The restrictions that hold, by what they do to prices.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Law<'a> {
    /// The lowest of the statutory maxima, in minor units of the sale unit.
    maximum: Option<(i64, &'a Restriction)>,
    /// The highest of the statutory minima.
    minimum: Option<(i64, &'a Restriction)>,
    /// Forbids discounts.
    no_discount: Option<&'a Restriction>,
    /// Forbids promotions.
    no_promotion: Option<&'a Restriction>,
}

impl<'a> Law<'a> {
    /// What holds at `at` in the view of `input`.
    pub(crate) fn at(input: &Inputs<'a>, at: Instant) -> Self {
        let mut law = Self::default();
        for restriction in held(input, at) {
            let amount = restriction
                .rule
                .limit()
                .and_then(|limit| amount_of(&input.goods, limit, is_minimum(restriction)));
            match (&restriction.rule, amount) {
                (Rule::NoDiscount, _) => law.no_discount = law.no_discount.or(Some(restriction)),
                (Rule::NoPromotion, _) => {
                    law.no_promotion = law.no_promotion.or(Some(restriction));
                }
                (Rule::MinimumPrice(_), Some(amount))
                    if law.minimum.is_none_or(|(least, _)| least < amount) =>
                {
                    law.minimum = Some((amount, restriction));
                }
                (Rule::MaximumPrice(_), Some(amount))
                    if law.maximum.is_none_or(|(most, _)| amount < most) =>
                {
                    law.maximum = Some((amount, restriction));
                }
                _ => {}
            }
        }
        law
    }

    /// Whose prices hold for `audience`: without discounts those of everyone.
    pub(crate) fn audience<'x>(
        &self,
        audience: &'x Audience,
        everyone: &'x Audience,
    ) -> &'x Audience {
        match self.no_discount {
            Some(_) => everyone,
            None => audience,
        }
    }

    /// Whether reductions are allowed.
    pub(crate) fn allows_discounts(&self) -> bool {
        self.no_discount.is_none()
    }

    /// Why no discount applies at all.
    pub(crate) fn discount_forbidden(&self) -> Option<Reason> {
        self.no_discount.map(|by| Reason::ForbiddenBy {
            restriction: by.id.clone(),
        })
    }

    /// Why no promotion stands in the terms.
    pub(crate) fn promotion_forbidden(&self) -> Option<Reason> {
        self.no_promotion.map(|by| Reason::ForbiddenBy {
            restriction: by.id.clone(),
        })
    }

    /// The floor of discounts, which is at least `floor`.
    pub(crate) fn floor(&self, floor: i64) -> i64 {
        self.minimum.map_or(floor, |(least, _)| least.max(floor))
    }

    /// Why a discount does not go below `floor`, if it is the law's.
    pub(crate) fn floor_reason(&self, floor: i64) -> Option<Reason> {
        let (minimum_minor, by) = self.minimum.filter(|(least, _)| *least == floor)?;
        Some(Reason::BelowStatutoryMinimum {
            minimum_minor,
            restriction: by.id.clone(),
        })
    }

    /// The restriction that forbids this price.
    fn forbidding(&self, price: i64) -> Option<&'a Restriction> {
        let below = self.minimum.filter(|(least, _)| price < *least);
        let above = || self.maximum.filter(|(most, _)| *most < price);
        below.or_else(above).map(|(_, by)| by)
    }

    /// Whether it may be sold at this price.
    pub(crate) fn permits(&self, price: i64) -> bool {
        self.forbidding(price).is_none()
    }
}

/// A statutory price for one sale unit, in minor units: a minimum rounds up, a
/// maximum down. None where the amount is per a measure that the product's
/// pack does not tell.
pub(crate) fn amount_of(goods: &Goods<'_>, limit: PriceLimit, is_minimum: bool) -> Option<i64> {
    let Some(per) = limit.per else {
        return Some(limit.amount_minor);
    };
    let size = size_in(goods, per)?;
    let whole = i128::from(limit.amount_minor) * i128::from(size);
    let per = i128::from(per.quantity.millionths());
    if per <= 0 {
        return None;
    }
    let rounded = if is_minimum {
        (whole + per - 1).div_euclid(per)
    } else {
        whole.div_euclid(per)
    };
    i64::try_from(rounded).ok()
}

/// How much of a measure one sale unit holds, in millionths.
fn size_in(goods: &Goods<'_>, per: Measure) -> Option<i64> {
    if goods.sale_unit == SaleUnit::Piece {
        let pack = goods.pack.filter(|pack| pack.unit == per.unit)?;
        return Some(pack.quantity.millionths());
    }
    (base_of(goods.sale_unit) == Some(per.unit)).then_some(QUANTITY_SCALE)
}

pub(crate) fn is_minimum(restriction: &Restriction) -> bool {
    matches!(restriction.rule, Rule::MinimumPrice(_))
}

/// The restrictions that hold, in the order of their ids.
fn held<'a>(input: &Inputs<'a>, at: Instant) -> Vec<&'a Restriction> {
    let mut held: Vec<&Restriction> = input
        .restrictions
        .iter()
        .copied()
        .filter(|restriction| judge(input, restriction, at).is_none())
        .collect();
    held.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    held
}

/// Why a restriction does not hold for the product here and now.
fn judge(input: &Inputs<'_>, restriction: &Restriction, at: Instant) -> Option<Reason> {
    let class = input.goods.restriction_class;
    let (modes, zones) = (&restriction.modes, &restriction.zones);
    if at < restriction.valid_from {
        let from = restriction.valid_from;
        Some(Reason::NotYetValid { from })
    } else if let Some(at) = restriction.valid_until.filter(|until| *until <= at) {
        Some(Reason::Ended { at })
    } else if !class.is_some_and(|class| restriction.is_for(class)) {
        Some(Reason::NotTargeted)
    } else if restriction.market != input.market.id
        || !(zones.is_empty() || zones.iter().any(|zone| input.zones.contains(zone)))
    {
        Some(Reason::OtherPlace)
    } else if !(modes.is_empty() || modes.contains(&input.mode)) {
        Some(Reason::OtherMode)
    } else {
        None
    }
}

/// Where the product may not be shown.
pub(super) fn hidden_in(input: &Inputs<'_>, at: Instant) -> Vec<Hidden> {
    let hiding = held(input, at)
        .into_iter()
        .filter(|restriction| restriction.rule == Rule::Hide);
    let mut hidden: Vec<Hidden> = hiding
        .map(|restriction| Hidden {
            channels: restriction.channels.clone(),
            restriction: restriction.id.clone(),
        })
        .collect();
    hidden.sort_unstable();
    hidden
}

/// The instants at which restrictions begin or cease to hold.
pub(super) fn boundaries(input: &Inputs<'_>) -> impl Iterator<Item = Instant> + use<> {
    let all = input.restrictions.iter();
    let found: Vec<Instant> = all
        .flat_map(|it| [Some(it.valid_from), it.valid_until])
        .flatten()
        .collect();
    found.into_iter()
}

/// What must be shown with the price.
pub(super) fn warnings(input: &Inputs<'_>, at: Instant) -> Vec<MandatoryWarning> {
    let warnings = held(input, at).into_iter().filter_map(|restriction| {
        let Rule::Warning(labels) = &restriction.rule else {
            return None;
        };
        Some(MandatoryWarning {
            channels: restriction.channels.clone(),
            labels: labels.clone(),
            restriction: restriction.id.clone(),
        })
    });
    let mut warnings: Vec<MandatoryWarning> = warnings.collect();
    warnings.sort_unstable();
    warnings
}

/// Every restriction of the product's class with what became of it. `price` is
/// what would be paid if no statutory price forbade it.
pub(super) fn considered(input: &Inputs<'_>, price: Option<i64>, at: Instant) -> Vec<Considered> {
    let class = input.goods.restriction_class;
    let mut all: Vec<&Restriction> = input
        .restrictions
        .iter()
        .copied()
        .filter(|restriction| class.is_some_and(|class| restriction.is_for(class)))
        .collect();
    all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let law = Law::at(input, at);
    let forbids = price.and_then(|price| law.forbidding(price));
    all.into_iter()
        .map(|restriction| {
            let limit = restriction.rule.limit();
            let limit_minor =
                limit.and_then(|limit| amount_of(&input.goods, limit, is_minimum(restriction)));
            let subject = Subject::Restriction {
                channels: restriction.channels.clone(),
                id: restriction.id.clone(),
                limit_minor,
                rule: restriction.rule.as_str().to_owned(),
                source: restriction.source.clone(),
            };
            if forbids.is_some_and(|by| by.id == restriction.id) {
                return Considered {
                    applied: true,
                    ..Considered::new(subject, Reason::ForbidsPrice)
                };
            }
            let unknown = (limit.is_some() && limit_minor.is_none()).then_some(Reason::Unknown);
            let reason = judge(input, restriction, at).or(unknown);
            Considered::new(subject, reason.unwrap_or(Reason::Applied))
        })
        .collect()
}

/// Whether an audience's own prices are a discount that the law forbids.
pub(super) fn forbids_audience(law: &Law<'_>, audience: &Audience) -> bool {
    !law.allows_discounts() && !is_everyone(audience)
}
