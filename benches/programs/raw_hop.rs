//! The reference for propagating an edit, without any of the product's code:
//! one commit of the same rows on PostgreSQL, one confirmed message to as many
//! quorum queues, and an answer from each consumer through a quorum queue.
//!
//! `raw_hop POSTGRES_URL AMQP_URL SKUS UPDATE_BYTES ANSWER_BYTES CONSUMERS ROUNDS`
//! prints the microseconds of each round; `raw_hop tap AMQP_URL EXCHANGE` counts
//! what goes through an exchange until standard input ends. `benches/run edit`
//! starts both.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for measuring ends with the first thing that goes wrong"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use diesel::sql_types::{Array, BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryResult, RunQueryDsl};
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};

const EXCHANGE: &str = "raw";
const ANSWERS: &str = "raw.answers";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["tap", amqp, exchange] => tap(amqp, exchange).await,
        [postgres, amqp, numbers @ ..] if numbers.len() == 5 => {
            let number = |index: usize| -> usize { numbers[index].parse().expect("a number") };
            let sizes = Sizes {
                skus: number(0),
                update_bytes: number(1),
                answer_bytes: number(2),
                consumers: number(3),
                rounds: number(4),
            };
            rounds(postgres, amqp, &sizes).await;
        }
        _ => println!("raw_hop: left out, it is a part of benches/run edit"),
    }
}

struct Sizes {
    skus: usize,
    update_bytes: usize,
    answer_bytes: usize,
    consumers: usize,
    rounds: usize,
}

async fn open(amqp: &str) -> Channel {
    let connection = Connection::connect(amqp, ConnectionProperties::default());
    let connection = connection.await.expect("the broker answers");
    let channel = connection.create_channel().await.expect("a channel");
    // Open until the process ends.
    std::mem::forget(connection);
    let confirms = ConfirmSelectOptions::default();
    channel.confirm_select(confirms).await.expect("confirms");
    channel
}

async fn quorum_queue(channel: &Channel, name: &str) {
    let mut arguments = FieldTable::default();
    arguments.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(name.into(), options, arguments)
        .await
        .expect("a queue");
}

async fn consume(channel: &Channel, queue: &str) -> Consumer {
    let prefetch = BasicQosOptions::default();
    channel.basic_qos(16, prefetch).await.expect("a prefetch");
    let options = BasicConsumeOptions::default();
    channel
        .basic_consume(queue.into(), "".into(), options, FieldTable::default())
        .await
        .expect("a consumer")
}

/// Publishes a persistent message and waits until it is confirmed.
async fn publish(channel: &Channel, exchange: &str, key: &str, body: &[u8]) {
    let options = BasicPublishOptions {
        mandatory: true,
        ..Default::default()
    };
    let properties = BasicProperties::default().with_delivery_mode(2);
    let confirmed = channel
        .basic_publish(exchange.into(), key.into(), options, body, properties)
        .await
        .expect("published")
        .await
        .expect("confirmed");
    assert!(confirmed.is_ack(), "the broker refused a message");
}

async fn answer_updates(amqp: String, queue: String, answer_bytes: usize) {
    let channel = open(&amqp).await;
    let mut updates = consume(&channel, &queue).await;
    let answer = vec![b'a'; answer_bytes];
    while let Some(update) = updates.next().await {
        let update = update.expect("an update");
        publish(&channel, "", ANSWERS, &answer).await;
        let acknowledged = update.ack(BasicAckOptions::default()).await;
        acknowledged.expect("acknowledged");
    }
}

