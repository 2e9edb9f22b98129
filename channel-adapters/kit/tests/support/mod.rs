//! A source of truth, a carrier, an outside and a clock for tests.
#![allow(dead_code, unreachable_pub)] // Each test file uses a part of it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use offercast_contract::digest::{facts_hash, item_hash};
use offercast_contract::message::{Answer, PullPage, encode, items_sha256};
use offercast_contract::{
    Acknowledgement, Beat, Channel, ChannelId, Claims, Digest, Field, Hash, Horizon, Instant, Item,
    Mechanic, Message, Payload, Position, Projection, Reading, Sku, Template, Terms, Timeline,
    Update, View,
};
use offercast_kit::outlet::{
    Delivered, DeliveryError, DeliveryJob, Observation, ObservationError, ObservedItem, Which,
};
use offercast_kit::state::State;
use offercast_kit::templates::{Compiled, Rules, no_escape};
use offercast_kit::{
    Acker, Artefact, Carrier, Clock, Delivery, Family, Options, Outlet, PortError, Ports,
    PullRequest, RenderError, Renderer, Shown, Source, Switching, Unreadable, WorkerError, samples,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How long a test waits for what must come: only a failing one so long.
pub const PATIENCE: Duration = Duration::from_secs(100);

/// `sku;price`, which a template may get wrong.
pub struct Plain;

/// Drops the price 6.66.
pub const TEMPLATE: &str = "{{sku}};{{#if (eq price \"6.66\")}}0.00{{else}}{{price}}{{/if}}";

impl Family for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn media_type(&self) -> &'static str {
        "text/plain; charset=utf-8"
    }

    fn switching(&self) -> Switching {
        Switching::AtBoundary
    }

    fn projection(&self) -> Projection {
        use Field::*;
        let implied = [Conditional, Currency, Deposit, SaleUnit, Tax];
        Projection {
            implied: implied.map(|field| (field, "test".to_owned())).into(),
            omits: [
                Name, Offer, Prior, Promotion, Reduction, Reference, Regular, UnitPrice, Until,
            ]
            .into(),
        }
    }

    fn can_charge(&self, _: &Mechanic) -> Result<(), String> {
        Ok(())
    }

    fn compile(&self, template: &Template) -> Result<Box<dyn Renderer>, RenderError> {
        let rules = Rules {
            escape: no_escape,
            helpers: &[],
        };
        Ok(Box::new(PlainRenderer(Compiled::new(template, &rules)?)))
    }

    fn read_back(&self, _: &Channel, _: &View, artefact: &Artefact) -> Result<Reading, Unreadable> {
        let text = String::from_utf8_lossy(&artefact.body).into_owned();
        let (sku, price) = text
            .split_once(';')
            .ok_or_else(|| Unreadable(text.clone()))?;
        let mut claims = Claims::default();
        claims.set(Field::Sku, sku);
        claims.set(Field::Price, price);
        Ok(claims)
    }
}

struct PlainRenderer(Compiled);

impl Renderer for PlainRenderer {
    fn render(&self, shown: &Shown<'_>) -> Result<Artefact, RenderError> {
        let data = serde_json::json!({
            "sku": shown.sku.as_str(),
            "price": shown.terms.price.to_string(),
        });
        let body = self.0.render(&data)?.into_bytes();
        Ok(Artefact { body })
    }
}

pub fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

pub fn view() -> View {
    samples::view().unwrap()
}

/// An item at constant prices between boundaries: `(from, price)`.
pub fn item(text: &str, prices: &[(Option<Instant>, &str)]) -> Item {
    let plain = samples::plain().unwrap();
    let boundaries = prices.iter().filter_map(|(from, _)| *from).collect();
    let timeline = Timeline::build(samples::horizon(), boundaries, |at| {
        let (_, price) = prices
            .iter()
            .rfind(|(from, _)| from.is_none_or(|from| from <= at))?;
        Some(Terms {
            price: price.parse().unwrap(),
            ..plain.terms.clone()
        })
    });
    Item::new(sku(text), Some(plain.facts), vec![(view(), timeline)])
}

pub fn tombstone(text: &str) -> Item {
    Item::new(sku(text), None, Vec::new())
}

/// The source of truth: a list of states, one per revision.
pub struct World {
    pub channel: Channel,
    pub epoch: u64,
    states: Vec<BTreeMap<Sku, Item>>,
    salt: u64,
    pub page_items: usize,
    pub lie_about_state: bool,
}

