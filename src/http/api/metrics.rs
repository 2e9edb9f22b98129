//! Figures for Prometheus.

use actix_web::{HttpResponse, web};
use offercast_usecases::board;

use crate::auth::Reader;
use crate::metrics::{ChannelFigures, Figures};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;

/// Figures in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operation", operation_id = "metrics", summary = "Figures for Prometheus",
    responses(
        (status = 200, description = "Text format 0.0.4", body = String, content_type = "text/plain; version=0.0.4"),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn get(_: Reader, shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    let board = board::snapshot(&shared.engine);
    let figures = Figures {
        frozen: board.frozen.is_some(),
        halted: board.halted.is_some(),
        published: board.published.revision,
        revision: board.head.revision,
    };
    let channels = board.channels.iter().map(|row| ChannelFigures {
        channel: row.id.as_str(),
        held: row.held,
        lag_revisions: row.lag_revisions,
        mismatches: row.mismatches,
        revision: row.revision,
    });
    let text = shared
        .metrics
        .scrape(figures, channels)
        .map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok()
        .content_type(prometheus::TEXT_FORMAT)
        .body(text))
}
