//! The contract between Offercast and its channel adapters.
//!
//! One definition of everything that two processes must agree on to the byte:
//! money, time, terms and their timelines, what a channel claims, how claims
//! are compared, canonical bytes and digests, and the messages that travel.
//! Pure: no I/O, no clock, no randomness. The prose for writers of adapters in
//! other languages is `docs/CONTRACT.md`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod canonical;
pub mod channel;
pub mod claims;
pub mod compare;
pub mod digest;
pub mod horizon;
pub mod ident;
pub mod item;
pub mod measure;
pub mod message;
pub mod money;
pub mod order;
pub mod product;
pub mod projection;
pub mod promotion;
pub mod promotion_text;
pub mod restriction;
mod selector;
pub mod terms;
pub mod time;
pub mod timeline;

pub use canonical::{Hash, canonical_bytes};
pub use channel::{Assortment, Channel, DeclaredException, Family, Mode, Projection, Template};
pub use claims::{Claims, Field, Reading};
pub use compare::{Difference, ItemState, compare};
pub use digest::{Digest, StateDigest};
pub use horizon::Horizon;
pub use ident::{
    Audience, ChannelId, Locale, MarketId, OfferId, OrderConditionsId, RestrictionId, SalesMode,
    Sku, View, ZoneId,
};
pub use item::{Item, SharedTimeline};
pub use measure::{Measure, MeasureUnit, SaleUnit};
pub use message::{Acknowledgement, Beat, HeldItem, Message, Payload, Position, Rung, Update};
pub use money::{Amount, Currency, Money};
pub use order::{DeliveryFee, OrderTerms, PaymentMethod, Returns};
pub use product::{Content, Facts};
pub use projection::project;
pub use promotion::{Mechanic, Promotion, PromotionTerms};
pub use restriction::{ChannelSelector, Hidden, MandatoryWarning};
pub use terms::{AppliedOffer, Condition, ConditionalPrice, ReferencePrice, Tax, Terms, UnitPrice};
pub use time::Instant;
pub use timeline::{Segment, Timeline};

/// The version of this contract, carried by every message. An adapter refuses
/// messages of a version that it does not know.
pub const CONTRACT_VERSION: u32 = 1;

/// The version of the function that turns the source of truth into terms.
/// Digests are comparable only between holders of the same version.
///
/// Local times of offers become instants by the IANA database that is bundled
/// with the build, so that database is part of the version: raise it with every
/// release of the database that changes a zone.
pub const RESOLVER_VERSION: u32 = 1;
