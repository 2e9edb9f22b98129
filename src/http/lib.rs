//! Offercast over HTTP.
//!
//! Handlers take a request apart, call one use case and put the answer
//! together. Deliberately absent: rules about prices, SQL, AMQP. Everything
//! that goes wrong becomes a problem document in one place ([`errors`]).
//!
//! The route that customers' eyes hang on (one item as a channel shows it) goes
//! past all middleware; see [`api::items`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod api;
pub mod auth;
pub mod body;
pub mod cache;
pub mod errors;
pub mod headers;
pub mod metrics;
pub mod options;
pub mod pages;
pub mod params;
pub mod problem;
pub mod router;
pub mod server;
pub mod session;
pub mod state;
pub mod trace;
pub mod ui;
pub mod write;

pub use auth::Actor;
pub use options::{HttpOptions, Scope, Token};
pub use problem::Problem;
pub use server::{Running, ServeError, serve};
pub use state::Shared;
