//! The till, with real files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use offercast_contract::{Channel, Hash, Horizon, Position, Sku, Template, View};
use offercast_kit::outlet::{
    Content, ContentError, DeliveryError, DeliveryJob, Observation, ViewChanges, Which,
};
use offercast_kit::{Artefact, Outlet, conformance, samples};
use offercast_pos::{Till, TillConfig, TillOutlet};
use tempfile::TempDir;

fn template() -> Template {
    Template::new(
        "till.hbs",
        include_str!("../../../templates/channels/till.hbs"),
    )
}

#[test]
fn passes_the_conformance_suite() {
    let report =
        conformance::run(&Till, &template()).unwrap_or_else(|failures| panic!("{failures}"));
    assert!(report.passed > 100, "{report:?}");
    assert_eq!(report.held, vec![], "every sample can be sold");
}

#[test]
fn templates_that_drop_or_swap_a_price_are_refused() {
    let line = "{{code}};;{{name}};{{receipt}};PRICE;;;{{divisible}},1,1;;;;;;;;;1";
    for price in ["", "1.00", "{{code}}", "{{price}}0", "-{{price}}"] {
        let template = Template::new("till.hbs", &line.replace("PRICE", price));
        let channel = samples::channel(&Till, &template, "ru").unwrap();
        let refused = conformance::check_template(&Till, &channel)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("till.hbs"), "{refused}");
    }
    let fixed = Template::new("till.hbs", &line.replace("PRICE", "1.00"));
    let channel = samples::channel(&Till, &fixed, "ru").unwrap();
    let refused = conformance::check_template(&Till, &channel)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("price: shown 1.00, expected 738.50"),
        "{refused}"
    );
}

#[derive(Default)]
struct Shelf(Mutex<BTreeMap<Sku, Artefact>>);

impl Content for Shelf {
    fn artefact(&self, _: &View, sku: &Sku) -> Result<Option<Artefact>, ContentError> {
        Ok(self.0.lock().unwrap().get(sku).cloned())
    }

    fn for_each(
        &self,
        _: &View,
        each: &mut dyn FnMut(&Sku, Artefact) -> Result<(), DeliveryError>,
    ) -> Result<(), DeliveryError> {
        let shelf = self.0.lock().unwrap().clone();
        shelf
            .into_iter()
            .try_for_each(|(sku, artefact)| each(&sku, artefact))
    }
}

struct Store {
    directory: TempDir,
    outlet: TillOutlet,
    channel: Channel,
    shelf: Arc<Shelf>,
}

impl Store {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = TillConfig {
            directory: directory.path().to_owned(),
        };
        Self {
            outlet: TillOutlet::new(config),
            directory,
            channel: samples::channel(&Till, &template(), "ru").unwrap(),
            shelf: Arc::new(Shelf::default()),
        }
    }

    fn put(&self, sku: &str, price: &str) {
        let line = format!("{sku};;Cheese;Cheese, kg;{price};;;1,1,1;;;;;;;;;1");
        let body = line.into_bytes();
        let mut shelf = self.shelf.0.lock().unwrap();
        shelf.insert(Sku::parse(sku).unwrap(), Artefact { body });
    }

    fn take(&self, sku: &str) {
        self.shelf.0.lock().unwrap().remove(sku);
    }

    async fn deliver(&self, withdrawn: &[&str]) -> Result<(), DeliveryError> {
        let views = [ViewChanges {
            view: self.channel.views[0].clone(),
            upserts: self.shelf.0.lock().unwrap().keys().cloned().collect(),
            withdrawn: withdrawn
                .iter()
                .map(|sku| Sku::parse(sku).unwrap())
                .collect(),
        }];
        let job = DeliveryJob {
            channel: &self.channel,
            position: position(),
            at: samples::horizon().from(),
            views: &views,
            content: self.shelf.clone(),
        };
        self.outlet.deliver(job).await.map(|_| ())
    }

    async fn observe(&self) -> (Vec<(String, String)>, bool, Option<String>) {
        let view = &self.channel.views[0];
        let observed = self
            .outlet
            .observe(&self.channel, view, Which::All, position())
            .await;
        let Observation::Read {
            items,
            is_live,
            note,
        } = observed.unwrap()
        else {
            panic!("a till's file can be read");
        };
        let items = items.into_iter().map(|item| {
            let price = match item.reading {
                Ok(Some(claims)) => claims
                    .field(offercast_contract::Field::Price)
                    .unwrap()
                    .to_owned(),
                Ok(None) => "nothing".to_owned(),
                Err(error) => error.to_string(),
            };
            (item.sku.to_string(), price)
        });
        (items.collect(), is_live, note)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join("0204").join(name)
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("goods.txt")).unwrap()
    }

    /// What the till does when it has loaded the file.
    fn till_takes(&self) {
        let taken = self.text().replacen("\r\n#\r\n", "\r\n@\r\n", 1);
        fs::write(self.path("goods.txt"), taken).unwrap();
        fs::remove_file(self.path("goods-flag.txt")).unwrap();
    }
}

