//! The worker with a real state file, through everything that can go wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use offercast_contract::channel::Selector;
use offercast_contract::message::Answer;
use offercast_contract::{Field, Message, Mode, Payload, Rung, Template};
use support::{FakeOutlet, Rig, TEMPLATE, horizon, item, sku, tombstone};

fn items(count: usize) -> Vec<offercast_contract::Item> {
    (0..count)
        .map(|n| item(&format!("S{n:03}"), &[(None, "1.00")]))
        .collect()
}

async fn started(outlet: FakeOutlet, count: usize) -> Rig {
    let mut rig = Rig::new(outlet);
    rig.update(items(count));
    rig.start();
    rig.beat();
    rig.acknowledged(|told| told.position.revision == 1 && told.rung == Rung::Observed)
        .await;
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_adapter_fetches_everything_and_follows() {
    let mut rig = started(FakeOutlet::default(), 10).await;
    assert_eq!(rig.outlet.prices().len(), 10);
    rig.publish(vec![item("S001", &[(None, "2.50")]), tombstone("S002")]);
    let told = rig
        .acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Observed)
        .await;
    assert_eq!(
        (told.items, told.held, told.mismatches, told.stopped),
        (9, 0, 0, false)
    );
    assert_eq!(told.state, rig.world.lock().unwrap().digests(2));
    assert!(rig.outlet.prices().contains(&"S001;2.50".to_owned()));
    assert_eq!(rig.acked.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_duplicates_and_a_lost_last_message_heal() {
    let mut rig = started(
        FakeOutlet {
            lists: true,
            ..FakeOutlet::default()
        },
        4,
    )
    .await;
    let lost = rig.update(vec![item("S000", &[(None, "2.00")])]);
    let second = rig.update(vec![item("S000", &[(None, "3.00")])]);
    rig.send(Message::Update(Box::new(second.clone())));
    rig.acknowledged(|told| told.position.revision == 3 && told.rung == Rung::Observed)
        .await;
    rig.send(Message::Update(Box::new(second)));
    rig.send(Message::Update(Box::new(lost)));
    rig.update(vec![item("S001", &[(None, "4.00")])]);
    rig.beat();
    let told = rig
        .acknowledged(|told| told.position.revision == 4 && told.rung == Rung::Observed)
        .await;
    assert!(!told.stopped);
    assert_eq!(rig.outlet.prices()[..2], ["S000;3.00", "S001;4.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_and_a_lost_pin_are_pulled() {
    let mut rig = started(FakeOutlet::default(), 4).await;
    let mut update = rig.update(items(30).into_iter().skip(4).collect());
    update.payload = Payload::Manifest {
        bytes: 1,
        items: 26,
    };
    rig.source.lose_pin_once.store(true, Ordering::SeqCst);
    rig.send(Message::Update(Box::new(update)));
    let told = rig
        .acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Observed)
        .await;
    assert_eq!(told.items, 30);
    assert_eq!(told.note, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_failed_is_told_until_one_works() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    rig.source.away.store(true, Ordering::SeqCst);
    rig.update(vec![item("S000", &[(None, "2.00")])]);
    rig.beat();
    let told = rig.acknowledged(|told| told.note.is_some()).await;
    assert_eq!(told.position.revision, 1);
    let note = told.note.unwrap();
    assert!(note.contains("pull: ") && note.contains("away"), "{note}");
    rig.source.away.store(false, Ordering::SeqCst);
    let told = rig
        .acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Observed)
        .await;
    assert_eq!(told.note, None);

    // Nor does it stay where the pull turns out to be needless, or ends badly.
    rig.source.away.store(true, Ordering::SeqCst);
    let missed = rig.update(vec![item("S000", &[(None, "3.00")])]);
    rig.beat();
    rig.acknowledged(|told| told.note.is_some()).await;
    rig.send(Message::Update(Box::new(missed)));
    rig.acknowledged(|told| told.position.revision == 3).await;
    rig.source.away.store(false, Ordering::SeqCst);
    let told = rig.acknowledged(|told| told.note.is_none()).await;
    assert_eq!((told.position.revision, told.stopped), (3, false));

    rig.source.away.store(true, Ordering::SeqCst);
    rig.update(Vec::new());
    rig.beat();
    rig.acknowledged(|told| told.note.is_some()).await;
    rig.world.lock().unwrap().restore(1);
    rig.source.away.store(false, Ordering::SeqCst);
    let told = rig.acknowledged(|told| told.stopped).await;
    let note = told.note.unwrap();
    assert!(!note.contains("pull: "), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_fold_is_told_of_once_a_second() {
    let mut rig = Rig::new(FakeOutlet::default());
    rig.world.lock().unwrap().page_items = 10_000;
    rig.update(items(6_000));
    let started = std::time::Instant::now();
    rig.start();
    rig.beat();
    let mut told = 0_u64;
    loop {
        if let Answer::Acknowledgement(word) = rig.answer().await {
            told += 1;
            if word.rung >= Rung::Rendered && word.items == 6_000 {
                break;
            }
        }
    }
    // Twelve slices are rendered; some words are due at either end.
    let seconds = started.elapsed().as_secs();
    assert!(told <= seconds + 5, "{told} words in {seconds} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_messages_change_nothing_and_are_named() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    rig.send_bytes(b"{\"version\":1,\"type\":\"gossip\"}");
    let told = rig.acknowledged(|told| told.note.is_some()).await;
    assert!(told.note.unwrap().contains("gossip"));
    rig.send_bytes(b"{\"version\":2,\"type\":\"beat\"}");
    let told = rig.acknowledged(|told| told.note.is_some()).await;
    assert!(told.note.unwrap().contains("version 2"));
    let mut forged = rig.update(vec![item("S000", &[(None, "9.00")])]);
    forged.payload = Payload::Inline {
        items: vec![item("S000", &[(None, "0.09")])],
    };
    rig.send(Message::Update(Box::new(forged)));
    rig.acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Observed)
        .await;
    assert_eq!(rig.outlet.prices()[0], "S000;9.00", "fetched instead");
    assert_eq!(rig.acked.load(Ordering::SeqCst), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_histories_stop_it_and_a_new_epoch_heals() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    rig.world.lock().unwrap().other_history();
    rig.beat();
    let told = rig.acknowledged(|told| told.stopped).await;
    assert!(told.note.unwrap().contains("two histories"));
    rig.publish(vec![item("S000", &[(None, "9.00")])]);
    rig.beat();
    rig.kill().await;
    rig.start();
    let told = rig.acknowledged(|_| true).await;
    assert_eq!(
        (told.stopped, told.position.revision),
        (true, 1),
        "still stopped"
    );
    rig.world.lock().unwrap().epoch = 2;
    rig.beat();
    let told = rig
        .acknowledged(|told| told.position.epoch == 2 && told.rung == Rung::Observed)
        .await;
    assert_eq!((told.stopped, told.position.revision), (false, 2));
    assert_eq!(rig.outlet.prices()[0], "S000;9.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_went_back_stops_it_and_an_old_beat_does_not() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    let old = rig.world.lock().unwrap().beat(0);
    rig.publish(vec![item("S000", &[(None, "9.00")])]);
    rig.acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Observed)
        .await;
    rig.send(Message::Beat(old));
    rig.beat();
    rig.publish(vec![item("S000", &[(None, "8.00")])]);
    let told = rig.acknowledged(|told| told.position.revision == 3).await;
    assert!(!told.stopped);
    rig.world.lock().unwrap().restore(1);
    rig.beat();
    let told = rig.acknowledged(|told| told.stopped).await;
    assert!(told.note.unwrap().contains("went back from revision 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_stays_different_stops_it() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    rig.world.lock().unwrap().lie_about_state = true;
    rig.publish(vec![item("S000", &[(None, "9.00")])]);
    let told = rig.acknowledged(|told| told.stopped).await;
    assert!(told.note.unwrap().contains("digest"));
    assert_eq!(told.position.revision, 1, "nothing was applied");
    rig.world.lock().unwrap().lie_about_state = false;
    let channel = told.channel.clone();
    rig.send(Message::Resync { channel, sku: None });
    rig.acknowledged(|told| !told.stopped && told.position.revision == 2)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_switch_at_the_boundary_cut_off_from_the_source() {
    let mut rig = started(FakeOutlet::default(), 1).await;
    let at = horizon().from().plus_micros(3_600_000_000);
    rig.publish(vec![item("S000", &[(None, "5.00"), (Some(at), "4.00")])]);
    rig.acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Observed)
        .await;
    rig.source.away.store(true, Ordering::SeqCst);
    rig.set_clock(at.plus_micros(-1));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(rig.outlet.prices(), ["S000;5.00"]);
    rig.set_clock(at);
    let told = rig
        .acknowledged(|told| told.last_boundary == Some(at) && told.rung == Rung::Observed)
        .await;
    assert_eq!(rig.outlet.prices(), ["S000;4.00"]);
    assert_eq!(told.position.revision, 2);
    rig.set_clock(horizon().until());
    let told = rig
        .acknowledged(|told| told.held == 1 && told.rung == Rung::Observed)
        .await;
    assert_eq!(
        rig.outlet.prices().len(),
        0,
        "past the horizon nothing is current"
    );
    assert!(told.held_items[0].reason.contains("horizon"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_truly_is_held_and_withdrawn() {
    let mut rig = started(FakeOutlet::default(), 3).await;
    rig.publish(vec![item("S001", &[(None, "6.66")])]);
    let told = rig
        .acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Observed)
        .await;
    assert_eq!((told.items, told.held), (2, 1));
    assert_eq!(
        told.held_items[0].reason,
        "price: shown 0.00, expected 6.66"
    );
    assert_eq!(rig.outlet.prices(), ["S000;1.00", "S002;1.00"]);
    // The template breaks, the terms stay: what is shown is still true.
    let broken = TEMPLATE.replace("6.66", "1.00");
    rig.world.lock().unwrap().channel.template = Template::new("plain.hbs", &broken);
    let mut update = rig.update(vec![]);
    update.channels = vec![rig.world.lock().unwrap().channel.clone()];
    rig.send(Message::Update(Box::new(update)));
    let told = rig
        .acknowledged(|told| told.position.revision == 3 && told.rung == Rung::Observed)
        .await;
    assert_eq!(
        (told.items, told.held),
        (3, 2),
        "6.66 is shown again, 1.00 is held"
    );
    assert_eq!(rig.outlet.prices(), ["S000;1.00", "S001;6.66", "S002;1.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_stays_rendered_and_is_tried_again() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    rig.outlet.full.store(true, Ordering::SeqCst);
    rig.publish(vec![item("S000", &[(None, "2.00")])]);
    let told = rig.acknowledged(|told| told.note.is_some()).await;
    assert_eq!((told.position.revision, told.rung), (2, Rung::Rendered));
    assert!(told.note.unwrap().contains("disk full"));
    assert_eq!(rig.outlet.prices()[0], "S000;1.00");
    rig.outlet.full.store(false, Ordering::SeqCst);
    let told = rig.acknowledged(|told| told.rung == Rung::Observed).await;
    assert_eq!(told.note, None);
    assert_eq!(rig.outlet.prices()[0], "S000;2.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_delivery_and_acknowledgement_it_goes_on() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    let acked = rig.acked.load(Ordering::SeqCst);
    rig.deaf.store(true, Ordering::SeqCst);
    let update = rig.update(vec![item("S000", &[(None, "2.00")])]);
    rig.send(Message::Update(Box::new(update.clone())));
    while rig.outlet.prices()[0] != "S000;2.00" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.kill().await;
    assert_eq!(
        rig.acked.load(Ordering::SeqCst),
        acked,
        "not answered, not acknowledged"
    );
    rig.deaf.store(false, Ordering::SeqCst);
    rig.start();
    rig.send(Message::Update(Box::new(update)));
    let told = rig.acknowledged(|told| told.rung == Rung::Observed).await;
    assert_eq!((told.position.revision, told.items), (2, 2));
    rig.beat();
    while rig.acked.load(Ordering::SeqCst) < acked + 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_paused_and_shadow_channels_deliver_nothing() {
    let mut rig = started(FakeOutlet::default(), 1).await;
    rig.frozen_beat();
    rig.publish(vec![item("S000", &[(None, "2.00")])]);
    rig.acknowledged(|told| told.position.revision == 2 && told.rung == Rung::Rendered)
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(rig.outlet.prices(), ["S000;1.00"]);
    rig.beat();
    rig.acknowledged(|told| told.rung == Rung::Observed).await;
    assert_eq!(rig.outlet.prices(), ["S000;2.00"]);
    for (mode, rung) in [(Mode::Paused, Rung::Folded), (Mode::Shadow, Rung::Rendered)] {
        rig.world.lock().unwrap().channel.mode = mode;
        let mut update = rig.update(vec![item("S000", &[(None, "3.00")])]);
        update.channels = vec![rig.world.lock().unwrap().channel.clone()];
        let revision = update.at.revision;
        rig.send(Message::Update(Box::new(update)));
        rig.acknowledged(|told| told.position.revision == revision && told.rung == rung)
            .await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(rig.outlet.prices(), ["S000;2.00"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_ended_and_came_back_shows_everything_again() {
    let mut rig = started(FakeOutlet::default(), 2).await;
    let mut update = rig.update(Vec::new());
    update.ended_channels = vec![rig.world.lock().unwrap().channel.id.clone()];
    rig.send(Message::Update(Box::new(update)));
    rig.acknowledged(|told| told.position.revision == 2 && told.items == 0)
        .await;
    while !rig.outlet.prices().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut update = rig.update(Vec::new());
    update.channels = vec![rig.world.lock().unwrap().channel.clone()];
    rig.send(Message::Update(Box::new(update)));
    let told = rig
        .acknowledged(|told| told.position.revision == 3 && told.rung == Rung::Observed)
        .await;
    assert_eq!(told.items, 2);
    assert_eq!(rig.outlet.prices(), ["S000;1.00", "S001;1.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_outside_are_found_and_a_resync_heals_them() {
    let mut rig = started(
        FakeOutlet {
            lists: true,
            ..FakeOutlet::default()
        },
        3,
    )
    .await;
    {
        let mut shown = rig.outlet.shown.lock().unwrap();
        let body = b"S001;0.01".to_vec();
        shown.insert(
            (support::view(), sku("S001")),
            offercast_kit::Artefact { body },
        );
        shown.remove(&(support::view(), sku("S002")));
        let body = b"X;1.00".to_vec();
        shown.insert(
            (support::view(), sku("X")),
            offercast_kit::Artefact { body },
        );
    }
    for _ in 0..5 {
        rig.beat();
    }
    let told = rig.acknowledged(|told| told.mismatches > 0).await;
    assert_eq!((told.mismatches, told.rung), (3, Rung::Delivered));
    assert_eq!(
        told.mismatch_items[0].difference.shown.as_deref(),
        Some("0.01")
    );
    let channel = told.channel.clone();
    rig.send(Message::Resync {
        channel: channel.clone(),
        sku: Some(sku("S001")),
    });
    rig.acknowledged(|told| told.mismatches == 2).await;
    assert!(rig.outlet.prices().contains(&"S001;1.00".to_owned()));
    rig.send(Message::Resync { channel, sku: None });
    rig.acknowledged(|told| told.mismatches == 1).await;
    assert!(rig.outlet.prices().contains(&"S002;1.00".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resync_withdraws_only_what_is_or_was_seen_to_be_there() {
    let mut rig = Rig::new(FakeOutlet {
        lists: true,
        ..FakeOutlet::default()
    });
    // A channel with an assortment: most of the catalogue is not its own.
    rig.world.lock().unwrap().channel.assortment.exclude = (10..20)
        .map(|n| Selector::Sku(sku(&format!("S{n:03}"))))
        .collect();
    rig.update(items(20));
    rig.start();
    rig.beat();
    let told = rig.acknowledged(|told| told.rung == Rung::Observed).await;
    assert_eq!(told.items, 10);
    let withdrawn = |rig: &Rig| std::mem::take(&mut *rig.outlet.withdrawn.lock().unwrap());
    assert_eq!(
        withdrawn(&rig),
        [""; 0],
        "nothing was there to be taken away"
    );

    let deliveries = rig.outlet.deliveries.load(Ordering::SeqCst);
    let channel = told.channel.clone();
    let resync = |sku| Message::Resync {
        channel: channel.clone(),
        sku,
    };
    rig.send(resync(None));
    while rig.outlet.deliveries.load(Ordering::SeqCst) == deliveries {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.acknowledged(|told| told.rung == Rung::Observed).await;
    assert_eq!(withdrawn(&rig), [""; 0], "nor is it the second time");

    // Whoever names an item has seen it.
    rig.send(resync(Some(sku("S011"))));
    rig.acknowledged(|told| told.rung == Rung::Observed).await;
    assert_eq!(withdrawn(&rig), ["S011"]);

    // So has the adapter itself what somebody put there.
    let body = b"S012;0.01".to_vec();
    let place = (support::view(), sku("S012"));
    let artefact = offercast_kit::Artefact { body };
    rig.outlet.shown.lock().unwrap().insert(place, artefact);
    for _ in 0..5 {
        rig.beat();
    }
    rig.acknowledged(|told| told.mismatches == 1).await;
    rig.send(resync(None));
    rig.acknowledged(|told| told.mismatches == 0 && told.rung == Rung::Observed)
        .await;
    assert_eq!(withdrawn(&rig), ["S012"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_reads_again_what_did_not_answer() {
    for lists in [false, true] {
        let outlet = FakeOutlet {
            lists,
            ..FakeOutlet::default()
        };
        let mut rig = started(outlet, 3).await;
        let position = rig.world.lock().unwrap().head();
        let channel = rig.world.lock().unwrap().channel.id.clone();
        // Silent for a moment it is read all the same, for long it is not.
        for (silences, readable) in [(2, true), (1_000, false)] {
            rig.outlet.silences.store(silences, Ordering::SeqCst);
            rig.send(Message::Audit {
                at: horizon().from(),
                channel: channel.clone(),
                id: "a1".into(),
                position,
            });
            let page = loop {
                if let Answer::AuditPage(page) = rig.answer().await {
                    break page;
                }
            };
            assert_eq!((page.observed, page.readings.len()), (readable, 3));
            for reading in &page.readings {
                assert_eq!(reading.claims.is_some(), readable, "{reading:?}");
                let reason = reading.reason.as_deref().unwrap_or_default();
                assert_eq!(reason.contains("503"), !readable, "{reading:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_reads_everything_in_pages() {
    for (outlet, observed, count) in [
        (
            FakeOutlet {
                lists: true,
                ..FakeOutlet::default()
            },
            true,
            2_500,
        ),
        (FakeOutlet::default(), true, 300),
        (
            FakeOutlet {
                unobservable: true,
                ..FakeOutlet::default()
            },
            false,
            300,
        ),
    ] {
        let mut rig = Rig::new(outlet);
        let named = |n| item(&format!("S{n:063}"), &[(None, "1.00")]);
        let mut all: Vec<_> = (0..count).map(named).collect();
        all.push(item("Z-held", &[(None, "6.66")]));
        rig.world.lock().unwrap().page_items = 1_000;
        rig.update(all);
        rig.start();
        rig.beat();
        rig.acknowledged(|told| told.position.revision == 1 && told.rung >= Rung::Delivered)
            .await;
        let position = rig.world.lock().unwrap().head();
        let channel = rig.world.lock().unwrap().channel.id.clone();
        rig.send(Message::Audit {
            at: horizon().from(),
            channel,
            id: "a1".into(),
            position,
        });
        let (mut readings, mut number) = (Vec::new(), 0);
        loop {
            let Answer::AuditPage(page) = rig.answer().await else {
                continue;
            };
            assert_eq!(
                (page.page, page.position, page.observed),
                (number, position, observed)
            );
            let bytes = offercast_contract::message::encode(Answer::AuditPage(page.clone()));
            assert!(bytes.len() <= 512 * 1024, "{}", bytes.len());
            number += 1;
            readings.extend(page.readings);
            if page.last {
                break;
            }
        }
        assert!(number > 1 || count < 2_500);
        assert_eq!(readings.len(), count + 1);
        let held: Vec<_> = readings.iter().filter(|reading| reading.held).collect();
        assert_eq!((held.len(), held[0].sku.as_str()), (1, "Z-held"));
        assert!(held[0].reason.as_ref().unwrap().contains("6.66"));
        let first = readings[0].claims.as_ref().unwrap();
        assert_eq!(first.field(Field::Price), Some("1.00"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_was_cut_off_goes_on_after_a_restart() {
    let mut rig = Rig::new(FakeOutlet::default());
    rig.world.lock().unwrap().page_items = 1;
    rig.update(items(40));
    rig.start();
    rig.beat();
    while rig.source.pulls.load(Ordering::SeqCst) < 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    rig.kill().await;
    let made = rig.source.pulls.load(Ordering::SeqCst);
    rig.start();
    rig.beat();
    let told = rig.acknowledged(|told| told.rung == Rung::Observed).await;
    assert_eq!(told.items, 40);
    let pulls = rig.source.pulls.load(Ordering::SeqCst);
    assert!(
        made >= 40 || pulls <= 42,
        "{made} before, {pulls} in all: it began again"
    );
}