impl World {
    pub fn new() -> Self {
        let template = Template::new("plain.hbs", TEMPLATE);
        Self {
            channel: samples::channel(&Plain, &template, "en").unwrap(),
            epoch: 1,
            states: vec![BTreeMap::new()],
            salt: 0,
            page_items: 3,
            lie_about_state: false,
        }
    }

    pub fn head(&self) -> Position {
        self.position(self.states.len() as u64 - 1)
    }

    pub fn position(&self, revision: u64) -> Position {
        Position {
            epoch: self.epoch,
            hash: Hash::of(&[&revision.to_be_bytes(), &self.salt.to_be_bytes()]),
            horizon: samples::horizon(),
            revision,
        }
    }

    /// Records a revision; returns its update.
    pub fn publish(&mut self, items: Vec<Item>) -> Update {
        let mut state = self.states.last().unwrap().clone();
        for item in &items {
            if item.facts.is_some() {
                state.insert(item.sku.clone(), item.clone());
            } else {
                state.remove(&item.sku);
            }
        }
        self.states.push(state);
        let mut items = items;
        items.sort_by(|a, b| a.sku.cmp(&b.sku));
        Update {
            after: self.position(self.head().revision - 1),
            at: self.head(),
            channels: Vec::new(),
            ended_channels: Vec::new(),
            items_sha256: items_sha256(&items),
            payload: Payload::Inline { items },
            recorded_at: samples::horizon().from(),
            resolver: 1,
            state: self.digests(self.head().revision),
        }
    }

    /// Goes back to an earlier revision, and on with another history.
    pub fn restore(&mut self, revision: u64) {
        self.states.truncate(revision as usize + 1);
    }

    pub fn other_history(&mut self) {
        self.salt += 1;
    }

    pub fn digests(&self, revision: u64) -> BTreeMap<View, Digest> {
        let mut digest = Digest::EMPTY;
        for item in self.states[revision as usize].values() {
            let facts = facts_hash(item.facts.as_ref().unwrap());
            digest.add(&item_hash(
                &item.sku,
                &facts,
                item.timeline(&view()).unwrap(),
            ));
        }
        if self.lie_about_state {
            digest.add(&Hash::of(&[b"lie"]));
        }
        BTreeMap::from([(view(), digest)])
    }

    pub fn beat(&self, number: i64) -> Beat {
        Beat {
            at: samples::horizon().from().plus_micros(number),
            frozen: false,
            head: self.head(),
            resolver: 1,
            state: self.digests(self.head().revision),
        }
    }

    pub fn page(&self, request: &PullRequest) -> PullPage {
        let at = request.at.unwrap_or_else(|| self.head());
        let new = &self.states[at.revision as usize];
        let after = request.after.filter(|after| {
            after.epoch == self.epoch
                && *after == self.position(after.revision)
                && after.revision < self.states.len() as u64
        });
        let items: Vec<Item> = match after {
            Some(after) => {
                let old = &self.states[after.revision as usize];
                let skus: BTreeSet<&Sku> = old.keys().chain(new.keys()).collect();
                let changed = skus
                    .into_iter()
                    .filter(|sku| old.get(*sku) != new.get(*sku));
                let item = |sku: &Sku| new.get(sku).cloned().unwrap_or(tombstone(sku.as_str()));
                changed.map(item).collect()
            }
            None => new.values().cloned().collect(),
        };
        let start: usize = request
            .cursor
            .as_ref()
            .map_or(0, |cursor| cursor.parse().unwrap());
        let end = items.len().min(start + self.page_items);
        let is_last = end == items.len();
        let page = items[start..end].to_vec();
        PullPage {
            at,
            channels: match start {
                0 => vec![self.channel.clone()],
                _ => Vec::new(),
            },
            items_sha256: items_sha256(&page),
            items: page,
            next: (!is_last).then(|| end.to_string()),
            resolver: 1,
            snapshot: after.is_none(),
            state: match is_last {
                true => self.digests(at.revision),
                false => BTreeMap::new(),
            },
        }
    }
}

pub struct FakeSource {
    pub world: Arc<Mutex<World>>,
    pub pulls: AtomicUsize,
    pub lose_pin_once: AtomicBool,
    pub away: AtomicBool,
}

#[async_trait]
impl Source for FakeSource {
    async fn pull(&self, request: &PullRequest) -> Result<PullPage, PortError> {
        self.pulls.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(PortError::Transient("away".to_owned()));
        }
        if request.cursor.is_some() && self.lose_pin_once.swap(false, Ordering::SeqCst) {
            return Err(PortError::PinLost);
        }
        Ok(self.world.lock().unwrap().page(request))
    }
}

