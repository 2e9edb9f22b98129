//! What adapters on this machine need beside their channel's declaration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use offercast_contract::ChannelId;
use serde::Deserialize;

use super::value;

/// Settings by channel.
pub(crate) type Adapters = BTreeMap<ChannelId, Adapter>;

/// The settings of one channel's adapter: only what belongs to the machine it
/// runs on. What the channel shows is declared in the log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adapter {
    /// Where a channel that takes files gets them: the till's exchange
    /// directory.
    #[serde(default, deserialize_with = "value::some_path")]
    pub(crate) directory: Option<PathBuf>,
    /// Where a channel that can be read is read: the shop's own address, as a
    /// customer reaches it, without a slash at the end.
    #[serde(default, deserialize_with = "value::some_http_url")]
    pub(crate) observe_url: Option<String>,
    /// Where the adapter keeps its state. Default `adapters/CHANNEL` in
    /// `data_dir`.
    #[serde(default, deserialize_with = "value::some_path")]
    pub(crate) state_dir: Option<PathBuf>,
}
