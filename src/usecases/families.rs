//! The channel families that this process knows, and their compiled templates.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use offercast_contract::{Channel, Hash};
use offercast_kit::{Family, RenderError, Renderer};

/// A registry of families. The binary fills it; nothing else names one.
#[derive(Default)]
pub struct Families {
    families: BTreeMap<&'static str, Arc<dyn Family>>,
    /// Compiled templates. There are as many as channels have had in this
    /// process's life: few.
    renderers: RwLock<BTreeMap<(String, Hash), Arc<dyn Renderer>>>,
}

impl Families {
    /// A registry of these families.
    #[must_use]
    pub fn new(families: Vec<Arc<dyn Family>>) -> Self {
        Self {
            families: families
                .into_iter()
                .map(|family| (family.name(), family))
                .collect(),
            renderers: RwLock::default(),
        }
    }

    /// The family of that name. A family that only a foreign adapter serves is
    /// unknown here.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Family>> {
        self.families.get(name)
    }

    /// The compiled template of a channel whose family is known.
    pub fn renderer(&self, channel: &Channel) -> Result<Arc<dyn Renderer>, RenderError> {
        let key = (channel.family.clone(), channel.template.sha256);
        let known = self
            .renderers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(renderer) = known.get(&key) {
            return Ok(Arc::clone(renderer));
        }
        drop(known);
        let family = self
            .get(&channel.family)
            .ok_or_else(|| RenderError::Template {
                name: channel.template.name.clone(),
                reason: format!("family {} is not served by this process", channel.family),
            })?;
        let renderer: Arc<dyn Renderer> = Arc::from(family.compile(&channel.template)?);
        let mut known = self
            .renderers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(key, Arc::clone(&renderer));
        Ok(renderer)
    }
}
