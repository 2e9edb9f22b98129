//! What all tests stand on: the program as processes, ways to it and around
//! it that can be cut, and readers of what it shows.

mod app;
mod backends;
mod catalogue;
mod client;
mod process;
mod proxy;
pub(crate) mod shown;
mod wire;

use std::time::{Duration, Instant};

pub(crate) use app::{CHANNELS, PULLED, SERVER, TILLS, TestApp, rewrite};
pub(crate) use backends::{Backends, production};
pub(crate) use client::{Answer, new_key, regular_price, row_of};
pub(crate) use process::{Ended, Process, command, run};
pub(crate) use wire::Wire;

/// How long anything may take that takes milliseconds on an idle machine.
/// Only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again and again until the answer is good; on time out, panics with the
/// last reason.
pub(crate) async fn until<T>(
    what: &str,
    within: Duration,
    mut probe: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let end = Instant::now() + within;
    loop {
        let reason = match probe().await {
            Ok(found) => return found,
            Err(reason) => reason,
        };
        assert!(
            Instant::now() < end,
            "{what} did not happen within {within:?}: {reason}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Looks on for a while: the condition must hold all the time.
pub(crate) async fn throughout(
    what: &str,
    during: Duration,
    mut probe: impl AsyncFnMut() -> Result<(), String>,
) {
    let end = Instant::now() + during;
    while Instant::now() < end {
        if let Err(reason) = probe().await {
            panic!("{what}: {reason}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
