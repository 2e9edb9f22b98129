//! What channel adapters share.
//!
//! A family of channels brings a [`Family`] (pure: render and read back) and an
//! [`outlet::Outlet`] (where artefacts go). The kit brings the rest: following
//! the log, proving what is shown, time, delivery, acknowledgement, recovery.
//! The contract of an adapter in MUST and SHOULD is in this crate's README.
//!
//! Deliberately absent: prices and rules (terms come ready), a broker and a
//! system clock (they are passed in).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod conformance;
pub mod family;
pub mod fold;
pub mod http;
pub mod outlet;
pub mod ports;
pub mod present;
pub mod process;
pub mod samples;
pub mod state;
pub mod templates;
pub mod wording;
pub mod worker;

pub use family::{Artefact, Family, RenderError, Renderer, Shown, Switching, Unreadable};
pub use handlebars;
pub use http::{HttpOutlet, HttpSource};
pub use outlet::{NoOutlet, Outlet};
pub use ports::{Acker, Carrier, Clock, Delivery, PortError, PullRequest, Source};
pub use present::{Presented, present, present_item};
pub use worker::{Options, Ports, WorkerError, run};
