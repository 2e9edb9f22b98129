//! The pure half of an adapter: render an item, and read it back.

use offercast_contract::{
    Channel, Facts, Instant, Mechanic, Projection, Reading, Sku, Template, Terms, View,
};

/// One item as it is to be shown at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The channel that shows it.
    pub channel: &'a Channel,
    /// The view it is shown in.
    pub view: &'a View,
    /// The SKU.
    pub sku: &'a Sku,
    /// What the product is.
    pub facts: &'a Facts,
    /// The terms that hold.
    pub terms: &'a Terms,
    /// Until when they hold, exclusive, where that is known.
    pub until: Option<Instant>,
}

/// What an adapter renders: a fragment, a payload, a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// The bytes, in the format of the family.
    pub body: Vec<u8>,
}

/// How a channel comes to show the next terms when a boundary passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switching {
    /// It evaluates time itself, or is asked for each reading (pulled).
    ByItself,
    /// It must be given the new terms at the boundary.
    AtBoundary,
}

/// Why an item could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The template is not acceptable: syntax, recursion, unknown names.
    #[error("template {name}: {reason}")]
    Template {
        /// Which template.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// These terms cannot be represented in this channel.
    #[error("cannot be shown: {0}")]
    NotRepresentable(String),
}

/// An artefact that does not parse as what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable: {0}")]
pub struct Unreadable(pub String);

/// A template, checked and ready to render.
pub trait Renderer: Send + Sync {
    /// Renders one item.
    fn render(&self, shown: &Shown<'_>) -> Result<Artefact, RenderError>;
}

/// A family of channels. Pure: no I/O and no clock, so the server can show what
/// an adapter elsewhere shows.
pub trait Family: Send + Sync + 'static {
    /// The name used in channel declarations: `site`, `app`, `till`.
    fn name(&self) -> &'static str;

    /// The media type of a single artefact, with charset.
    fn media_type(&self) -> &'static str;

    /// How its channels pass a boundary.
    fn switching(&self) -> Switching;

    /// What the format can show: the projection that a channel of this family
    /// has unless it declares more omissions.
    fn projection(&self) -> Projection;

    /// Whether a channel of this family charges by itself what a promotion of
    /// this mechanic says, or else why not. A channel that takes what a basket
    /// costs from the quote can charge everything, and is declared so
    /// ([`Channel::calls_quote`]).
    fn can_charge(&self, mechanic: &Mechanic) -> Result<(), String>;

    /// Checks and compiles a template.
    fn compile(&self, template: &Template) -> Result<Box<dyn Renderer>, RenderError>;

    /// Reads an artefact back as a customer or a machine would, by a path that
    /// shares nothing with rendering. Where the artefact says a thing more than
    /// once (text, attributes, JSON-LD), all must agree.
    fn read_back(
        &self,
        channel: &Channel,
        view: &View,
        artefact: &Artefact,
    ) -> Result<Reading, Unreadable>;
}
