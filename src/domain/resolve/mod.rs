//! From the source of truth to terms: one pure function for every channel.
//!
//! # The rules, in the order in which they are applied
//!
//! 1. **Prices.** For each kind (regular, special, prior, anchor, floor, cost)
//!    one row is taken among those that hold at the instant and for the
//!    quantity: the one of the most specific place (a zone before the zone it
//!    lies in, a zone before the market), in the same place the one for the
//!    reader's audience before the one for everyone, and of these the one with
//!    the largest minimum quantity that is reached. Place goes before audience:
//!    a store that prices by itself does so for all its customers. Quantity
//!    comes last: whoever sets a price for a store or for members and no tiers
//!    there means that price for any quantity. Two rows cannot tie: the change
//!    set that would make them overlap is refused, and both are named.
//! 2. **Floor.** The highest of three: the row of the kind floor; where the
//!    market has a minimum margin and the cost is known, the lowest price that
//!    leaves it, `(net price - cost) / net price`, rounded up to the minor unit;
//!    one minor unit. A row below the floor counts as the floor (the change set
//!    that sets one is refused; a floor that comes by another way still holds).
//! 3. **Current price.** The special price if one holds, else the regular one;
//!    a regular price from a larger quantity on stays where it is below the
//!    special one, since a sale takes no tier away. Neither: the product is not
//!    sold in the view, there are no terms. The unconditional price is that of
//!    the smallest quantity that is sold.
//! 4. **Offers.** An offer may apply where it is valid, its zones, audience and
//!    target match, and nothing excludes the product. How those that may apply
//!    combine is the policy of the market ([`crate::source::Combination`]); the
//!    function that does it is the one behind the basket's quote. By default
//!    the resulting price is lower than the current one and not below the
//!    floor, and one offer is taken: the highest priority, then the lowest
//!    resulting price, then the smallest id; a percentage rounds the *resulting
//!    price* half up to the minor unit. One discount an item and the best for
//!    the customer is what a shopper expects of a shelf. Where policies stack,
//!    offers apply in the order of priority, then id. An offer that is not for
//!    reduced goods does not apply where a special price holds, nor after
//!    another offer. An offer that does not combine removes all others; of
//!    several the first one that lowers the price stays. A price that was
//!    computed, not typed, is then rounded down to the market's endings or cash
//!    steps ([`crate::source::Pricing`]).
//!    Neither is the order in which they were entered. Two offers that differ
//!    in nothing but id and words are refused, since whose words are shown
//!    would be arbitrary. Tiers are discounted by the same rules, each from its
//!    own price. Local times and weekly windows are those of the market's zone;
//!    see [`crate::schedule`] for the days on which clocks are changed.
//! 5. **Conditional prices.** Beside the unconditional price stand the tiers,
//!    each only where it is below the price of every smaller quantity: a dearer
//!    one is no benefit and never holds. In the view of everyone stands also
//!    what other audiences would pay by the same rules, where that is lower
//!    than what everyone pays for the same quantity. The view of one audience
//!    shows its own prices only; the tiers of everyone are among them where
//!    they are lower. Personal audiences stand in no view but their own. A
//!    customer pays the lowest price whose condition is met. An offer that is
//!    exclusive to channels never makes the unconditional price, which is the
//!    same everywhere: what it makes stands beside it under the condition of
//!    the channel, and the projections of all other channels leave it out.
//! 6. **Claims of a reduction.** The prior price is the lowest price applied to
//!    everyone in the view's zone during the days that the market's law names,
//!    30 at least, before the reduction started; it stays that while the
//!    reduction holds (Directive 98/6/EC, Art. 6a (1), (2)). A reduction starts
//!    where none held before, where the price rose, and, unless the law lets
//!    reductions grow (Art. 6a (5)), where it fell again. An imported prior
//!    price is used where the [`ledger`] does not reach back so far. Where the
//!    law asks for the prior price and it is not known, where the goods are new
//!    (Art. 6a (4), see [`NewArrivals`](crate::source::NewArrivals)), and after
//!    [`ledger::LONGEST_REDUCTION_DAYS`], nothing is claimed. Goods that perish
//!    may be exempt (Art. 6a (3)).
//!    The regular price is shown as a reference only when it is known, above
//!    the price, and not refuted by the prior price. The prior price is shown
//!    when it is known and a special price or an offer holds. A percentage goes with a regular price that is shown, and nowhere
//!    else; it is counted from the prior price where that is known (Directive
//!    98/6/EC, Art. 6a; CJEU C-330/23), else from the regular price, and rounds
//!    down, so it never flatters. A price that is not below the prior price
//!    claims neither.
//! 7. **Unit price.** Per base measure (Directive 98/6/EC, Art. 2 (b) and 3),
//!    one unit or what the market says for the category, half up to the minor
//!    unit, unless the pack is implausible
//!    (see [`plausible_pack`]).
//! 8. **Deposit** and **tax** by the product's classes in the market. The
//!    deposit stands apart from the price and the unit price (CJEU C-543/21).
//! 9. **Restrictions** by the product's class: of the restrictions that hold at
//!    the instant, in the market, zone and sales mode, *no discount* lets no
//!    offer apply, gives every audience and every quantity the price of everyone
//!    for the smallest quantity, and claims no
//!    reduction (a special price that holds is simply the price). A *statutory
//!    minimum* stops every offer that would pass it: the offer does not apply,
//!    and the next one is looked at. Of several minima the highest counts, of
//!    several maxima the lowest. A price outside of them is refused when it is
//!    recorded; where one stands in the source of truth all the same (a row of
//!    before), the product is *not sold*: no price is invented, and none is
//!    shown at which it may not be sold. *No promotion* keeps promotions out of
//!    the terms. *Hide* and *warning* may name channels, so they travel in the
//!    terms, and [`Terms::visible_in`] decides. The source of each rule is named
//!    in the restriction itself.
//! 10. **Order conditions.** Each part (delivery fee, minimum order, payment,
//!     returns) is taken from the most specific conditions that give it: those
//!     of a zone before those of the zone around it and of the market, in the
//!     same place those of the sales mode before those of all. A delivery fee
//!     stands only where the goods are delivered.
//! 11. **Promotions** that are valid and target the product stand beside the
//!     price and never change it: those of a higher priority first, then by id.
//!     In the view of everyone those for another audience stand with that
//!     condition; the view of one audience shows its own and everyone's.
//!
//! More kinds of rules (quantities, weekly windows, stacking policies) extend
//! [`Inputs`] and these steps; the shape of the answer stays.

