//! Price lists, as one revision or not at all.

use actix_multipart::{Field, Multipart};
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use futures_util::TryStreamExt;
use offercast_contract::canonical::Hasher;
use offercast_contract::{Instant, MarketId, ZoneId};
use offercast_usecases::import::{self, Import, ImportReport, Mapping};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use crate::api::schemas;
use crate::auth::Writer;
use crate::body::too_large;
use crate::params::Params;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::state::Shared;
use crate::write::{self, WriteKey};

const MAX_MAPPING_BYTES: usize = 64 << 10;

/// Imports a price list.
#[utoipa::path(
    post, path = "/v1/imports", tag = "editing", operation_id = "importPriceList", summary = "Import a price list as one revision, or nothing",
    description = "multipart/form-data with two parts: `mapping` (TOML: which column is what) and `file` (CSV, gzip or not). All rows are checked first; one wrong row and nothing is recorded. The same file again makes no revision. With `dry_run` nothing is recorded, and no Idempotency-Key is needed.",
    params(
        ("market" = String, Query, description = "Into which market"),
        ("dry_run" = Option<bool>, Query, description = "Check everything, record nothing"),
        ("effective" = Option<String>, Query, description = "From when the prices hold (RFC 3339), default now"),
        ("complete_for" = Option<String>, Query, description = "Zones, separated by commas, in which prices that the file does not name end"),
        ("create_zones" = Option<bool>, Query, description = "Make zones that the market does not have; without it their rows are refused"),
        ("reason" = Option<String>, Query, description = "Why, for those who read the log"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same for each try")),
    request_body(content = schemas::ImportForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "What the import did, or would do", body = schemas::ImportReport, headers(("Idempotency-Replayed" = String))),
        (status = 400, description = "idempotency-key-missing, invalid-request", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "base-moved, idempotency-in-flight", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 413, description = "too-large", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 415, description = "unsupported-media-type", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 422, description = "invalid-rows: each with row, column and reason; invalid-content, idempotency-mismatch", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn create(
    actor: Writer,
    key: Result<WriteKey, Problem>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    mut params: Params,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let market: Option<MarketId> = params.take("market")?;
    let market = market
        .ok_or_else(|| Problem::invalid("market", "says into which market; it is missing"))?;
    let dry_run = params.take_switch("dry_run")?;
    let effective: Option<Instant> = params.take("effective")?;
    let complete_for: Vec<ZoneId> = params.take_list("complete_for")?;
    let create_zones = params.take_switch("create_zones")?;
    let reason: Option<String> = params.take("reason")?;
    params.finish()?;
    let key = if dry_run { None } else { Some(key?) };
    let mut upload = Upload::read(&request, payload, shared.options.import_limit_bytes).await?;
    let mut import = Import {
        author: actor.0.name.clone(),
        complete_for,
        create_zones,
        effective,
        idempotency: None,
        dry_run,
        mapping: upload.mapping()?,
        reason: reason.unwrap_or_else(|| format!("import of a price list for {market}")),
        market,
    };
    let engine = &shared.engine;
    let address = request.uri().to_string();
    let fingerprint = upload.fingerprint(&address);
    let Some(key) = key.map(|key| key.of(&actor.0, fingerprint)) else {
        let report = run(engine, import, upload).await?;
        return Ok(HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(report));
    };
    // The answer is kept under the client's key, the revision under one of its
    // own: if this server dies between the two, the next try finds the revision.
    let mut of_revision = key.clone();
    of_revision.key.push_str("#revision");
    import.idempotency = Some(of_revision);
    write::once(engine, key, StatusCode::OK, async {
        run(engine, import, upload).await
    })
    .await
}

async fn run(
    engine: &offercast_usecases::Engine,
    import: Import,
    upload: Upload,
) -> Result<ImportReport, Problem> {
    let gzip = upload.is_gzip();
    let file = Box::new(std::io::BufReader::new(upload.file));
    Ok(import::run(engine, import, file, gzip, |_| {}).await?)
}

/// What was sent.
struct Upload {
    content: Hasher,
    file: std::fs::File,
    head: Vec<u8>,
    mapping: Vec<u8>,
}

impl Upload {
    async fn read(
        request: &HttpRequest,
        payload: web::Payload,
        limit_bytes: u64,
    ) -> Result<Self, Problem> {
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|text| text.to_ascii_lowercase().starts_with("multipart/form-data"));
        if !is_form {
            let detail = "Send multipart/form-data with the parts mapping and file.";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
        let mut payload = payload.into_inner();
        let mut parts = Multipart::from_request(request, &mut payload)
            .await
            .map_err(|error| malformed(&error))?;
        let file = web::block(tempfile::tempfile)
            .await
            .map_err(|error| Problem::internal(&error))?;
        let file = file.map_err(|error| Problem::internal(&error))?;
        let mut file = tokio::fs::File::from_std(file);
        let (mut mapping, mut head) = (None, None);
        let mut content = Hasher::default();
        while let Some(mut part) = parts.try_next().await.map_err(|error| malformed(&error))? {
            match part.name() {
                Some("mapping") if mapping.is_none() => mapping = Some(small(&mut part).await?),
                Some("file") if head.is_none() => {
                    head = Some(store(&mut part, &mut file, &mut content, limit_bytes).await?);
                }
                name => {
                    let name = name.unwrap_or("(without a name)").to_owned();
                    return Err(Problem::invalid(
                        &name,
                        "is not expected here: send mapping and file, once each",
                    ));
                }
            }
        }
        file.rewind()
            .await
            .map_err(|error| Problem::internal(&error))?;
        Ok(Self {
            content,
            file: file.into_std().await,
            head: head.ok_or_else(|| Problem::invalid("file", "is missing"))?,
            mapping: mapping.ok_or_else(|| Problem::invalid("mapping", "is missing"))?,
        })
    }

    fn mapping(&self) -> Result<Mapping, Problem> {
        let text = std::str::from_utf8(&self.mapping)
            .map_err(|_| Problem::invalid("mapping", "is not UTF-8"))?;
        Mapping::parse(text).map_err(Problem::from)
    }

    /// Hash of what is asked, whatever the boundary between the parts is.
    fn fingerprint(&mut self, address: &str) -> offercast_contract::Hash {
        let mut hasher = self.content.clone();
        hasher.add(&self.mapping);
        hasher.add(address.as_bytes());
        hasher.finish()
    }

    /// By its first bytes (RFC 1952, 2.3.1): names and media types lie.
    fn is_gzip(&self) -> bool {
        self.head.starts_with(&[0x1f, 0x8b])
    }
}

fn malformed(error: &dyn std::fmt::Display) -> Problem {
    Problem::invalid(
        "body",
        format!("is not proper multipart/form-data: {error}"),
    )
}

async fn small(part: &mut Field) -> Result<Vec<u8>, Problem> {
    let bytes = part.bytes(MAX_MAPPING_BYTES).await;
    let bytes = bytes.map_err(|_| too_large(MAX_MAPPING_BYTES as u64))?;
    Ok(bytes.map_err(|error| malformed(&error))?.to_vec())
}

/// Writes a part to the file; gives its first bytes.
async fn store(
    part: &mut Field,
    file: &mut tokio::fs::File,
    content: &mut Hasher,
    limit_bytes: u64,
) -> Result<Vec<u8>, Problem> {
    let mut head = Vec::new();
    let mut size: u64 = 0;
    while let Some(chunk) = part.try_next().await.map_err(|error| malformed(&error))? {
        size += chunk.len() as u64;
        if size > limit_bytes {
            return Err(too_large(limit_bytes));
        }
        let missing = 2_usize.saturating_sub(head.len());
        head.extend(chunk.iter().take(missing));
        content.add(&chunk);
        file.write_all(&chunk)
            .await
            .map_err(|error| Problem::internal(&error))?;
    }
    file.flush()
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(head)
}
