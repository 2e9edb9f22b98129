//! What the relay says about itself, and saying it once.

use std::error::Error;

use tokio::sync::watch;

/// What the relay does at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayState {
    /// Another process holds the lease.
    Standby,
    /// Holds the lease, beats, and waits for adapters to answer before it
    /// publishes for the first time.
    Checking,
    /// Publishes what is pending.
    Publishing,
    /// Beats, and publishes nothing until a person acts. In words why.
    Halted(String),
    /// Something did not work and is tried again. In words what and why.
    Failing(String),
}

/// The relay's status, for the board and the health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayStatus {
    /// What it does.
    pub state: RelayState,
    /// The mark as this process knows it; 0 before it held the lease.
    pub published: u64,
}

/// Holds the status and logs its changes.
pub(super) struct StatusBoard(watch::Sender<RelayStatus>);

impl StatusBoard {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(RelayStatus {
            state: RelayState::Standby,
            published: 0,
        }))
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<RelayStatus> {
        self.0.subscribe()
    }

    pub(super) fn published(&self, sequence: u64) {
        self.0.send_if_modified(|status| {
            let changed = status.published != sequence;
            status.published = sequence;
            changed
        });
    }

    pub(super) fn fail(&self, what: &str, error: &(dyn Error + 'static)) {
        self.set(RelayState::Failing(format!(
            "could not {what}: {}",
            chain(error)
        )));
    }

    /// Sets the state. Logs when its kind changes; another reason for the same
    /// kind of trouble is not news.
    pub(super) fn set(&self, state: RelayState) {
        self.0.send_if_modified(|status| {
            if status.state == state {
                return false;
            }
            let same_kind = std::mem::discriminant(&status.state) == std::mem::discriminant(&state);
            if !same_kind {
                log(&state);
            }
            status.state = state;
            true
        });
    }
}

fn log(state: &RelayState) {
    match state {
        RelayState::Standby => {
            tracing::info!("the relay stands by, another process holds the lease")
        }
        RelayState::Checking => {
            tracing::info!("the relay waits for adapters to say what they hold");
        }
        RelayState::Publishing => tracing::info!("the relay publishes"),
        RelayState::Halted(reason) => {
            tracing::error!(reason, "the relay publishes nothing until a person acts");
        }
        RelayState::Failing(reason) => {
            tracing::warn!(reason, "the relay tries again until it works")
        }
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
