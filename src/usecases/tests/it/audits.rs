//! Audits: what an adapter says does not make its channel right.

use offercast_bus::answers::AnswerSink;
use offercast_contract::message::{Answer, AuditPage, AuditReading};
use offercast_contract::{Claims, ItemState, Mode, Position, Sku, project};
use offercast_usecases::audit::{self, Audit};

use crate::shop::{Shop, VIEW};

/// An audit at the head, answered with these readings.
async fn answer(shop: &Shop, readings: Vec<AuditReading>) -> Audit {
    shop.mark_published();
    let id = audit::start(&shop.engine, None).await.unwrap();
    answer_at(shop, id, shop.position(), readings).await
}

async fn answer_at(
    shop: &Shop,
    id: uuid::Uuid,
    position: Position,
    readings: Vec<AuditReading>,
) -> Audit {
    let page = AuditPage {
        channel: "site-hr".parse().unwrap(),
        id: id.to_string(),
        last: true,
        observed: true,
        page: 0,
        position,
        readings,
    };
    AnswerSink::store(shop.engine.as_ref(), &Answer::AuditPage(page))
        .await
        .unwrap();
    audit::get(&shop.engine, id).await.unwrap().unwrap()
}

fn claims(shop: &Shop, sku: &str) -> Claims {
    let current = shop.engine.current();
    let sku: Sku = sku.parse().unwrap();
    let channel = current.book.channel(&"site-hr".parse().unwrap()).unwrap();
    let view = VIEW.parse().unwrap();
    let timeline = current.book.timeline(&sku, &view, current.position.horizon);
    let segment = timeline.at(shop.engine.now()).unwrap();
    let terms = segment.terms.as_ref().unwrap();
    let facts = current.book.facts(&sku).unwrap();
    project(&channel, &sku, &facts, terms, segment.until)
}

fn reading(sku: &str, claims: Option<Claims>, held: bool) -> AuditReading {
    AuditReading {
        claims,
        held,
        reason: None,
        sku: sku.parse().unwrap(),
        view: VIEW.parse().unwrap(),
    }
}

#[tokio::test]
async fn what_is_shown_is_compared_even_if_it_is_said_to_be_held() {
    let shop = Shop::open().await;
    let old = claims(&shop, "bread");
    shop.price_bread("2.10").await;
    let milk = || reading("milk", Some(claims(&shop, "milk")), false);
    let audit = answer(&shop, vec![reading("bread", Some(old), true), milk()]).await;
    assert!(audit.done && !audit.ok);
    assert_eq!(audit.channels[0].states[&ItemState::Mismatch], 1);
    // What is truly not shown is held.
    let audit = answer(&shop, vec![reading("bread", None, true), milk()]).await;
    assert!(audit.done && audit.ok);
    assert_eq!(audit.channels[0].states[&ItemState::Held], 1);
}

#[tokio::test]
async fn what_is_left_out_is_missed() {
    let shop = Shop::open().await;
    let milk = reading("milk", Some(claims(&shop, "milk")), false);
    let audit = answer(&shop, vec![milk]).await;
    assert!(audit.done && !audit.ok);
    let finding = &audit.channels[0].findings[0];
    assert_eq!(
        (finding.sku.as_str(), finding.state),
        ("bread", ItemState::Mismatch)
    );
}

#[tokio::test]
async fn an_audit_of_nothing_proves_nothing() {
    let shop = Shop::open().await;
    let channel = shop
        .engine
        .current()
        .book
        .channel(&"site-hr".parse().unwrap());
    let mut channel = channel.unwrap().as_ref().clone();
    channel.mode = Mode::Paused;
    shop.publish(serde_json::json!([{ "type": "put_channel", "channel": channel }]))
        .await;
    let only = vec!["site-hr".parse().unwrap()];
    let id = audit::start(&shop.engine, Some(only)).await.unwrap();
    let audit = audit::get(&shop.engine, id).await.unwrap().unwrap();
    assert!(audit.channels.is_empty() && audit.done && !audit.ok);
}

/// So many audits, asked for now.
async fn started(shop: &Shop, count: usize) -> Vec<uuid::Uuid> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(audit::start(&shop.engine, None).await.unwrap());
    }
    ids
}

#[tokio::test]
async fn edits_and_boundaries_between_question_and_reading_are_no_mismatch() {
    let shop = Shop::open().await;
    let milk = || reading("milk", Some(claims(&shop, "milk")), false);
    shop.mark_published();
    let asked_at = shop.position();
    let mut ids = started(&shop, 4).await.into_iter();
    let mut id = || ids.next().unwrap();
    let before = claims(&shop, "bread");
    shop.price_bread("2.10").await;
    let after = claims(&shop, "bread");
    // The adapter has not heard of the edit, and the server shows it already;
    // or it has.
    for (position, shown) in [
        (asked_at, &before),
        (asked_at, &after),
        (shop.position(), &after),
    ] {
        let readings = vec![reading("bread", Some(shown.clone()), false), milk()];
        let audit = answer_at(&shop, id(), position, readings).await;
        assert!(audit.ok, "{audit:#?}");
    }
    // What held before the question was asked is wrong.
    let readings = vec![reading("bread", Some(before), false), milk()];
    let audit = answer_at(&shop, id(), shop.position(), readings).await;
    assert_eq!(audit.channels[0].states[&ItemState::Mismatch], 1);

    // A price that ends while the channel is read.
    let tomorrow = shop.engine.now().plus_micros(86_400_000_000);
    shop.publish(serde_json::json!([{
        "type": "set_price", "sku": "bread", "market": "hr", "zone": "0204",
        "kind": "regular", "amount": "2.20", "valid_from": tomorrow,
    }]))
    .await;
    shop.mark_published();
    let ids = started(&shop, 2).await;
    let (bread, milk) = (claims(&shop, "bread"), milk());
    shop.pass_days(1);
    for (id, shown) in ids.into_iter().zip([bread, claims(&shop, "bread")]) {
        let readings = vec![reading("bread", Some(shown), false), milk.clone()];
        let audit = answer_at(&shop, id, shop.position(), readings).await;
        assert!(audit.ok, "{audit:#?}");
    }
}

#[tokio::test]
async fn beyond_the_horizon_nothing_is_known_to_be_right() {
    let shop = Shop::open().await;
    let readings =
        |shop: &Shop| ["bread", "milk"].map(|sku| reading(sku, Some(claims(shop, sku)), false));
    let shown = readings(&shop);
    // Nobody moved the horizon for ten days, and the shop shows what it showed.
    shop.pass_days(10);
    let audit = answer(&shop, shown.into()).await;
    assert!(audit.done && !audit.ok);
    assert_eq!(audit.channels[0].states[&ItemState::Behind], 2);
    assert_eq!(audit.channels[0].states.len(), 1);
    let reason = audit.channels[0].findings[0].reason.as_deref();
    assert!(reason.unwrap().contains("horizon"));
    // Nor does it help to show nothing.
    let audit = answer(&shop, Vec::new()).await;
    assert!(audit.done && !audit.ok);
    assert_eq!(audit.channels[0].states[&ItemState::Behind], 1);
}
