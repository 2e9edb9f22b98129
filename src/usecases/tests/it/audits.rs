//! Audits: what an adapter says does not make its channel right.

use offercast_bus::answers::AnswerSink;
use offercast_contract::message::{Answer, AuditPage, AuditReading};
use offercast_contract::{Claims, ItemState, Mode, Sku, project};
use offercast_usecases::audit::{self, Audit};

use crate::shop::{Shop, VIEW};

/// An audit at the head, answered with these readings.
async fn answer(shop: &Shop, readings: Vec<AuditReading>) -> Audit {
    shop.mark_published();
    let id = audit::start(&shop.engine, None).await.unwrap();
    let page = AuditPage {
        channel: "site-hr".parse().unwrap(),
        id: id.to_string(),
        last: true,
        observed: true,
        page: 0,
        position: shop.position(),
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
