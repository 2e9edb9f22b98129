//! The app: a JSON document for each item, pulled by the shop's app.
//!
//! Money is a decimal string with its currency; beside each value stands the
//! text that the screen shows, in the channel's locale. `mapping` turns terms
//! into what the template needs; `read_back` reads the document with a strict
//! parser, reads the display texts as a customer would, and both must agree.
//!
//! Deliberately absent: prices (terms come ready), push messages, and a client:
//! the app asks for each reading.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod document;
mod mapping;
mod read_back;

use std::sync::Arc;

use offercast_contract::{Channel, Mechanic, Projection, Reading, Template, View};
use offercast_kit::templates::{Compiled, Rules, json_escape};
use offercast_kit::wording::Wordings;
use offercast_kit::{Artefact, Family, RenderError, Renderer, Shown, Switching, Unreadable};

/// The name of the template below `templates/channels`.
pub const TEMPLATE_NAME: &str = "app.hbs";

/// The template that a new channel of this family starts with.
#[must_use]
pub fn default_template() -> Template {
    Template::new(
        TEMPLATE_NAME,
        include_str!("../../../templates/channels/app.hbs"),
    )
}

/// The family `app`.
#[derive(Debug, Default, Clone)]
pub struct App {
    wordings: Arc<Wordings>,
}

impl App {
    /// The family.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Family for App {
    fn name(&self) -> &'static str {
        "app"
    }

    fn media_type(&self) -> &'static str {
        "application/json; charset=utf-8"
    }

    fn switching(&self) -> Switching {
        Switching::ByItself
    }

    /// Everything has a place in the document.
    fn projection(&self) -> Projection {
        Projection::default()
    }

    /// The app's checkout asks for a quote.
    fn can_charge(&self, _mechanic: &Mechanic) -> Result<(), String> {
        Ok(())
    }

    fn compile(&self, template: &Template) -> Result<Box<dyn Renderer>, RenderError> {
        let rules = Rules {
            escape: json_escape,
            helpers: &[],
        };
        Ok(Box::new(AppRenderer {
            compiled: Compiled::new(template, &rules)?,
            wordings: Arc::clone(&self.wordings),
        }))
    }

    fn read_back(
        &self,
        channel: &Channel,
        _view: &View,
        artefact: &Artefact,
    ) -> Result<Reading, Unreadable> {
        read_back::read(channel, &artefact.body)
    }
}

struct AppRenderer {
    compiled: Compiled,
    wordings: Arc<Wordings>,
}

impl Renderer for AppRenderer {
    fn render(&self, shown: &Shown<'_>) -> Result<Artefact, RenderError> {
        let wording = self
            .wordings
            .of(shown.channel)
            .map_err(|error| RenderError::NotRepresentable(error.to_string()))?;
        let context = mapping::context(shown, &wording)?;
        let body = self.compiled.render(&context)?.into_bytes();
        Ok(Artefact { body })
    }
}
