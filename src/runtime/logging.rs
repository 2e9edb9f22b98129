//! Logs go to standard error, so that a command's output stays its own.

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Logging};

/// Starts logging. A second call in one process changes nothing.
pub(crate) fn start_logging(logging: &Logging) {
    let filter = EnvFilter::new(&logging.filter);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _ = match logging.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.try_init(),
    };
}