fn position() -> Position {
    Position {
        epoch: 1,
        hash: Hash::ZERO,
        horizon: Horizon(0),
        revision: 1,
    }
}

#[tokio::test]
async fn a_file_is_written_whole_and_its_way_to_the_till_is_seen() {
    let store = Store::new();
    store.put("A1", "1.50");
    store.put("B2", "20.00");
    store.deliver(&[]).await.unwrap();
    assert_eq!(
        store.text(),
        "##@@&&\r\n#\r\n$$$REPLACEQUANTITYWITHOUTSALE\r\n\
         A1;;Cheese;Cheese, kg;1.50;;;1,1,1;;;;;;;;;1\r\n\
         B2;;Cheese;Cheese, kg;20.00;;;1,1,1;;;;;;;;;1\r\n"
    );
    assert_eq!(fs::read(store.path("goods-flag.txt")).unwrap(), b"");
    assert!(!store.path("goods.txt.new").exists());
    let prices = vec![("A1".into(), "1.50".into()), ("B2".into(), "20.00".into())];
    let (items, is_live, note) = store.observe().await;
    assert_eq!((items, is_live), (prices.clone(), false));
    assert!(note.unwrap().contains("not taken"));
    store.till_takes();
    assert_eq!(store.observe().await, (prices, true, None));
}

#[tokio::test]
async fn a_deletion_is_repeated_until_the_till_has_taken_it() {
    let store = Store::new();
    store.put("A1", "1.50");
    store.put("B2", "2.50");
    store.deliver(&[]).await.unwrap();
    store.take("B2");
    store.deliver(&["B2"]).await.unwrap();
    assert!(
        store
            .text()
            .contains("$$$DELETEWARESBYWARECODE\r\nB2\r\n$$$REPLACE")
    );
    store.put("A1", "1.60");
    store.deliver(&[]).await.unwrap();
    assert!(
        store.text().contains("$$$DELETEWARESBYWARECODE\r\nB2\r\n"),
        "not taken yet"
    );
    store.till_takes();
    store.deliver(&[]).await.unwrap();
    assert!(!store.text().contains("DELETE"), "taken");
    store.deliver(&["B2"]).await.unwrap();
    store.put("B2", "2.70");
    store.deliver(&[]).await.unwrap();
    assert!(!store.text().contains("DELETE"), "sold again");
}

