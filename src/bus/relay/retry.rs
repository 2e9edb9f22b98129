//! When to try again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

const MAX_PAUSE: Duration = Duration::from_secs(2);

/// When to try again what failed: ever later.
pub(super) struct Retry {
    pub(super) at: Instant,
    pub(super) failed: bool,
    backoff: ExponentialBackoff,
}

impl Retry {
    pub(super) fn new(at: Instant) -> Self {
        // Without jitter: only one relay works at a time.
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(MAX_PAUSE)
            .without_max_times();
        Self {
            at,
            failed: false,
            backoff: backoff.build(),
        }
    }

    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.at
    }

    pub(super) fn fail(&mut self) {
        self.failed = true;
        self.at = Instant::now() + self.backoff.next().unwrap_or(MAX_PAUSE);
    }

    pub(super) fn succeeded(&mut self) {
        if self.failed {
            *self = Self::new(Instant::now());
        }
    }
}
