//! Why the terms are what they are: every rule considered, in order.

use offercast_contract::measure::Quantity;
use offercast_contract::{
    Audience, ChannelSelector, Instant, OfferId, OrderConditionsId, RestrictionId, ZoneId,
};
use serde::{Deserialize, Serialize};

use super::floors::{Floor, FloorRule, floor};
use super::law::{self, Prior};
use super::restrictions::{self, Law};
use super::{
    Inputs, Paid, PriceRef, claims, conditional, offers, order, pack, paid, prices, promotions,
};
use crate::source::PriceKind;

/// What was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Subject {
    /// A price row.
    Price {
        /// Minor units of the market's currency.
        amount_minor: i64,
        /// For whom.
        audience: Audience,
        /// Its kind.
        kind: PriceKind,
        /// The smallest quantity that it is for; none for any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minimum_quantity: Option<Quantity>,
        /// The zone; none for the whole market.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<ZoneId>,
    },
    /// An offer.
    Offer {
        /// Its id.
        id: OfferId,
        /// The price it makes, in minor units, where it could be applied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price_minor: Option<i64>,
    },
    /// A part of order conditions.
    OrderConditions {
        /// Their id in the market.
        id: OrderConditionsId,
        /// Which part: `delivery_fee` …
        part: String,
    },
    /// A restriction of the product's class.
    Restriction {
        /// In which channels; empty for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        channels: Vec<ChannelSelector>,
        /// Its id in the market.
        id: RestrictionId,
        /// The statutory price of one sale unit, in minor units, where it is
        /// one and the pack tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit_minor: Option<i64>,
        /// What it does: `hide`, `no_discount` …
        rule: String,
        /// The law it follows from.
        source: String,
    },
    /// A promotion of the basket; it applies where it stands in the terms.
    Promotion {
        /// Its id.
        id: OfferId,
    },
    /// The claim of a reduction from the regular price.
    RegularClaim,
    /// The prior price.
    PriorClaim,
    /// The announced percentage.
    ReductionClaim,
    /// The price per base measure.
    UnitPrice,
    /// The tax, without which nothing is sold.
    Tax,
}

/// Why it applied or did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// It applied.
    Applied,
    /// It starts later.
    NotYetValid {
        /// When it starts.
        from: Instant,
    },
    /// It is over.
    Ended {
        /// When it ended.
        at: Instant,
    },
    /// It is between two of its weekly windows.
    OutsideHours {
        /// When the next one starts, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Instant>,
    },
    /// It is exclusive to other channels: a price that it makes stands beside
    /// this one, under the condition of its channel.
    OtherChannel,
    /// It is for another zone or market.
    OtherPlace,
    /// It is for another audience.
    OtherAudience,
    /// It is for another sales mode.
    OtherMode,
    /// A restriction forbids it.
    ForbiddenBy {
        /// Which one.
        restriction: RestrictionId,
    },
    /// It would make a price below a statutory minimum.
    BelowStatutoryMinimum {
        /// The minimum for one sale unit, in minor units.
        minimum_minor: i64,
        /// By which restriction.
        restriction: RestrictionId,
    },
    /// The statutory price that it sets forbids the price there is, so the
    /// product is not sold.
    ForbidsPrice,
    /// A row of a more specific place or audience holds.
    LessSpecific,
    /// It holds, and a special price holds instead of it.
    SpecialHolds,
    /// The product is not in the offer's target.
    NotTargeted,
    /// The offer excludes the product.
    Excluded,
    /// The price before offers is outside the offer's range.
    OutsidePriceRange,
    /// It is below what the price may not go below, or would take it there.
    FloorReached {
        /// The floor, in minor units; not told to those who may not change
        /// prices.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        floor_minor: Option<i64>,
        /// What makes it.
        rule: FloorRule,
    },
    /// It would not lower the price.
    NotLower,
    /// An offer of a higher priority was taken.
    LowerPriority,
    /// It is not for goods that are reduced already: a special price holds, or
    /// another offer applied before it.
    AlreadyReduced,
    /// Another offer applied that does not combine with any.
    DoesNotCombine,
    /// An offer of the same priority that gives a lower price (or, at the same
    /// price, has the smaller id) was taken.
    BetterOfferTaken,
    /// There is nothing to show: the amount or the pack is not known.
    Unknown,
    /// Neither a special price nor an offer holds.
    NotReduced,
    /// The price is not below the prior price, so no reduction is claimed.
    NotBelowPrior,
    /// The reduction is less than one percent.
    BelowOnePercent,
    /// The pack's size is implausible.
    ImplausiblePack,
    /// The prior price is not known: our ledger does not reach back far enough
    /// and none was imported.
    LedgerTooShort,
    /// The goods have not been on the market for long enough.
    NewArrival,
    /// The price has been reduced for so long that it is the price.
    ReducedTooLong,
}