mod claims;
mod conditional;
mod explain;
mod floors;
mod law;
pub mod ledger;
mod offers;
mod order;
mod pack;
mod prices;
mod promotions;
mod restrictions;
#[cfg(test)]
mod tests;

use offercast_contract::channel::{Described, Labelled};
use offercast_contract::measure::Quantity;
use offercast_contract::{
    Amount, AppliedOffer, Audience, ChannelId, Horizon, Instant, Measure, ReferencePrice, SaleUnit,
    SalesMode, Sku, Tax, Terms, Timeline, ZoneId,
};

use crate::schedule::Span;
use crate::source::{Market, Offer, OrderConditions, PriceKind, PriceRow, Product, Restriction};
use law::Past;

pub use explain::{Considered, Reason, Subject, explain, for_readers};
pub use floors::FloorRule;
pub(crate) use floors::floor;
pub use ledger::Ledger;
pub use pack::{ImplausiblePack, plausible_pack};
pub(crate) use prices::{Paid, chosen, paid, paid_for};
pub use promotions::stated;
pub(crate) use restrictions::{amount_of, is_minimum};

/// What the rules need to know of a product.
#[derive(Debug, Clone, Copy)]
pub struct Goods<'a> {
    /// The brand.
    pub brand: Option<&'a str>,
    /// The category path.
    pub category: &'a str,
    /// The deposit class.
    pub deposit_class: Option<&'a str>,
    /// Tags and attributes.
    pub labels: &'a dyn Labelled,
    /// What one piece holds.
    pub pack: Option<Measure>,
    /// The class by which the law restricts it.
    pub restriction_class: Option<&'a str>,
    /// In what unit it is sold.
    pub sale_unit: SaleUnit,
    /// The SKU.
    pub sku: &'a Sku,
    /// The smallest quantity that is sold, which the unconditional price is for
    /// (see [`offercast_contract::Facts::smallest_quantity`]).
    pub smallest_quantity: Quantity,
    /// The tax class.
    pub tax_class: &'a str,
}

