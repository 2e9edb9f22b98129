//! What a basket costs: terms from the book, the arithmetic from the domain.

use std::collections::BTreeMap;

use offercast_contract::measure::Quantity;
use offercast_contract::{
    Amount, Audience, ChannelId, Horizon, Instant, MarketId, Mechanic, SalesMode, Sku, View, ZoneId,
};
use offercast_domain::basket::{
    Basket, BasketError, BasketQuote, DeliveryFee, LINES_MAX, Line, Meeting, quote_basket,
};
use offercast_domain::resolve::Considered;
use offercast_domain::source::Market;

use crate::engine::Current;

/// Most ways of delivery and most codes of a basket.
pub const OPTIONS_MAX: usize = 50;

/// What a customer wants to buy.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who buys.
    pub audience: Audience,
    /// Through which channel.
    pub channel: Option<ChannelId>,
    /// Codes as entered.
    pub coupons: Vec<String>,
    /// Ways of delivery with their fees.
    pub delivery: Vec<WantedDelivery>,
    /// The lines.
    pub lines: Vec<WantedLine>,
    /// The market.
    pub market: MarketId,
    /// How it is sold.
    pub mode: SalesMode,
    /// The zone; none for the whole market.
    pub zone: Option<ZoneId>,
}

/// A line of it.
#[derive(Debug, Clone)]
pub struct WantedLine {
    /// How much, in the sale unit.
    pub quantity: Quantity,
    /// What.
    pub sku: Sku,
}

/// A way of delivery.
#[derive(Debug, Clone)]
pub struct WantedDelivery {
    /// Names it; promotions name it too.
    pub id: String,
    /// The fee: a decimal in the market's currency.
    pub price: String,
    /// The tax class of the fee; untaxed without one.
    pub tax_class: Option<String>,
}

/// What it costs.
#[derive(Debug)]
pub struct Quoted {
    /// The instant that the terms hold at.
    pub at: Instant,
    /// The rules considered for each line's terms, where asked for.
    pub explained: Option<Vec<Vec<Considered>>>,
    /// The quote.
    pub quote: BasketQuote,
    /// Until when all of these terms hold, exclusive, where that is known.
    pub until: Option<Instant>,
    /// The view.
    pub view: View,
}

/// One thing that is wrong with what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field: `lines.2.sku`.
    pub field: String,
    /// Why, without a full stop.
    pub reason: String,
}

