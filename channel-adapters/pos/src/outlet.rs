//! The outlet: one goods file per store, in a directory that the tills read.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use offercast_contract::{Channel, Field, Position, Sku, View};
use offercast_kit::outlet::{
    Content, Delivered, DeliveryError, DeliveryJob, Observation, ObservationError, ObservedItem,
    ViewChanges, Which,
};
use offercast_kit::{Artefact, Family, Outlet, Unreadable};
use serde::Deserialize;

use crate::family::Till;
use crate::file::GoodsFile;

/// Where the tills look for their files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TillConfig {
    /// The directory; each store has a directory in it, named after its zone,
    /// else after the market.
    pub directory: PathBuf,
}

/// Goods files in a directory.
#[derive(Debug, Clone)]
pub struct TillOutlet {
    directory: PathBuf,
}

impl TillOutlet {
    /// An outlet that writes where `config` says.
    #[must_use]
    pub fn new(config: TillConfig) -> Self {
        Self {
            directory: config.directory,
        }
    }

    /// The goods file of a view.
    #[must_use]
    pub fn file(&self, view: &View) -> GoodsFile {
        GoodsFile::new(self.directory.join(store(view)))
    }
}

fn store(view: &View) -> &str {
    match &view.zone {
        Some(zone) => zone.as_str(),
        None => view.market.as_str(),
    }
}

#[async_trait]
impl Outlet for TillOutlet {
    fn lists(&self) -> bool {
        true
    }

    async fn deliver(&self, job: DeliveryJob<'_>) -> Result<Delivered, DeliveryError> {
        for (index, view) in job.channel.views.iter().enumerate() {
            let earlier = job.channel.views[..index].iter();
            if let Some(other) = earlier
                .into_iter()
                .find(|other| store(other) == store(view))
            {
                return Err(DeliveryError::Failed(format!(
                    "{other} and {view} would share one goods file: a till has one price for a ware"
                )));
            }
        }
        for changes in job.views {
            let (file, changes) = (self.file(&changes.view), changes.clone());
            let content = Arc::clone(&job.content);
            tokio::task::spawn_blocking(move || write(&file, &changes, content.as_ref()))
                .await
                .map_err(|error| DeliveryError::Failed(error.to_string()))??;
        }
        Ok(Delivered::default())
    }

    async fn observe(
        &self,
        channel: &Channel,
        view: &View,
        which: Which<'_>,
        _position: Position,
    ) -> Result<Observation, ObservationError> {
        let (file, channel, of) = (self.file(view), channel.clone(), view.clone());
        let read = tokio::task::spawn_blocking(move || {
            let mut items = Vec::new();
            let goods = file.read(&mut |number, line| {
                items.extend(item(&channel, &of, number, line));
            })?;
            let Some(goods) = goods else {
                return Ok(None);
            };
            items.iter_mut().for_each(|item: &mut ObservedItem| {
                // We never write both; which one the till does last is its secret.
                if goods.deleted.contains(&item.sku) {
                    let reason = "the file deletes this code as well";
                    item.reading = Err(Unreadable(reason.to_owned()));
                }
            });
            Ok::<_, io::Error>(Some((items, goods.is_taken)))
        });
        let read = read
            .await
            .map_err(|error| ObservationError(error.to_string()))?;
        let read = read.map_err(|error| ObservationError(error.to_string()))?;
        let name = store(view);
        let (mut items, is_taken, note) = match read {
            Some((items, true)) => (items, true, None),
            Some((items, false)) => {
                let note = format!("the till of {name} has not taken its goods file yet");
                (items, false, Some(note))
            }
            None => (Vec::new(), false, Some(format!("{name} has no goods file"))),
        };
        if let Which::Only(skus) = which {
            items.retain(|item| skus.contains(&item.sku));
        }
        Ok(Observation::Read {
            items,
            is_live: is_taken,
            note,
        })
    }
}

/// Carries the failures of writing through [`GoodsFile::write`].
struct Failed(DeliveryError);

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self(DeliveryError::Failed(error.to_string()))
    }
}

fn write(
    file: &GoodsFile,
    changes: &ViewChanges,
    content: &dyn Content,
) -> Result<(), DeliveryError> {
    let deleted = deletions(file, changes, content).map_err(|Failed(error)| error)?;
    let written = file.write::<Failed>(&deleted, |line| {
        let mut each = |_: &Sku, artefact: Artefact| {
            line(&artefact.body).map_err(|error| DeliveryError::Failed(error.to_string()))
        };
        content.for_each(&changes.view, &mut each).map_err(Failed)
    });
    written.map_err(|Failed(error)| match error {
        DeliveryError::Failed(reason) => {
            DeliveryError::Failed(format!("{}: {reason}", file.path().display()))
        }
        other => other,
    })
}

/// The codes to be deleted: what is withdrawn now, and what an earlier file
/// would have deleted that the till has not taken, so far as anybody knows: a
/// deletion too many does no harm, one too few sells what is not sold any more.
fn deletions(
    file: &GoodsFile,
    changes: &ViewChanges,
    content: &dyn Content,
) -> Result<BTreeSet<Sku>, Failed> {
    let mut deleted: BTreeSet<Sku> = changes.withdrawn.iter().cloned().collect();
    let is_taken = match file.read(&mut |_, _| {}) {
        Ok(Some(goods)) if goods.is_taken => true,
        Ok(goods) => {
            deleted.extend(goods.into_iter().flat_map(|goods| goods.deleted));
            false
        }
        // Not a goods file any more: it is replaced.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => false,
        Err(error) => return Err(error.into()),
    };
    if !is_taken {
        deleted.extend(file.remembered()?);
    }
    let mut kept = BTreeSet::new();
    for sku in deleted {
        let shown = content.artefact(&changes.view, &sku);
        if shown.map_err(|error| Failed(error.into()))?.is_none() {
            kept.insert(sku);
        }
    }
    Ok(kept)
}

/// What a ware line says.
fn item(channel: &Channel, view: &View, number: usize, line: &[u8]) -> Option<ObservedItem> {
    let artefact = Artefact {
        body: line.to_vec(),
    };
    let reading = Till.read_back(channel, view, &artefact);
    let named = match &reading {
        Ok(claims) => claims
            .field(Field::Sku)
            .and_then(|sku| Sku::parse(sku).ok()),
        Err(_) => code(line),
    };
    // A line without a legible code is still a line that the till would load;
    // it is told by its number.
    let sku = named.or_else(|| Sku::parse(&format!("line-{number}")).ok())?;
    Some(ObservedItem {
        sku,
        revision: None,
        reading: reading.map(Some),
    })
}

fn code(line: &[u8]) -> Option<Sku> {
    let end = line.iter().position(|byte| *byte == b';')?;
    Sku::parse(std::str::from_utf8(&line[..end]).ok()?).ok()
}
