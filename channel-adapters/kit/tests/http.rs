//! The ports over HTTP, against a real listener.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::{Arc, Mutex};

use offercast_contract::Field;
use offercast_kit::outlet::{Observation, Which};
use offercast_kit::{HttpOutlet, HttpSource, Outlet, PortError, PullRequest, Source};
use support::{Plain, World, item, sku, view};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

type Answers = Arc<Mutex<Vec<(u16, Vec<u8>)>>>;

/// Answers each request with the next of `answers`; keeps the requests' heads.
async fn serve(answers: Answers) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let (status, body) = answers.lock().unwrap().remove(0);
            kept.lock().unwrap().push(head);
            let answer = format!(
                "HTTP/1.1 {status} x\r\nOffercast-Revision: 7\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (base, heads)
}

fn client() -> reqwest::Client {
    // Fails when another test of this process did it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().unwrap()
}

#[tokio::test]
async fn a_pull_is_asked_for_by_position_and_answers_are_told_apart() {
    let mut world = World::new();
    world.publish(vec![item("A", &[(None, "1.00")])]);
    let request = PullRequest {
        channel: world.channel.id.clone(),
        after: Some(world.position(0)),
        at: Some(world.position(1)),
        cursor: Some("c 1".to_owned()),
    };
    let mut first = request.clone();
    first.cursor = None;
    let page = world.page(&first);
    let answers: Answers = Arc::new(Mutex::new(vec![
        (503, b"{\"detail\":\"not ready\"}".to_vec()),
        (200, offercast_contract::canonical_bytes(&page)),
        (410, Vec::new()),
        (409, b"{\"detail\":\"revision 1 is not mine\"}".to_vec()),
        (403, b"{\"title\":\"token may not\"}".to_vec()),
    ]));
    let (base, heads) = serve(Arc::clone(&answers)).await;
    let source = HttpSource::new(client(), &base, "secret");
    assert_eq!(
        source.pull(&request).await.unwrap(),
        page,
        "tried again after 503"
    );
    assert_eq!(source.pull(&request).await, Err(PortError::PinLost));
    let unknown = source.pull(&request).await.unwrap_err();
    assert!(matches!(&unknown, PortError::UnknownPosition(reason) if reason.contains("not mine")));
    let refused = source.pull(&request).await.unwrap_err();
    assert!(matches!(&refused, PortError::Refused(reason) if reason.contains("token may not")));
    let head = heads.lock().unwrap()[1].clone();
    let horizon = support::horizon().0;
    let line = format!(
        "GET /v1/channels/conformance/updates?epoch=1&after=0&after_horizon={horizon}&until=1&horizon={horizon}&cursor=c+1 "
    );
    assert!(head.starts_with(&line), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer secret"));
}

#[tokio::test]
async fn a_pulled_channel_is_read_as_its_customers_read_it() {
    let world = World::new();
    let answers: Answers = Arc::new(Mutex::new(vec![(200, b"A;1.00".to_vec())]));
    let (base, heads) = serve(Arc::clone(&answers)).await;
    let outlet = HttpOutlet::new(client(), &base, Arc::new(Plain));
    let read = async |name: &str| {
        let (skus, view) = ([sku(name)], view());
        let asked = outlet.observe(&world.channel, &view, Which::Only(&skus), world.position(0));
        match asked.await {
            Ok(Observation::Read { mut items, .. }) => Ok(items.remove(0)),
            Ok(Observation::NotObservable) => panic!("it can be read"),
            Err(error) => Err(error),
        }
    };
    let item = read("A").await.unwrap();
    assert_eq!(item.revision, Some(7));
    assert_eq!(
        item.reading.unwrap().unwrap().field(Field::Price),
        Some("1.00")
    );
    let head = heads.lock().unwrap()[0].to_lowercase();
    assert!(
        head.starts_with("get /v1/channels/conformance/items/a?zone=0204 "),
        "{head}"
    );
    assert!(head.contains("offercast-min-revision: 0"), "{head}");
    assert!(!head.contains("authorization"), "as a customer: {head}");
    answers.lock().unwrap().push((404, Vec::new()));
    assert_eq!(read("B").await.unwrap().reading, Ok(None));
    answers.lock().unwrap().push((200, b"garbage".to_vec()));
    assert!(read("C").await.unwrap().reading.is_err());
    answers.lock().unwrap().push((503, Vec::new()));
    assert!(read("D").await.is_err());
}

#[tokio::test]
async fn where_reading_needs_a_token_it_is_shown() {
    let world = World::new();
    let answers: Answers = Arc::new(Mutex::new(vec![(200, b"A;1.00".to_vec())]));
    let (base, heads) = serve(answers).await;
    let outlet = HttpOutlet::new(client(), &base, Arc::new(Plain));
    let outlet = outlet.with_token(Some("secret".to_owned()));
    let (skus, view) = ([sku("A")], view());
    let asked = outlet.observe(&world.channel, &view, Which::Only(&skus), world.position(0));
    assert!(matches!(asked.await, Ok(Observation::Read { .. })));
    let head = heads.lock().unwrap()[0].to_lowercase();
    assert!(head.contains("authorization: bearer secret"), "{head}");
}