impl Fault {
    fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoQuote {
    /// Something about the basket is wrong; each fault names field and reason.
    #[error("{} things about the basket are wrong", .0.len())]
    Faults(Vec<Fault>),
    /// There is no such market.
    #[error("there is no market {0}")]
    UnknownMarket(MarketId),
}

/// The window over which terms at an instant are resolved: the one that
/// channels hold, if the instant lies in it.
#[must_use]
pub fn window(current: &Current, at: Instant) -> Horizon {
    let held = current.position.horizon;
    if held.from() <= at && at < held.until() {
        held
    } else {
        Horizon::containing(at)
    }
}

/// Quotes a basket from one snapshot at one instant.
///
/// # Errors
/// An unknown market; or every fault of the basket: an unknown zone or SKU, a
/// SKU that is not sold here and now, a quantity that is not sold, a fee that
/// is no amount.
pub fn run(
    current: &Current,
    wanted: &Wanted,
    at: Instant,
    explained: bool,
) -> Result<Quoted, NoQuote> {
    let book = &current.book;
    let market = book
        .market(&wanted.market)
        .ok_or_else(|| NoQuote::UnknownMarket(wanted.market.clone()))?;
    let view = View {
        audience: wanted.audience.clone(),
        market: wanted.market.clone(),
        mode: wanted.mode,
        zone: wanted.zone.clone(),
    };
    let mut faults = Vec::new();
    if let Some(zone) = &wanted.zone
        && book.zone(&wanted.market, zone).is_none()
    {
        let reason = format!("{zone} is no zone of {}", wanted.market);
        return Err(NoQuote::Faults(vec![Fault::new("zone", reason)]));
    }
    bounds(wanted, &mut faults);
    let delivery = fees(&market, &wanted.delivery, &mut faults);
    let mut until: Option<Instant> = None;
    let mut lines = Vec::new();
    for (index, asked) in wanted.lines.iter().take(LINES_MAX).enumerate() {
        let segment = book.terms(&asked.sku, &view, at, window(current, at));
        let facts = book.facts(&asked.sku);
        let terms = segment.and_then(|segment| {
            let ends = [until, segment.until];
            until = ends.into_iter().flatten().min();
            segment.terms
        });
        match (facts, terms) {
            (Some(facts), Some(terms)) => lines.push(Line {
                facts,
                quantity: asked.quantity,
                sku: asked.sku.clone(),
                terms,
            }),
            (None, _) => faults.push(Fault::new(
                format!("lines.{index}.sku"),
                format!("there is no product {}", asked.sku),
            )),
            (Some(_), None) => faults.push(Fault::new(
                format!("lines.{index}.sku"),
                format!("{} is not sold in {view} at {at}", asked.sku),
            )),
        }
    }
    if !faults.is_empty() {
        return Err(NoQuote::Faults(faults));
    }
    let gifts = gifts(current, &lines, &view, at);
    let promotions = lines.iter().flat_map(|line| &line.terms.promotions);
    let offers = promotions
        .filter_map(|promotion| {
            let offer = book.offer(&promotion.id)?;
            Some((promotion.id.clone(), Meeting::from(&*offer)))
        })
        .collect();
    let basket = Basket {
        audience: &wanted.audience,
        channel: wanted.channel.as_ref(),
        coupons: &wanted.coupons,
        currency: market.currency,
        delivery: &delivery,
        gifts: &gifts,
        lines: &lines,
        offers: &offers,
        prices_include_tax: market.prices_include_tax,
    };
    let quote =
        quote_basket(&basket, &market.combination.policy(), explained).map_err(|error| {
            NoQuote::Faults(vec![match error {
                BasketError::Line {
                    field,
                    line,
                    reason,
                } => Fault::new(format!("lines.{line}.{field}"), reason),
                BasketError::TooLarge(reason) => Fault::new("lines", reason),
            }])
        })?;
    let explain = |line: &WantedLine| book.explain(&line.sku, &view, at).unwrap_or_default();
    Ok(Quoted {
        at,
        explained: explained.then(|| wanted.lines.iter().map(explain).collect()),
        quote,
        until,
        view,
    })
}

fn bounds(wanted: &Wanted, faults: &mut Vec<Fault>) {
    for (field, length, most) in [
        ("lines", wanted.lines.len(), LINES_MAX),
        ("delivery", wanted.delivery.len(), OPTIONS_MAX),
        ("coupons", wanted.coupons.len(), OPTIONS_MAX),
    ] {
        if length > most {
            faults.push(Fault::new(
                field,
                format!("has {length} entries, at most {most}"),
            ));
        }
    }
    if wanted.lines.is_empty() {
        faults.push(Fault::new("lines", "needs at least one line"));
    }
}

fn fees(market: &Market, asked: &[WantedDelivery], faults: &mut Vec<Fault>) -> Vec<DeliveryFee> {
    let mut fees: Vec<DeliveryFee> = Vec::new();
    for (index, option) in asked.iter().enumerate() {
        let mut wrong = |field: &str, reason: String| {
            faults.push(Fault::new(format!("delivery.{index}.{field}"), reason));
        };
        if option.id.trim().is_empty() || fees.iter().any(|fee| fee.id == option.id) {
            wrong("id", "is blank or names a way of delivery twice".to_owned());
        }
        let price_minor = match Amount::parse_lenient(&option.price, market.currency) {
            Ok(amount) if amount.minor() >= 0 => amount.minor(),
            Ok(_) => {
                wrong("price", "is below zero".to_owned());
                0
            }
            Err(error) => {
                wrong("price", error.to_string());
                0
            }
        };
        let rate_bp = option.tax_class.as_ref().and_then(|class| {
            let rate = market.tax_rates.get(class).copied();
            if rate.is_none() {
                let reason = format!("market {} has no tax class {class:?}", market.id);
                wrong("tax_class", reason);
            }
            rate
        });
        fees.push(DeliveryFee {
            id: option.id.clone(),
            price_minor,
            rate_bp,
        });
    }
    fees
}

/// What the gifts of the basket's promotions cost where they are sold.
fn gifts(current: &Current, lines: &[Line], view: &View, at: Instant) -> BTreeMap<Sku, i64> {
    let promotions = lines.iter().flat_map(|line| &line.terms.promotions);
    let skus = promotions.filter_map(|promotion| match &promotion.terms.mechanic {
        Mechanic::Gift { sku } => Some(sku),
        _ => None,
    });
    skus.filter_map(|sku| {
        let segment = current.book.terms(sku, view, at, window(current, at))?;
        Some((sku.clone(), segment.terms?.price.minor()))
    })
    .collect()
}