#[tokio::test]
async fn a_deletion_outlives_a_goods_file_that_is_broken_or_gone() {
    for spoil in ["broken", "cut", "emptied", "removed"] {
        let store = Store::new();
        store.put("A1", "1.50");
        store.put("B2", "2.50");
        store.deliver(&[]).await.unwrap();
        store.till_takes();
        store.take("B2");
        store.deliver(&["B2"]).await.unwrap();
        let file = store.path("goods.txt");
        match spoil {
            "broken" => fs::write(&file, "hello").unwrap(),
            "cut" => fs::write(&file, "##@@&&\r\n").unwrap(),
            "emptied" => fs::write(&file, "").unwrap(),
            _ => fs::remove_file(&file).unwrap(),
        }
        // The till may or may not have seen it: the flag tells nothing now.
        fs::remove_file(store.path("goods-flag.txt")).unwrap();
        store.put("A1", "1.60");
        store.deliver(&[]).await.unwrap();
        assert!(
            store.text().contains("$$$DELETEWARESBYWARECODE\r\nB2\r\n"),
            "{spoil}: {}",
            store.text()
        );
        store.till_takes();
        store.deliver(&[]).await.unwrap();
        assert!(!store.text().contains("DELETE"), "{spoil}: taken");
        fs::write(&file, "hello").unwrap();
        store.deliver(&[]).await.unwrap();
        assert!(!store.text().contains("DELETE"), "{spoil}: taken long ago");
    }
}

#[tokio::test]
async fn a_full_disk_leaves_the_old_file_intact() {
    let store = Store::new();
    store.put("A1", "1.50");
    store.deliver(&[]).await.unwrap();
    let before = store.text();
    fs::remove_file(store.path("goods-flag.txt")).unwrap();
    // Every write to this device fails with ENOSPC.
    std::os::unix::fs::symlink("/dev/full", store.path("goods.txt.new")).unwrap();
    store.put("A1", "9.99");
    let error = store.deliver(&[]).await.unwrap_err().to_string();
    assert!(
        error.contains("No space left") && error.contains("goods.txt"),
        "{error}"
    );
    assert_eq!(store.text(), before);
    assert!(
        !store.path("goods-flag.txt").exists(),
        "no news for the till"
    );
    // Nor can a file be made where a directory is in the way.
    fs::create_dir(store.path("goods.txt.new")).unwrap();
    assert!(store.deliver(&[]).await.is_err());
    assert_eq!(store.text(), before);
    fs::remove_dir(store.path("goods.txt.new")).unwrap();
    store.deliver(&[]).await.unwrap();
    assert!(store.text().contains("9.99"));
}

#[tokio::test]
async fn edits_by_hand_are_read() {
    let store = Store::new();
    store.put("A1", "1.50");
    store.put("B2", "2.50");
    store.deliver(&[]).await.unwrap();
    let edited = store
        .text()
        .replace("1.50", "1,05")
        .replace("B2;;Cheese;", "B2;;Che;ese;")
        + ";;\r\n";
    fs::write(store.path("goods.txt"), edited).unwrap();
    let (items, ..) = store.observe().await;
    assert_eq!(items[0], ("A1".into(), "1.05".into()));
    assert_eq!(items[1].0, "B2");
    assert!(items[1].1.contains("18 fields"), "{items:?}");
    assert_eq!(items[2].0, "line-6");
    let deleted = store.text() + "$$$DELETEWARESBYWARECODE\r\nA1\r\n";
    fs::write(store.path("goods.txt"), deleted).unwrap();
    let (items, ..) = store.observe().await;
    assert!(items[0].1.contains("deletes this code"), "{items:?}");
    fs::write(store.path("goods.txt"), "hello").unwrap();
    let view = &store.channel.views[0];
    let observed = store
        .outlet
        .observe(&store.channel, view, Which::All, position())
        .await;
    assert!(observed.unwrap_err().to_string().contains("line 1"));
}

#[tokio::test]
async fn two_views_do_not_share_a_file() {
    let mut store = Store::new();
    let mut other = store.channel.views[0].clone();
    other.mode = offercast_contract::SalesMode::Pickup;
    store.channel.views.push(other);
    let error = store.deliver(&[]).await.unwrap_err().to_string();
    assert!(error.contains("share one goods file"), "{error}");
}
