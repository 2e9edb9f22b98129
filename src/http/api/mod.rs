//! The handlers: each takes a request apart, calls one use case, and puts the
//! answer together.

pub mod audits;
pub mod changes;
pub mod channels;
pub mod control;
pub mod digests;
pub mod events;
pub mod health;
pub mod imports;
pub mod items;
pub mod markets;
pub mod metrics;
pub mod openapi;
pub mod products;
pub mod quotes;
pub mod revisions;
pub mod schemas;
pub mod terms;
pub mod updates;
