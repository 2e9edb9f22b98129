//! Positions: what is recorded, marked as published, held by channels.

use offercast_bus::relay::{CursorCheck, Cursors as _, Outbox as _, Updates as _};
use offercast_contract::{Position, Rung, canonical_bytes};
use offercast_usecases::board;
use offercast_usecases::publish::{self, Publish, PublishError};
use offercast_usecases::pull::{self, PullError, PullRequest};
use offercast_usecases::relay_ports::RelayOutbox;
use std::sync::Arc;

use crate::shop::{Shop, set_price};

fn request(after: Option<(u64, u64, offercast_contract::Horizon)>) -> PullRequest {
    PullRequest {
        after,
        at: None,
        channel: "site-hr".parse().unwrap(),
        cursor: None,
    }
}

#[tokio::test]
async fn a_holder_ahead_of_the_mark_is_not_sent_back() {
    let shop = Shop::open().await;
    shop.mark_published();
    shop.price_bread("2.10").await;
    let held = shop.position();
    // The broker confirmed it, and the server died before it marked it.
    assert_eq!(shop.engine.published().revision, 1);
    let page = pull::page(&shop.engine, &request(Some(held.order()))).unwrap();
    assert_eq!((page.at, page.snapshot), (held, false));
    assert!(page.items.is_empty() && page.next.is_none());
    // Neither by a snapshot that it asks for after it told what it holds.
    shop.acknowledge(held, Rung::Delivered).await;
    let page = pull::page(&shop.engine, &request(None)).unwrap();
    assert_eq!((page.at, page.snapshot), (held, true));
    let (epoch, revision, horizon) = held.order();
    let lost = pull::page(&shop.engine, &request(Some((epoch, revision + 1, horizon))));
    assert_eq!(lost, Err(PullError::UnknownPosition(revision + 1)));
}

#[tokio::test]
async fn a_server_that_is_a_moment_behind_looks_at_the_log_first() {
    let shop = Shop::open().await;
    shop.mark_published();
    let other = shop.second_engine().await;
    shop.price_bread("2.10").await;
    let held = request(Some(shop.position().order()));
    assert_eq!(
        pull::page(&other, &held),
        Err(PullError::UnknownPosition(2))
    );
    pull::come_to(&other, &held).await.unwrap();
    assert_eq!(pull::page(&other, &held).unwrap().at, shop.position());
}

#[tokio::test]
async fn every_server_folds_the_first_revision_alike() {
    let shop = Shop::open().await;
    // Nothing is published yet: the other one begins at the empty log.
    let other = shop.second_engine().await;
    let (ours, theirs) = (shop.engine.current(), other.current());
    assert_eq!(ours.position, theirs.position);
    assert_eq!(ours.digests.roots(), theirs.digests.roots());
    let outbox = RelayOutbox::new(Arc::clone(&shop.engine));
    let entry = outbox.pending(0, 1).unwrap()[0];
    let (one, two) = (
        shop.engine.update(&entry).await.unwrap(),
        other.update(&entry).await.unwrap(),
    );
    assert_eq!(canonical_bytes(&one), canonical_bytes(&two));
}

#[tokio::test]
async fn what_an_ended_epoch_did_not_publish_never_is() {
    let shop = Shop::open().await;
    shop.price_bread("2.10").await;
    let outbox = RelayOutbox::new(Arc::clone(&shop.engine));
    assert_eq!(outbox.pending(0, 10).unwrap().len(), 2);
    // A channel was in an epoch that the restored database does not know.
    let mut lost = shop.position();
    lost.epoch = 4;
    lost.revision = 50;
    shop.acknowledge(lost, Rung::Delivered).await;
    assert!(outbox.pending(0, 10).unwrap().is_empty(), "halted");
    let opened = offercast_usecases::control::open_epoch(&shop.engine, "ana", "restored").await;
    assert_eq!(opened.unwrap(), 5);
    assert_eq!(outbox.published().unwrap(), 2);
    let entries = outbox.pending(2, 10).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].after.epoch, entries[0].at.epoch), (1, 5));
}

