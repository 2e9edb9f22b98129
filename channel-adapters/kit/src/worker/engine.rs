//! Rendering what is marked: the blocking half of the worker.

use std::sync::{Arc, Mutex, PoisonError};

use offercast_contract::compare::judge;
use offercast_contract::{
    Channel, ChannelId, Instant, Item, Mode, Position, Sku, Template, View, compare, project,
};

use crate::family::{Artefact, Family, RenderError, Renderer, Shown};
use crate::present::{Presented, present_item};
use crate::state::{Outcome, Show, State, StateError};

/// A family with the state of one of its channels.
pub(super) struct Engine {
    pub(super) family: Arc<dyn Family>,
    pub(super) state: Arc<State>,
    renderer: Mutex<Option<(Template, Arc<dyn Renderer>)>>,
}

/// Stands in for a template that does not compile: every item is held, with
/// the template's error as the reason.
struct Refused(RenderError);

impl Renderer for Refused {
    fn render(&self, _shown: &Shown<'_>) -> Result<Artefact, RenderError> {
        Err(self.0.clone())
    }
}

impl Engine {
    pub(super) fn new(family: Arc<dyn Family>, state: Arc<State>) -> Self {
        Self {
            family,
            state,
            renderer: Mutex::new(None),
        }
    }

    /// The channel, unless it is not declared yet.
    pub(super) fn channel(&self, id: &ChannelId) -> Result<Option<Channel>, StateError> {
        let channel = self.state.channel()?;
        Ok(channel.filter(|channel| channel.id == *id))
    }

    /// Renders at most `limit` marked SKUs as of `now`; returns how many.
    pub(super) fn render_slice(&self, now: Instant, limit: usize) -> Result<usize, StateError> {
        let (Some(channel), Some(held)) = (self.state.channel()?, self.state.held()?) else {
            return Ok(0);
        };
        if channel.mode == Mode::Paused {
            return Ok(0);
        }
        let ended = self.state.is_ended()?;
        let renderer = self.renderer(&channel.template);
        let mut outcomes = Vec::new();
        for (sku, force) in self.state.dirty(limit)? {
            let item = match ended {
                true => None,
                false => self.state.item(&sku)?,
            };
            let outcome = match item {
                Some(item) => {
                    self.outcome(&channel, renderer.as_ref(), &held.position, &item, now)?
                }
                None => nothing(&channel, sku),
            };
            outcomes.push((outcome, force));
        }
        if !outcomes.is_empty() {
            self.state.record(&outcomes)?;
        }
        Ok(outcomes.len())
    }

    fn renderer(&self, template: &Template) -> Arc<dyn Renderer> {
        let mut cached = self.renderer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, renderer)) = &*cached
            && of == template
        {
            return Arc::clone(renderer);
        }
        let renderer: Arc<dyn Renderer> = match self.family.compile(template) {
            Ok(renderer) => Arc::from(renderer),
            Err(error) => Arc::new(Refused(error)),
        };
        *cached = Some((template.clone(), Arc::clone(&renderer)));
        renderer
    }

    fn outcome(
        &self,
        channel: &Channel,
        renderer: &dyn Renderer,
        position: &Position,
        item: &Item,
        now: Instant,
    ) -> Result<Outcome, StateError> {
        // A clock that is a little behind must not look before the window.
        let at = now.max(position.horizon.from());
        let mut views = Vec::with_capacity(channel.views.len());
        for view in &channel.views {
            let presented = present_item(
                self.family.as_ref(),
                renderer,
                channel,
                item,
                position.horizon,
                view,
                at,
            );
            let show = match presented {
                Presented::Shown {
                    artefact, claims, ..
                } => Show::This { artefact, claims },
                Presented::NotSold | Presented::NotCarried | Presented::Hidden { .. } => {
                    Show::Nothing
                }
                Presented::Held { reason } => {
                    self.hold(channel, position, item, view, at, reason)?
                }
            };
            views.push((view.clone(), show));
        }
        let next_boundary = channel
            .views
            .iter()
            .filter_map(|view| item.timeline(view)?.next_boundary(at))
            .min();
        Ok(Outcome {
            sku: item.sku.clone(),
            views,
            next_boundary,
        })
    }

    /// What is shown stays only while the new terms equal it.
    fn hold(
        &self,
        channel: &Channel,
        position: &Position,
        item: &Item,
        view: &View,
        at: Instant,
        reason: String,
    ) -> Result<Show, StateError> {
        let Some(shown) = self.state.shown_claims(view, &item.sku)? else {
            return Ok(Show::Hold { reason });
        };
        let segment = item.timeline(view).and_then(|timeline| timeline.at(at));
        let stays = match (&item.facts, segment) {
            (Some(facts), Some(segment)) if at < position.horizon.until() => {
                segment.terms.as_ref().is_some_and(|terms| {
                    let expected = project(channel, &item.sku, facts, terms, segment.until);
                    let differences = compare(&expected, &shown);
                    judge(channel, &item.sku, at, &differences).counts_as_shown()
                })
            }
            _ => false,
        };
        Ok(if stays {
            Show::Keep { reason }
        } else {
            Show::Hold { reason }
        })
    }
}

fn nothing(channel: &Channel, sku: Sku) -> Outcome {
    Outcome {
        sku,
        views: channel
            .views
            .iter()
            .map(|view| (view.clone(), Show::Nothing))
            .collect(),
        next_boundary: None,
    }
}
