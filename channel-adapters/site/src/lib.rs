//! The site: an HTML fragment with schema.org JSON-LD for each item, pulled by
//! the shop's pages.
//!
//! `mapping` turns terms into what the template needs, `structured` into
//! JSON-LD, and `read_back` reads the fragment three ways (the `value`
//! attributes, the visible text, the JSON-LD), all of which must agree.
//!
//! Deliberately absent: prices (terms come ready), a page around the fragment,
//! styles (the classes `oc-…` are for the shop's own sheet), and a client: the
//! site asks for each reading.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod mapping;
mod read_back;
mod structured;

use std::sync::Arc;

use offercast_contract::{Channel, Mechanic, Projection, Reading, Template, View};
use offercast_kit::templates::{Compiled, Rules, html_escape};
use offercast_kit::wording::Wordings;
use offercast_kit::{Artefact, Family, RenderError, Renderer, Shown, Switching, Unreadable};

/// The name of the template below `templates/channels`.
pub const TEMPLATE_NAME: &str = "site.hbs";

/// The template that a new channel of this family starts with.
#[must_use]
pub fn default_template() -> Template {
    Template::new(
        TEMPLATE_NAME,
        include_str!("../../../templates/channels/site.hbs"),
    )
}

/// The family `site`.
#[derive(Debug, Default, Clone)]
pub struct Site {
    wordings: Arc<Wordings>,
}

impl Site {
    /// The family.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Family for Site {
    fn name(&self) -> &'static str {
        "site"
    }

    fn media_type(&self) -> &'static str {
        "text/html; charset=utf-8"
    }

    fn switching(&self) -> Switching {
        Switching::ByItself
    }

    /// Everything has a place on the site.
    fn projection(&self) -> Projection {
        Projection::default()
    }

    /// The site's checkout asks for a quote.
    fn can_charge(&self, _mechanic: &Mechanic) -> Result<(), String> {
        Ok(())
    }

    fn compile(&self, template: &Template) -> Result<Box<dyn Renderer>, RenderError> {
        let rules = Rules {
            escape: html_escape,
            helpers: &[],
        };
        Ok(Box::new(SiteRenderer {
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

struct SiteRenderer {
    compiled: Compiled,
    wordings: Arc<Wordings>,
}

impl Renderer for SiteRenderer {
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