#[tokio::test]
async fn a_freeze_at_another_server_stops_the_relay_at_once() {
    let shop = Shop::open().await;
    let outbox = RelayOutbox::new(Arc::clone(&shop.engine));
    shop.store.freeze("a penny hour").unwrap();
    assert!(outbox.pending(0, 10).unwrap().is_empty());
    shop.store.unfreeze().unwrap();
    assert_eq!(outbox.pending(0, 10).unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_delivered_is_not_shown() {
    let shop = Shop::open().await;
    for (rung, showing) in [
        (Rung::Rendered, 0),
        (Rung::Delivered, 1),
        (Rung::Observed, 1),
    ] {
        shop.acknowledge(shop.position(), rung).await;
        let board = board::snapshot(&shop.engine);
        assert_eq!((board.live, board.showing), (1, showing), "{rung:?}");
    }
}

#[tokio::test]
async fn edits_of_a_lost_history_are_refused() {
    let shop = Shop::open().await;
    for base in [2, u64::MAX] {
        let changes = serde_json::json!([crate::shop::set_price("bread", "2.10")]);
        let request = Publish {
            author: "ana".to_owned(),
            base_revision: Some(base),
            change_set: None,
            changes: serde_json::from_value(changes).unwrap(),
            guard: Default::default(),
            idempotency: None,
            reason: "test".to_owned(),
        };
        let refused = publish::run(&shop.engine, request).await;
        assert!(matches!(
            refused,
            Err(PublishError::BaseMoved { head: 1, .. })
        ));
    }
}

#[tokio::test]
async fn what_one_server_hears_halts_the_relay_of_another() {
    let shop = Shop::open().await;
    shop.mark_published();
    let relays = Arc::clone(&shop.engine);
    let hears = shop.second_engine().await;
    let ahead = Position {
        revision: 7,
        ..shop.position()
    };
    shop.acknowledge_to(&hears, ahead, Rung::Observed).await;
    // The server that relays learns it from the database.
    tokio::spawn(Arc::clone(&relays).follow());
    let stopped = async {
        loop {
            match relays.cursors_agree().await.unwrap() {
                CursorCheck::Differ(reason) => break reason,
                _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    };
    let patience = std::time::Duration::from_secs(60);
    let reason = tokio::time::timeout(patience, stopped).await.unwrap();
    assert!(
        reason.contains("site-hr") && reason.contains("revision 7"),
        "{reason}"
    );

    // A person decides; what is said of the old epoch afterwards stops nothing.
    shop.store
        .open_epoch("ana", "restored", shop.engine.now())
        .unwrap();
    shop.acknowledge_to(&hears, ahead, Rung::Observed).await;
    assert_eq!(shop.store.head().unwrap().halted, None);
    let going_on = async {
        while let CursorCheck::Differ(_) = relays.cursors_agree().await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(patience, going_on).await.unwrap();
}

#[tokio::test]
async fn a_pull_over_many_steps_asks_for_their_union_once() {
    let shop = Shop::open().await;
    let held = shop.position();
    for amount in ["2.01", "2.02", "2.03"] {
        shop.price_bread(amount).await;
    }
    shop.publish(serde_json::json!([set_price("milk", "1.21")]))
        .await;
    shop.mark_published();
    let asked = request(Some(held.order()));
    let page = pull::page(&shop.engine, &asked).unwrap();
    let skus: Vec<_> = page.items.iter().map(|item| item.sku.as_str()).collect();
    assert_eq!((skus, page.snapshot), (vec!["bread", "milk"], false));
    let next = PullRequest {
        at: Some((page.at.revision, page.at.horizon)),
        cursor: Some("bread".to_owned()),
        ..asked.clone()
    };
    let second = pull::page(&shop.engine, &next).unwrap();
    assert_eq!(
        (second.items.as_slice(), second.at),
        (&page.items[1..], page.at)
    );
    // A later position has a union of its own.
    shop.publish(serde_json::json!([set_price("milk", "1.22")]))
        .await;
    shop.mark_published();
    let later = pull::page(&shop.engine, &asked).unwrap();
    assert_ne!(later.items[1], page.items[1]);
    assert_eq!(pull::page(&shop.engine, &next).unwrap().items, second.items);
}
