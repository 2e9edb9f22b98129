//! The source of truth: what people edit, as rows that are never changed.
//!
//! Two kinds of rows. *Prices* are many, narrow and valid in an interval.
//! *Documents* are everything else: products, markets, zones, offers, channels,
//! restrictions, order conditions; each is one JSON value under a kind and a key. Both are versioned by
//! revision; nothing is updated in place.

mod combination;
mod document;
mod law;
mod market;
mod moment;
mod offer;
mod order;
mod price;
mod pricing;
mod product;
mod restriction;
mod weekly;

pub use combination::{Combination, Preset};
pub use document::{Document, DocumentKey, DocumentKind};
pub use law::{Law, NewArrivals, Perishables, PriorPriceLaw};
pub use market::{FloorPolicy, GuardLimits, Market, Zone};
pub use moment::{Moment, MomentError};
pub use offer::{Effect, Offer, PriceRange, Target};
pub use order::{Fee, OrderConditions, ReturnPolicy};
pub use price::{Place, PriceKey, PriceKind, PriceRow};
pub(crate) use pricing::ending;
pub use pricing::{Pricing, UnitPriceRule};
pub use product::Product;
pub use restriction::{PriceLimit, Restriction, Rule};
pub use weekly::{ClockTime, ClockTimeError, Weekday, WeeklyWindow};