impl<'a> From<&'a Product> for Goods<'a> {
    fn from(product: &'a Product) -> Self {
        Self {
            brand: product.facts.brand.as_deref(),
            category: &product.facts.category,
            deposit_class: product.deposit_class.as_deref(),
            labels: &product.facts,
            pack: product.facts.pack,
            restriction_class: product.restriction_class.as_deref(),
            sale_unit: product.facts.sale_unit,
            sku: &product.sku,
            smallest_quantity: product.facts.smallest_quantity(),
            tax_class: &product.tax_class,
        }
    }
}

impl<'a> Goods<'a> {
    /// What selectors look at.
    #[must_use]
    pub fn described(&self) -> Described<'a> {
        Described {
            brand: self.brand,
            category: self.category,
            labels: self.labels,
            sku: self.sku,
        }
    }
}

/// A price row of the market and SKU in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRef<'a> {
    /// Minor units.
    pub amount_minor: i64,
    /// For whom.
    pub audience: &'a Audience,
    /// What the amount means.
    pub kind: PriceKind,
    /// The smallest quantity that it is for; none for any.
    pub minimum_quantity: Option<Quantity>,
    /// Start, inclusive.
    pub valid_from: Instant,
    /// End, exclusive; none for open.
    pub valid_until: Option<Instant>,
    /// The zone; none for the whole market.
    pub zone: Option<&'a ZoneId>,
}

impl<'a> From<&'a PriceRow> for PriceRef<'a> {
    fn from(row: &'a PriceRow) -> Self {
        Self {
            amount_minor: row.amount_minor,
            audience: &row.key.audience,
            kind: row.key.kind,
            minimum_quantity: row.key.minimum_quantity,
            valid_from: row.key.valid_from,
            valid_until: row.valid_until,
            zone: row.key.place.zone.as_ref(),
        }
    }
}

impl PriceRef<'_> {
    fn holds_at(&self, at: Instant) -> bool {
        self.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }

    fn is_for(&self, quantity: Quantity) -> bool {
        self.minimum_quantity
            .is_none_or(|minimum| minimum <= quantity)
    }
}

/// An offer, and when it holds in the market.
#[derive(Debug, Clone, Copy)]
pub struct Dated<'a> {
    /// The offer.
    pub offer: &'a Offer,
    /// From its start to its end, whatever its weekly windows.
    pub period: Span,
    /// The intervals in which it holds, in order and apart: all that reach into
    /// the time that is asked about ([`Schedule::spans`]).
    pub spans: &'a [Span],
}

impl Dated<'_> {
    /// Whether it holds at `at`, or why not.
    fn holds_at(&self, at: Instant) -> Result<(), Reason> {
        if at < self.period.from {
            let from = self.period.from;
            return Err(Reason::NotYetValid { from });
        }
        if let Some(until) = self.period.until
            && until <= at
        {
            return Err(Reason::Ended { at: until });
        }
        let after = self.spans.partition_point(|span| span.from <= at);
        let last = after.checked_sub(1).and_then(|last| self.spans.get(last));
        if last.is_some_and(|span| span.holds_at(at)) {
            Ok(())
        } else {
            let next = self.spans.get(after).map(|span| span.from);
            Err(Reason::OutsideHours { next })
        }
    }
}

/// Everything that terms of one SKU in one view follow from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Who asks.
    pub audience: &'a Audience,
    /// The channel through which the customer buys, by which offers that are
    /// exclusive to it apply; none for the terms, which all channels share.
    pub channel: Option<&'a ChannelId>,
    /// The product.
    pub goods: Goods<'a>,
    /// What was applied before; none where that is not kept, so that only
    /// imported prior prices are known.
    pub ledger: Option<&'a dyn Ledger>,
    /// The market.
    pub market: &'a Market,
    /// How the goods reach the customer.
    pub mode: SalesMode,
    /// Offers of that market; more than apply does no harm, their order does
    /// not matter.
    pub offers: &'a [Dated<'a>],
    /// Order conditions of that market, in any order.
    pub order: &'a [&'a OrderConditions],
    /// Price rows of that market and SKU, in any order.
    pub prices: &'a [PriceRef<'a>],
    /// Restrictions of that market; more than apply does no harm, their order
    /// does not matter.
    pub restrictions: &'a [&'a Restriction],
    /// The zone of the view and the zones it lies in, most specific first;
    /// empty for the whole market.
    pub zones: &'a [ZoneId],
}