async fn rounds(postgres: &str, amqp: &str, sizes: &Sizes) {
    let channel = open(amqp).await;
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .exchange_declare(
            EXCHANGE.into(),
            ExchangeKind::Topic,
            durable,
            FieldTable::default(),
        )
        .await
        .expect("an exchange");
    quorum_queue(&channel, ANSWERS).await;
    for consumer in 0..sizes.consumers {
        let queue = format!("raw.adapter.{consumer}");
        quorum_queue(&channel, &queue).await;
        let binding = channel.queue_bind(
            queue.as_str().into(),
            EXCHANGE.into(),
            "update".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        binding.await.expect("a binding");
        tokio::spawn(answer_updates(amqp.to_owned(), queue, sizes.answer_bytes));
    }
    let answers_channel = open(amqp).await;
    let mut answers = consume(&answers_channel, ANSWERS).await;
    let mut database = PgConnection::establish(postgres).expect("the database answers");
    let skus = some_skus(&mut database, sizes.skus).expect("SKUs");
    let update = vec![b'u'; sizes.update_bytes];
    for _ in 0..sizes.rounds {
        let begun = Instant::now();
        tokio::task::block_in_place(|| commit(&mut database, &skus)).expect("committed");
        publish(&channel, EXCHANGE, "update", &update).await;
        for _ in 0..sizes.consumers {
            let answer = answers.next().await.expect("an answer").expect("an answer");
            let acknowledged = answer.ack(BasicAckOptions::default()).await;
            acknowledged.expect("acknowledged");
        }
        println!("{}", begun.elapsed().as_micros());
    }
}

#[derive(diesel::QueryableByName)]
struct SkuRow {
    #[diesel(sql_type = Text)]
    sku: String,
}

fn some_skus(database: &mut PgConnection, count: usize) -> QueryResult<Vec<String>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows: Vec<SkuRow> = diesel::sql_query(
        "SELECT sku FROM prices WHERE until_revision IS NULL AND kind = 'regular' LIMIT $1",
    )
    .bind::<BigInt, _>(count)
    .load(database)?;
    Ok(rows.into_iter().map(|row| row.sku).collect())
}

/// The rows that a revision of price changes writes, in one transaction.
fn commit(database: &mut PgConnection, skus: &[String]) -> QueryResult<()> {
    database.transaction(|database| {
        diesel::sql_query("SELECT revision FROM heads WHERE id = 1 FOR UPDATE")
            .execute(database)?;
        diesel::sql_query(
            "UPDATE prices SET until_revision = (SELECT revision + 1 FROM heads) \
             WHERE sku = ANY($1) AND kind = 'regular' AND until_revision IS NULL",
        )
        .bind::<Array<Text>, _>(skus)
        .execute(database)?;
        diesel::sql_query(
            "INSERT INTO prices SELECT sku, market, zone, audience, kind, valid_from, \
             valid_until, amount_minor + 1, until_revision, NULL FROM prices \
             WHERE sku = ANY($1) AND kind = 'regular' \
             AND until_revision = (SELECT revision + 1 FROM heads)",
        )
        .bind::<Array<Text>, _>(skus)
        .execute(database)?;
        diesel::sql_query(
            "INSERT INTO revisions SELECT revision + 1, epoch, 'raw', 'raw', recorded_at + 1, \
             hash, hash, 40, md5(hash) || md5(hash) FROM heads",
        )
        .execute(database)?;
        diesel::sql_query(
            "INSERT INTO outbox SELECT (SELECT max(sequence) + 1 FROM outbox), epoch, \
             revision + 1, horizon, hash, epoch, revision, horizon, hash, recorded_at, NULL, NULL \
             FROM heads",
        )
        .execute(database)?;
        diesel::sql_query(
            "UPDATE heads SET revision = revision + 1, hash = md5(hash) || md5(hash)",
        )
        .execute(database)?;
        Ok(())
    })
}

/// Counts messages and bytes by the first word of their routing key.
async fn tap(amqp: &str, exchange: &str) {
    let channel = open(amqp).await;
    let options = QueueDeclareOptions {
        exclusive: true,
        ..Default::default()
    };
    let queue = channel
        .queue_declare("".into(), options, FieldTable::default())
        .await
        .expect("a queue");
    let queue = queue.name().as_str().to_owned();
    let binding = channel.queue_bind(
        queue.as_str().into(),
        exchange.into(),
        "#".into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    binding.await.expect("a binding");
    let mut messages = consume(&channel, &queue).await;
    println!("tapping");
    let mut counted: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    loop {
        tokio::select! {
            message = messages.next() => {
                let message = message.expect("a message").expect("a message");
                let key = message.routing_key.as_str();
                let first = key.split('.').next().unwrap_or(key).to_owned();
                let entry = counted.entry(first).or_default();
                entry.0 += 1;
                entry.1 += message.data.len() as u64;
                message.ack(BasicAckOptions::default()).await.expect("acknowledged");
            }
            _ = &mut ended => break,
        }
    }
    for (key, (messages, bytes)) in counted {
        println!("{key} {messages} {bytes}");
    }
}
