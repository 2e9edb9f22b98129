//! What happens, for those who watch.

use offercast_contract::{ChannelId, Position};

/// Something that the board shows has changed.
#[derive(Debug, Clone)]
pub enum Event {
    /// The head moved.
    Head(Position),
    /// A channel answered.
    Channel(ChannelId),
    /// Somebody froze, resumed, opened an epoch; or an audit went on.
    Control,
}