impl Inputs<'_> {
    /// How far the place is from the view: 0 for its own zone, larger for
    /// zones around it, largest for the market; none where it does not hold.
    fn distance(&self, zone: Option<&ZoneId>) -> Option<usize> {
        match zone {
            None => Some(self.zones.len()),
            Some(zone) => self.zones.iter().position(|own| own == zone),
        }
    }
}

/// The terms at `at`; none where the product is not sold in the view then, or
/// its tax class is unknown in the market.
#[must_use]
pub fn resolve(input: &Inputs<'_>, at: Instant) -> Option<Terms> {
    let past = Past::of(input, at, at);
    resolve_knowing(input, past.as_ref(), at)
}

/// The terms at `at`, by a past that covers it.
fn resolve_knowing(input: &Inputs<'_>, past: Option<&Past<'_>>, at: Instant) -> Option<Terms> {
    let rate_bp = *input.market.tax_rates.get(input.goods.tax_class)?;
    let paid = paid(input, input.audience, at)?;
    let currency = input.market.currency;
    let amount = |minor: i64| Amount::new(minor, currency);
    let held = |kind| {
        let smallest = input.goods.smallest_quantity;
        prices::held(input, input.audience, kind, smallest, at)
    };
    let claims = claims::claims(&paid, &law::prior(input, past, &paid, at));
    let tax = Tax {
        included: input.market.prices_include_tax,
        rate_bp,
    };
    Some(Terms {
        conditional: conditional::conditional(input, &paid, at),
        deposit: deposit(input).map(amount),
        hidden_in: restrictions::hidden_in(input, at),
        offers: paid.offers.iter().copied().map(applied).collect(),
        order: order::order(input, at),
        prior: claims.prior.map(amount),
        promotions: promotions::promotions(input, &paid, at),
        reduction_percent: claims.reduction_percent,
        references: held(PriceKind::Anchor)
            .map(|minor| ReferencePrice {
                amount: amount(minor),
                kind: PriceKind::Anchor.to_string(),
            })
            .into_iter()
            .collect(),
        regular: claims.regular.map(amount),
        unit_price: pack::unit_price(&input.goods, paid.price, input.market),
        warnings: restrictions::warnings(input, at),
        ..Terms::of(currency, amount(paid.price), tax)
    })
}

/// The terms over a horizon.
#[must_use]
pub fn timeline(input: &Inputs<'_>, horizon: Horizon) -> Timeline {
    let past = Past::over(input, horizon);
    let mut boundaries = boundaries(input);
    boundaries.extend(past.iter().flat_map(Past::boundaries));
    Timeline::build(horizon, boundaries, |at| {
        resolve_knowing(input, past.as_ref(), at)
    })
}

/// All instants at which the terms may change, but for claims that follow from
/// the past.
fn boundaries(input: &Inputs<'_>) -> Vec<Instant> {
    let spans = input.offers.iter().flat_map(|dated| dated.spans);
    let mut found = price_boundaries(input, input.prices);
    found.extend(spans.flat_map(Span::boundaries));
    found.extend(restrictions::boundaries(input));
    let order = input.order.iter();
    let order = order.map(|conditions| (conditions.valid_from, conditions.valid_until));
    found.extend(
        order
            .flat_map(|(from, until)| [Some(from), until])
            .flatten(),
    );
    found
}

fn price_boundaries(input: &Inputs<'_>, rows: &[PriceRef<'_>]) -> Vec<Instant> {
    rows.iter()
        .filter(|row| input.distance(row.zone).is_some())
        .flat_map(|row| [Some(row.valid_from), row.valid_until])
        .flatten()
        .collect()
}

fn applied(offer: &Offer) -> AppliedOffer {
    AppliedOffer {
        id: offer.id.clone(),
        labels: offer.labels.clone(),
    }
}

/// A deposit of zero is none.
fn deposit(input: &Inputs<'_>) -> Option<i64> {
    let class = input.goods.deposit_class?;
    let minor = *input.market.deposits.get(class)?;
    (minor > 0).then_some(minor)
}

pub(crate) fn is_everyone(audience: &Audience) -> bool {
    audience.as_str() == "everyone"
}