impl Reason {
    pub(super) fn floor_reached(floor: Floor) -> Self {
        Self::FloorReached {
            floor_minor: Some(floor.minor),
            rule: floor.rule,
        }
    }
}

/// One rule that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// Whether it shaped the terms.
    pub applied: bool,
    /// The offer that was taken instead, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<OfferId>,
    /// Why, or why not.
    pub reason: Reason,
    /// What it is.
    pub subject: Subject,
}

impl Considered {
    pub(super) fn new(subject: Subject, reason: Reason) -> Self {
        Self {
            applied: reason == Reason::Applied,
            by: None,
            reason,
            subject,
        }
    }
}

/// What those may see who may not change prices: floors stay inside, and so do
/// amounts from which a cost could be computed.
#[must_use]
pub fn for_readers(considered: Vec<Considered>) -> Vec<Considered> {
    let is_open = |rule: &Considered| match &rule.subject {
        Subject::Price { kind, .. } => !kind.is_confidential(),
        _ => true,
    };
    let told = |mut rule: Considered| {
        if let Reason::FloorReached { floor_minor, .. } = &mut rule.reason {
            *floor_minor = None;
        }
        rule
    };
    considered.into_iter().filter(is_open).map(told).collect()
}

/// Every rule considered for the terms at `at`, in the order of the rules;
/// rows and offers in the order of their precedence. Costs, and what is for
/// another personal audience, are told to nobody.
#[must_use]
pub fn explain(input: &Inputs<'_>, at: Instant) -> Vec<Considered> {
    let law = Law::at(input, at);
    let unchecked = prices::unchecked(
        input,
        input.audience,
        input.goods.smallest_quantity,
        &law,
        at,
    );
    let price = unchecked.as_ref().map(|paid| paid.price);
    let mut considered = price_rows(input, &law, at);
    considered.extend(restrictions::considered(input, price, at));
    let Some(paid) = paid(input, input.audience, at) else {
        return considered;
    };
    considered.extend(all_offers(input, &paid, &law, at));
    considered.extend(all_promotions(input, &paid, at));
    let past = law::Past::of(input, at, at);
    let prior = law::prior(input, past.as_ref(), &paid, at);
    let claims = claims::claims(&paid, &prior);
    let unless_shown = |shown: bool, otherwise: Reason| {
        if shown { Reason::Applied } else { otherwise }
    };
    let no_base = match (paid.is_reduced(), &prior, paid.regular) {
        (true, ..) if !paid.may_claim => law.discount_forbidden().unwrap_or(Reason::Unknown),
        (false, ..) => Reason::NotReduced,
        (_, Prior::NoClaim(reason), _) => reason.clone(),
        (_, Prior::Known(prior), _) if paid.price >= *prior => Reason::NotBelowPrior,
        (_, _, None) => Reason::Unknown,
        _ => Reason::NotLower,
    };
    let no_percent = match claims.regular {
        Some(_) => Reason::BelowOnePercent,
        None => no_base.clone(),
    };
    let no_prior = match &prior {
        Prior::NoClaim(reason) => reason.clone(),
        Prior::NotAsked => Reason::Unknown,
        Prior::Known(_) if !paid.may_claim => no_base.clone(),
        Prior::Known(_) => Reason::NotReduced,
    };
    let no_unit_price = match input.goods.pack {
        Some(size) if pack::plausible_pack(size, input.goods.sale_unit).is_err() => {
            Reason::ImplausiblePack
        }
        _ => Reason::Unknown,
    };
    let has_unit_price = pack::unit_price(&input.goods, paid.price, input.market).is_some();
    let knows_tax = input.market.tax_rates.contains_key(input.goods.tax_class);
    considered.extend([
        Considered::new(
            Subject::RegularClaim,
            unless_shown(claims.regular.is_some(), no_base),
        ),
        Considered::new(
            Subject::PriorClaim,
            unless_shown(claims.prior.is_some(), no_prior),
        ),
        Considered::new(
            Subject::ReductionClaim,
            unless_shown(claims.reduction_percent.is_some(), no_percent),
        ),
        Considered::new(
            Subject::UnitPrice,
            unless_shown(has_unit_price, no_unit_price),
        ),
        Considered::new(Subject::Tax, unless_shown(knows_tax, Reason::Unknown)),
    ]);
    considered.extend(order::considered(input, at));
    considered
}

/// Whether it may be told to a reader of this view that it is there.
fn is_told(input: &Inputs<'_>, audience: &Audience) -> bool {
    !audience.is_personal() || audience == input.audience
}

