//! Folding revisions and moves of the horizon: what differs, and the digests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;

use offercast_contract::digest::item_hash;
use offercast_contract::{Digest, Hash, Horizon, Instant, Item, Sku, StateDigest, Timeline, View};
use offercast_domain::revision::{Delta, Revision};

use crate::Book;
use crate::affected::affected;
use crate::read::Frame;

/// The state digest of every declared view. Clones share; a digest is copied
/// only where it changes while somebody else holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    views: BTreeMap<View, Arc<StateDigest>>,
}

impl Digests {
    /// The digest of a view.
    #[must_use]
    pub fn get(&self, view: &View) -> Option<&StateDigest> {
        self.views.get(view).map(Arc::as_ref)
    }

    /// The digest of everything per view, as updates and beats carry it.
    #[must_use]
    pub fn roots(&self) -> BTreeMap<View, Digest> {
        let root = |(view, digest): (&View, &Arc<StateDigest>)| (view.clone(), digest.root());
        self.views.iter().map(root).collect()
    }

    /// Keeps the views of `book` and no others.
    fn declare(&mut self, book: &Book) {
        self.views
            .retain(|view, _| book.views().binary_search(view).is_ok());
        for view in book.views() {
            self.views.entry(view.clone()).or_default();
        }
    }
}

/// The state after an update.
#[derive(Debug, Clone)]
pub struct Folded {
    /// The book.
    pub book: Book,
    /// Exactly the SKUs whose item differs, sorted.
    pub changed: Vec<Sku>,
    /// The digests.
    pub digests: Digests,
    /// The horizon that both are resolved over.
    pub horizon: Horizon,
}

impl Folded {
    /// The items of the update, sorted by SKU. They are resolved one by one, so
    /// that a first load of a million SKUs is never held as items.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        let views = self.book.views();
        let frames = Frame::all(&self.book, views, self.horizon);
        self.changed
            .iter()
            .map(move |sku| self.book.item_in(sku, views, &frames))
    }
}

/// Folds a revision into the book and the digests, which must be those of
/// `old` over `horizon`, in time proportional to what the revision affects.
#[must_use]
pub fn fold(
    old: &Book,
    revision: &Revision,
    delta: &Delta,
    horizon: Horizon,
    digests: Digests,
) -> Folded {
    let book = old.apply(revision, delta);
    let candidates = affected(old, &book, delta);
    let before = Side { book: old, horizon };
    let after = Side {
        book: &book,
        horizon,
    };
    let (changed, digests) = advance(&before, &after, &candidates, digests);
    Folded {
        book,
        changed,
        digests,
        horizon,
    }
}

/// Moves the horizon of a book whose digests are those over `old`: only SKUs
/// with boundaries in the days that came or went can differ.
#[must_use]
pub fn move_horizon(book: &Book, old: Horizon, new: Horizon, digests: Digests) -> Folded {
    let (earlier, later) = (old.min(new), old.max(new));
    // A boundary at the very start of a window is inside no timeline of it.
    let after = |at: Instant| at.plus_micros(1);
    let mut candidates = book.with_boundaries_between(after(earlier.from()), after(later.from()));
    candidates.append(&mut book.with_boundaries_between(earlier.until(), later.until()));
    let before = Side { book, horizon: old };
    let moved = Side { book, horizon: new };
    let (changed, digests) = advance(&before, &moved, &candidates, digests);
    Folded {
        book: book.clone(),
        changed,
        digests,
        horizon: new,
    }
}

/// The digests of a book, computed in full.
#[must_use]
pub fn digests(book: &Book, horizon: Horizon) -> Digests {
    let empty = Book::empty();
    let nothing = Side {
        book: &empty,
        horizon,
    };
    let everything = Side { book, horizon };
    let candidates: BTreeSet<Sku> = book.skus().cloned().collect();
    advance(&nothing, &everything, &candidates, Digests::default()).1
}

/// A book and what it is resolved over.
struct Side<'b> {
    book: &'b Book,
    horizon: Horizon,
}

/// What an update does to one SKU's element of one view.
struct Step {
    new: Option<Hash>,
    old: Option<Hash>,
    view: usize,
}

/// What an update does to one SKU.
struct Effect {
    is_changed: bool,
    steps: Vec<Step>,
}

