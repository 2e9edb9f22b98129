//! The pinned pull of adapters.

use actix_web::{HttpResponse, web};
use offercast_contract::Horizon;
use offercast_usecases::pull::{self, PullRequest};

use crate::api::schemas;
use crate::auth::Adapter;
use crate::params::{Params, path_part};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;

/// What a holder of one position needs to hold another.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/updates", tag = "adapters", operation_id = "updates", summary = "What a holder of one position needs to hold another",
    description = "The pinned pull, see docs/CONTRACT.md. Without `after` it is a snapshot. Without `until` the server pins what was published last; the following pages name what the first one was pinned to.",
    params(
        ("channel" = String, Path, description = "The channel that asks"),
        ("epoch" = Option<u64>, Query, description = "The epoch held"),
        ("after" = Option<u64>, Query, description = "The revision held"),
        ("after_horizon" = Option<i64>, Query, description = "The horizon held"),
        ("until" = Option<u64>, Query, description = "The revision to reach"),
        ("horizon" = Option<i64>, Query, description = "The horizon to reach"),
        ("cursor" = Option<String>, Query, description = "Of the page before")),
    responses(
        (status = 200, description = "A page", body = schemas::PullPage),
        (status = 400, description = "invalid-request", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "unknown-position", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 410, description = "pin-lost: start again", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["adapter"])),
)]
pub async fn get(
    _: Adapter,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let request = PullRequest {
        channel: path_part("channel", &path)?,
        after: take_after(&mut params)?,
        at: take_at(&mut params)?,
        cursor: params.take("cursor")?,
    };
    params.finish()?;
    let engine = shared.engine.clone();
    pull::come_to(&engine, &request).await?;
    let page = web::block(move || {
        pull::page(&engine, &request)
            .map(|page| (page.at, offercast_contract::canonical_bytes(&page)))
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    let (at, bytes) = page?;
    Ok(crate::pages::fresh(&at)
        .content_type("application/json")
        .body(bytes))
}

fn take_after(params: &mut Params) -> Result<Option<(u64, u64, Horizon)>, Problem> {
    let epoch = params.take::<u64>("epoch")?;
    let revision = params.take::<u64>("after")?;
    let horizon = params.take::<i64>("after_horizon")?;
    match (epoch, revision, horizon) {
        // Without a revision held, the epoch belongs to the one to reach.
        (_, None, None) => Ok(None),
        (Some(epoch), Some(revision), Some(horizon)) => {
            Ok(Some((epoch, revision, Horizon(horizon))))
        }
        _ => Err(Problem::invalid(
            "after",
            "epoch, after and after_horizon are given together",
        )),
    }
}

fn take_at(params: &mut Params) -> Result<Option<(u64, Horizon)>, Problem> {
    match (params.take::<u64>("until")?, params.take::<i64>("horizon")?) {
        (None, None) => Ok(None),
        (Some(revision), Some(horizon)) => Ok(Some((revision, Horizon(horizon)))),
        _ => Err(Problem::invalid(
            "until",
            "until and horizon are given together",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_given_whole() {
        let parse =
            |query: &str| Params::parse(query).and_then(|mut params| take_after(&mut params));
        assert_eq!(parse("").unwrap(), None);
        assert_eq!(parse("epoch=1").unwrap(), None);
        assert_eq!(
            parse("epoch=1&after=2&after_horizon=3").unwrap(),
            Some((1, 2, Horizon(3)))
        );
        assert!(parse("after=2").is_err() && parse("epoch=1&after=x&after_horizon=3").is_err());
    }
}