fn price_rows(input: &Inputs<'_>, law: &Law<'_>, at: Instant) -> Vec<Considered> {
    let tiers = conditional::tiers(input, law, at);
    let ladder = paid(input, input.audience, at)
        .map(|paid| conditional::ladder(input, input.audience, paid.price, &tiers, at));
    let shown: Vec<Quantity> = ladder.into_iter().flatten().map(|(from, _)| from).collect();
    let mut rows: Vec<&PriceRef<'_>> = input
        .prices
        .iter()
        .filter(|row| row.kind != PriceKind::Cost && is_told(input, row.audience))
        .collect();
    rows.sort_by_key(|row| {
        let rank = prices::rank(input, input.audience, row);
        let far = (usize::MAX, true, std::cmp::Reverse(row.minimum_quantity));
        (
            kind_order(row.kind),
            rank.unwrap_or(far),
            row.audience,
            row.zone,
            row.valid_from,
        )
    });
    rows.into_iter()
        .map(|row| {
            let subject = Subject::Price {
                amount_minor: row.amount_minor,
                audience: row.audience.clone(),
                kind: row.kind,
                minimum_quantity: row.minimum_quantity,
                zone: row.zone.cloned(),
            };
            Considered::new(subject, judge_row(input, row, &shown, law, at))
        })
        .collect()
}

/// A row is judged for the smallest quantity that it is for. `shown`: the
/// quantities from which the terms have a price.
fn judge_row(
    input: &Inputs<'_>,
    row: &PriceRef<'_>,
    shown: &[Quantity],
    law: &Law<'_>,
    at: Instant,
) -> Reason {
    if at < row.valid_from {
        return Reason::NotYetValid {
            from: row.valid_from,
        };
    }
    if let Some(until) = row.valid_until
        && until <= at
    {
        return Reason::Ended { at: until };
    }
    if input.distance(row.zone).is_none() {
        return Reason::OtherPlace;
    }
    if prices::rank(input, input.audience, row).is_none() {
        return Reason::OtherAudience;
    }
    let smallest = input.goods.smallest_quantity;
    let quantity = row.minimum_quantity.unwrap_or(smallest).max(smallest);
    let is_better = restrictions::forbids_audience(law, row.audience) || quantity > smallest;
    if is_better && let Some(reason) = law.discount_forbidden() {
        return reason;
    }
    let everyone = Audience::everyone();
    let audience = law.audience(input.audience, &everyone);
    let held = |kind| prices::chosen(input, audience, kind, quantity, at);
    if !held(row.kind).is_some_and(|held| std::ptr::eq(held, row)) {
        return Reason::LessSpecific;
    }
    if !row.kind.is_paid() {
        return Reason::Applied;
    }
    let special = held(PriceKind::Special);
    let is_undercut =
        special.is_some_and(|special| prices::is_undercut(special, held(PriceKind::Regular)));
    match row.kind {
        PriceKind::Regular if special.is_some() && !is_undercut => return Reason::SpecialHolds,
        PriceKind::Special if is_undercut => return Reason::NotLower,
        _ => {}
    }
    let floor = floor(input, audience, quantity, at);
    if row.amount_minor < floor.minor {
        return Reason::floor_reached(floor);
    }
    if quantity > smallest && !shown.contains(&quantity) {
        return Reason::NotLower;
    }
    Reason::Applied
}

fn all_offers<'a>(
    input: &Inputs<'a>,
    paid: &Paid<'a>,
    law: &Law<'a>,
    at: Instant,
) -> Vec<Considered> {
    let before = paid.before(&input.market.pricing, input.audience, law);
    let considered = |own: offers::Judged<'_>| {
        let subject = Subject::Offer {
            id: own.offer.id.clone(),
            price_minor: own.price,
        };
        Considered {
            by: own.by.map(|other| other.id.clone()),
            ..Considered::new(subject, own.reason)
        }
    };
    let judged = offers::judged(input, &before, at);
    let told = judged
        .into_iter()
        .filter(|own| is_told(input, &own.offer.audience));
    told.map(considered).collect()
}

fn all_promotions(input: &Inputs<'_>, paid: &Paid<'_>, at: Instant) -> Vec<Considered> {
    promotions::judged(input, paid, at)
        .into_iter()
        .map(|(offer, verdict)| {
            let subject = Subject::Promotion {
                id: offer.id.clone(),
            };
            Considered::new(subject, verdict.err().unwrap_or(Reason::Applied))
        })
        .collect()
}

fn kind_order(kind: PriceKind) -> u8 {
    match kind {
        PriceKind::Regular => 0,
        PriceKind::Special => 1,
        PriceKind::Prior => 2,
        PriceKind::Anchor => 3,
        PriceKind::Floor => 4,
        PriceKind::Cost => 5,
    }
}
