//! Tests of the quote engine.

mod explain;
mod make;
mod peers;
mod properties;
mod settings;
mod shelf;
mod units;
