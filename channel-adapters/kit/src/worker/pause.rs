//! Pauses between attempts, growing while they fail.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

/// Waits longer after each failure, up to a limit; a success resets it.
pub(super) struct Pause {
    builder: ExponentialBuilder,
    delays: ExponentialBackoff,
    until: Option<Instant>,
}

impl Pause {
    pub(super) fn new(shortest: Duration, longest: Duration) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(shortest)
            .with_max_delay(longest)
            .with_factor(2.0)
            .without_max_times();
        Self {
            builder,
            delays: builder.build(),
            until: None,
        }
    }

    /// A failure: wait.
    pub(super) fn failed(&mut self) {
        let delay = self.delays.next().unwrap_or(Duration::from_secs(1));
        self.until = Some(Instant::now() + delay);
    }

    /// A success: no waiting, and the next failure waits shortly again.
    pub(super) fn reset(&mut self) {
        self.until = None;
        self.delays = self.builder.build();
    }

    /// Whether the time has not come yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}