fn advance(
    before: &Side<'_>,
    after: &Side<'_>,
    candidates: &BTreeSet<Sku>,
    mut digests: Digests,
) -> (Vec<Sku>, Digests) {
    digests.declare(after.book);
    let skus: Vec<&Sku> = candidates.iter().collect();
    let compare = Compare::new(before, after);
    let effects = in_parallel(&skus, |sku| compare.effect(sku));
    let mut changed = Vec::new();
    for (sku, effect) in skus.into_iter().zip(effects) {
        for step in effect.steps {
            let view = after.book.views().get(step.view);
            if let Some(digest) = view.and_then(|view| digests.views.get_mut(view)) {
                Arc::make_mut(digest).replace(sku, step.old.as_ref(), step.new.as_ref());
            }
        }
        if effect.is_changed {
            changed.push(sku.clone());
        }
    }
    (changed, digests)
}

/// Compares SKUs between two sides, with all views looked up once.
struct Compare<'b> {
    after: &'b Side<'b>,
    before: &'b Side<'b>,
    new_frames: Vec<Option<Frame<'b>>>,
    /// For each new view, its place among the old ones.
    old_at: Vec<Option<usize>>,
    old_frames: Vec<Option<Frame<'b>>>,
    /// Places of old views that are gone.
    gone: Vec<usize>,
}

impl<'b> Compare<'b> {
    fn new(before: &'b Side<'b>, after: &'b Side<'b>) -> Self {
        let (old, new) = (before.book.views(), after.book.views());
        let is_gone = |at: &usize| old.get(*at).is_some_and(|view| !new.contains(view));
        Self {
            after,
            before,
            new_frames: Frame::all(after.book, new, after.horizon),
            old_at: new
                .iter()
                .map(|view| old.binary_search(view).ok())
                .collect(),
            old_frames: Frame::all(before.book, old, before.horizon),
            gone: (0..old.len()).filter(is_gone).collect(),
        }
    }

    fn effect(&self, sku: &Sku) -> Effect {
        let (old_facts, old) = resolved(self.before, sku, &self.old_frames);
        let (new_facts, new) = resolved(self.after, sku, &self.new_frames);
        let none = Timeline::default();
        let is_sold = |timelines: &[Timeline]| timelines.iter().any(|line| !line.is_empty());
        let facts_differ = old_facts != new_facts && (is_sold(&old) || is_sold(&new));
        let lost = |at: &usize| old.get(*at).is_some_and(|line| !line.is_empty());
        let mut is_changed = facts_differ || self.gone.iter().any(lost);
        let mut steps = Vec::new();
        // A SKU that a side does not hold has no timelines there.
        for (view, old_at) in self.old_at.iter().enumerate() {
            let new = new.get(view).unwrap_or(&none);
            let old = old_at.and_then(|at| old.get(at)).unwrap_or(&none);
            if old == new && (!facts_differ || new.is_empty()) {
                continue;
            }
            is_changed = true;
            steps.push(Step {
                new: element(sku, new_facts, new),
                old: element(sku, old_facts, old),
                view,
            });
        }
        Effect { is_changed, steps }
    }
}

/// The hash of a SKU's facts and its timelines, one per frame.
fn resolved(
    side: &Side<'_>,
    sku: &Sku,
    frames: &[Option<Frame<'_>>],
) -> (Option<Hash>, Vec<Timeline>) {
    let Some(entry) = side.book.entry(sku) else {
        return (None, Vec::new());
    };
    let facts = entry.product.as_ref().map(|stored| stored.facts_hash());
    (facts, side.book.timelines_in(entry, frames))
}

/// What a SKU adds to the digest of a view: nothing without terms.
fn element(sku: &Sku, facts: Option<Hash>, timeline: &Timeline) -> Option<Hash> {
    let facts = facts.filter(|_| !timeline.is_empty())?;
    Some(item_hash(sku, &facts, timeline))
}

/// From so many SKUs on, all cores work.
const PARALLEL_FROM: usize = 10_000;

/// Maps in the order of `items`, whatever the number of threads.
fn in_parallel<T: Send>(items: &[&Sku], work: impl Fn(&Sku) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    if items.len() <= PARALLEL_FROM || threads == 1 {
        return items.iter().map(|sku| work(sku)).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = items
            .chunks(items.len().div_ceil(threads))
            .map(|chunk| scope.spawn(move || chunk.iter().map(|sku| work(sku)).collect::<Vec<T>>()))
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for thread in running {
            match thread.join() {
                Ok(part) => all.extend(part),
                // A panic in a worker is a panic here.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}