pub struct FakeClock(pub AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// What customers see, and ways to break it.
#[derive(Default)]
pub struct FakeOutlet {
    pub shown: Mutex<BTreeMap<(View, Sku), Artefact>>,
    pub full: AtomicBool,
    pub deliveries: AtomicUsize,
    /// So many observations fail before one works.
    pub silences: AtomicUsize,
    pub unobservable: bool,
    pub lists: bool,
    /// What was withdrawn, by SKU, each time.
    pub withdrawn: Mutex<Vec<String>>,
}

impl FakeOutlet {
    pub fn prices(&self) -> Vec<String> {
        let shown = self.shown.lock().unwrap();
        let text = |artefact: &Artefact| String::from_utf8(artefact.body.clone()).unwrap();
        shown.values().map(text).collect()
    }
}

#[async_trait]
impl Outlet for FakeOutlet {
    fn lists(&self) -> bool {
        self.lists
    }

    async fn deliver(&self, job: DeliveryJob<'_>) -> Result<Delivered, DeliveryError> {
        self.deliveries.fetch_add(1, Ordering::SeqCst);
        if self.full.load(Ordering::SeqCst) {
            return Err(DeliveryError::Failed("disk full".to_owned()));
        }
        let mut shown = self.shown.lock().unwrap();
        for changes in job.views {
            for sku in &changes.withdrawn {
                self.withdrawn.lock().unwrap().push(sku.to_string());
                shown.remove(&(changes.view.clone(), sku.clone()));
            }
            for sku in &changes.upserts {
                let artefact = job.content.artefact(&changes.view, sku)?.unwrap();
                shown.insert((changes.view.clone(), sku.clone()), artefact);
            }
        }
        Ok(Delivered::default())
    }

    async fn observe(
        &self,
        channel: &Channel,
        view: &View,
        which: Which<'_>,
        _: Position,
    ) -> Result<Observation, ObservationError> {
        if self.unobservable {
            return Ok(Observation::NotObservable);
        }
        let silences = &self.silences;
        let one_less = |left: usize| left.checked_sub(1);
        if silences
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
        {
            return Err(ObservationError("503 Service Unavailable".to_owned()));
        }
        let shown = self.shown.lock().unwrap();
        let skus: Vec<Sku> = match which {
            Which::Only(skus) => skus.to_vec(),
            Which::All => shown.keys().map(|(_, sku)| sku.clone()).collect(),
        };
        let read = |sku: Sku| ObservedItem {
            reading: shown
                .get(&(view.clone(), sku.clone()))
                .map(|artefact| Plain.read_back(channel, view, artefact))
                .transpose(),
            revision: None,
            sku,
        };
        Ok(Observation::Read {
            items: skus.into_iter().map(read).collect(),
            is_live: true,
            note: None,
        })
    }
}

struct FakeCarrier {
    inbox: mpsc::UnboundedReceiver<Vec<u8>>,
    answers: mpsc::UnboundedSender<Answer>,
    acked: Arc<AtomicUsize>,
    deaf: Arc<AtomicBool>,
}

struct FakeAcker(Arc<AtomicUsize>);

#[async_trait]
impl Acker for FakeAcker {
    async fn ack(self: Box<Self>) -> Result<(), PortError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[async_trait]
impl Carrier for FakeCarrier {
    async fn receive(&mut self) -> Result<Delivery, PortError> {
        match self.inbox.recv().await {
            Some(bytes) => Ok(Delivery::new(
                bytes,
                Box::new(FakeAcker(Arc::clone(&self.acked))),
            )),
            None => std::future::pending().await,
        }
    }

    async fn answer(&mut self, answer: &Answer) -> Result<(), PortError> {
        if self.deaf.load(Ordering::SeqCst) {
            return Err(PortError::Transient("no confirm".to_owned()));
        }
        let _ = self.answers.send(answer.clone());
        Ok(())
    }
}

/// A running adapter with everything around it.
pub struct Rig {
    pub world: Arc<Mutex<World>>,
    pub source: Arc<FakeSource>,
    pub clock: Arc<FakeClock>,
    pub outlet: Arc<FakeOutlet>,
    pub acked: Arc<AtomicUsize>,
    pub deaf: Arc<AtomicBool>,
    pub directory: tempfile::TempDir,
    to: mpsc::UnboundedSender<Vec<u8>>,
    answers: mpsc::UnboundedReceiver<Answer>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<Result<(), WorkerError>>>,
    beats: i64,
}

impl Rig {
    pub fn new(outlet: FakeOutlet) -> Self {
        let world = Arc::new(Mutex::new(World::new()));
        let (to, _) = mpsc::unbounded_channel();
        let (_, answers) = mpsc::unbounded_channel();
        Self {
            source: Arc::new(FakeSource {
                world: Arc::clone(&world),
                pulls: AtomicUsize::new(0),
                lose_pin_once: AtomicBool::new(false),
                away: AtomicBool::new(false),
            }),
            world,
            clock: Arc::new(FakeClock(AtomicI64::new(
                samples::horizon().from().micros(),
            ))),
            outlet: Arc::new(outlet),
            acked: Arc::default(),
            deaf: Arc::default(),
            directory: tempfile::tempdir().unwrap(),
            to,
            answers,
            stop: watch::channel(false).0,
            task: None,
            beats: 0,
        }
    }

    pub fn state_file(&self) -> std::path::PathBuf {
        Path::new(self.directory.path()).join("plain.redb")
    }

    pub fn start(&mut self) {
        let (to, inbox) = mpsc::unbounded_channel();
        let (from, answers) = mpsc::unbounded_channel();
        (self.to, self.answers) = (to, answers);
        let (stop, stopped) = watch::channel(false);
        self.stop = stop;
        let ports = Ports {
            carrier: Box::new(FakeCarrier {
                inbox,
                answers: from,
                acked: Arc::clone(&self.acked),
                deaf: Arc::clone(&self.deaf),
            }),
            source: self.source.clone(),
            clock: self.clock.clone(),
            outlet: self.outlet.clone(),
        };
        let options = Options {
            channel: ChannelId::parse("conformance").unwrap(),
            instance: "test".to_owned(),
            state_file: self.state_file(),
        };
        let family: Arc<dyn Family> = Arc::new(Plain);
        self.task = Some(tokio::spawn(offercast_kit::run(
            family, ports, options, stopped,
        )));
    }

    /// Ends the process without a word.
    pub async fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
        // A thread that writes the state may still be ending; while it has the
        // file nobody else gets it.
        let path = self.state_file();
        let freed = async {
            while State::open(&path).is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let freed = tokio::time::timeout(PATIENCE, freed).await;
        freed.expect("the state file is free again");
    }

    pub fn send(&self, message: Message) {
        self.to.send(encode(message)).unwrap();
    }

    pub fn send_bytes(&self, bytes: &[u8]) {
        self.to.send(bytes.to_vec()).unwrap();
    }

    pub fn update(&self, items: Vec<Item>) -> Update {
        self.world.lock().unwrap().publish(items)
    }

    pub fn publish(&self, items: Vec<Item>) {
        let update = self.update(items);
        self.send(Message::Update(Box::new(update)));
    }

    pub fn beat(&mut self) {
        self.beats += 1;
        let beat = self.world.lock().unwrap().beat(self.beats);
        self.send(Message::Beat(beat));
    }

    pub fn frozen_beat(&mut self) {
        self.beats += 1;
        let mut beat = self.world.lock().unwrap().beat(self.beats);
        beat.frozen = true;
        self.send(Message::Beat(beat));
    }

    pub fn set_clock(&self, at: Instant) {
        self.clock.0.store(at.micros(), Ordering::SeqCst);
    }

    /// Waits for the acknowledgement that `wanted` accepts.
    pub async fn acknowledged(
        &mut self,
        wanted: impl Fn(&Acknowledgement) -> bool,
    ) -> Acknowledgement {
        let mut last = None;
        loop {
            match tokio::time::timeout(PATIENCE, self.answers.recv()).await {
                Ok(Some(Answer::Acknowledgement(told))) if wanted(&told) => return *told,
                Ok(Some(Answer::Acknowledgement(told))) => last = Some(told),
                Ok(Some(_)) => {}
                Ok(None) => panic!("the worker ended; last told: {last:#?}"),
                Err(_) => panic!("not acknowledged; last told: {last:#?}"),
            }
        }
    }

    /// The answers that came and were not looked at.
    pub fn answers_so_far(&mut self) -> Vec<Answer> {
        std::iter::from_fn(|| self.answers.try_recv().ok()).collect()
    }

    pub async fn answer(&mut self) -> Answer {
        let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await;
        answer.expect("no answer").expect("the worker ended")
    }
}

pub fn horizon() -> Horizon {
    samples::horizon()
}
