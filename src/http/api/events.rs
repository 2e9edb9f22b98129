//! The board, live (server-sent events).

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse, web};
use futures_util::stream::{self, Stream};
use offercast_usecases::{Event, board};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, sleep_until};

use crate::auth::Reader;
use crate::params::Params;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::state::Shared;

/// Changes that come closer together are shown as one.
const COALESCE: Duration = Duration::from_millis(200);
/// A connection that says nothing for longer is taken for dead by proxies.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The board now, and again whenever it changes.
#[utoipa::path(
    get, path = "/v1/events", tag = "reading", operation_id = "events", summary = "The board, live",
    description = "Server-sent events: `board` with the board's JSON at once and after each change, at most five a second; a comment every 15 seconds.",
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "unavailable: too many listen", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn get(
    _: Reader,
    shared: web::Data<Shared>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let place = Arc::clone(&shared.listeners).try_acquire_owned();
    let place = place.map_err(|_| {
        let limit = shared.options.event_listeners;
        let detail = format!("{limit} others listen already, the most that this server serves.");
        Problem::new(Kind::Unavailable, detail).with_header(header::RETRY_AFTER, "30")
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Asks nginx not to hold events back.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(boards(shared, place)))
}

struct Watch {
    events: Receiver<Event>,
    /// Given back when the listener goes.
    _place: OwnedSemaphorePermit,
    sent_at: Option<Instant>,
    shared: web::Data<Shared>,
}

fn boards(
    shared: web::Data<Shared>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, Error>> {
    let watch = Watch {
        // Before the first board is taken, so that no change falls between.
        events: shared.engine.events(),
        _place: place,
        sent_at: None,
        shared,
    };
    stream::unfold(watch, |mut watch| async move {
        let chunk = watch.next().await?;
        Some((Ok(chunk), watch))
    })
}

impl Watch {
    /// The next piece of the stream; none when the server goes down.
    async fn next(&mut self) -> Option<Bytes> {
        let Some(sent_at) = self.sent_at else {
            return Some(self.board());
        };
        let mut stopping = self.shared.stopping.clone();
        let mut stopped = pin!(stopping.wait_for(|stopping| *stopping));
        tokio::select! {
            biased;
            Ok(_) = &mut stopped => return None,
            event = self.events.recv() => {
                if matches!(event, Err(RecvError::Closed)) {
                    return None;
                }
            }
            () = sleep(HEARTBEAT) => return Some(Bytes::from_static(b": still here\n\n")),
        }
        tokio::select! {
            biased;
            Ok(_) = &mut stopped => return None,
            () = sleep_until(sent_at + COALESCE) => {}
        }
        // What happened meanwhile is in the board that is taken now. A watcher
        // that fell behind loses only notices.
        self.events = self.events.resubscribe();
        Some(self.board())
    }

    fn board(&mut self) -> Bytes {
        self.sent_at = Some(Instant::now());
        let board = board::snapshot(&self.shared.engine);
        let id = format!("{}.{}", board.head.epoch, board.head.revision);
        let json = serde_json::to_string(&board).unwrap_or_default();
        Bytes::from(format!("event: board\nid: {id}\ndata: {json}\n\n"))
    }
}
