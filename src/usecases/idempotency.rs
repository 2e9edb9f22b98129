//! One key, one outcome.

use offercast_contract::{Hash, Instant};
use offercast_storage::{Begun, Claim, Outcome, StorageError, Store};

use crate::engine::Engine;
use crate::error::Unavailable;

/// A request that stayed in flight this long has died with its process; its
/// key may be taken over.
const TAKEOVER_AFTER_MICROS: i64 = 60_000_000;

/// Names one request of one actor.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// Who asks: the name of a token.
    pub actor: String,
    /// The key, as the client chose it.
    pub key: String,
    /// Hash of what is asked for.
    pub fingerprint: Hash,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key was used for another request.
    #[error("this idempotency key was used for another request")]
    OtherRequest,
    /// The first request with this key is still being worked on.
    #[error("the first request with this idempotency key is still in flight")]
    InFlight,
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<StorageError> for KeyError {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Whether a request is new.
pub enum Start {
    /// It is: do it, then store its outcome with the claim.
    New(Claim),
    /// It was done before: this is its outcome.
    Done(Outcome),
}

/// Claims a key, for a request whose outcome is stored after it was carried
/// out: whoever asks meanwhile is told so.
pub async fn begin(engine: &Engine, key: &IdempotencyKey) -> Result<Start, KeyError> {
    ask(engine, key, Store::begin_request).await
}

/// Looks a key up, for a request whose outcome is stored in the transaction
/// that carries it out. Where two processes carry it out at once, one of the
/// transactions fails.
pub(crate) async fn look_up(engine: &Engine, key: &IdempotencyKey) -> Result<Start, KeyError> {
    ask(engine, key, Store::look_up_request).await
}

type Ask = fn(&Store, &str, &str, &Hash, Instant, i64) -> Result<Begun, StorageError>;

async fn ask(engine: &Engine, key: &IdempotencyKey, how: Ask) -> Result<Start, KeyError> {
    let (key, now) = (key.clone(), engine.now());
    let begun = engine
        .blocking(move |store| {
            let fingerprint = &key.fingerprint;
            how(
                store,
                &key.actor,
                &key.key,
                fingerprint,
                now,
                TAKEOVER_AFTER_MICROS,
            )
        })
        .await??;
    match begun {
        Begun::Claimed(claim) => Ok(Start::New(claim)),
        Begun::Done(outcome) => Ok(Start::Done(outcome)),
        Begun::InFlight => Err(KeyError::InFlight),
        Begun::OtherRequest => Err(KeyError::OtherRequest),
    }
}

/// Stores the outcome of a request that recorded nothing in the log.
pub async fn finish(engine: &Engine, claim: Claim, outcome: Outcome) -> Result<(), Unavailable> {
    Ok(engine
        .blocking(move |store| store.finish_request(&claim, &outcome))
        .await??)
}

/// Gives a key back: nothing happened.
pub async fn abandon(engine: &Engine, claim: Claim) {
    let abandoned = engine
        .blocking(move |store| store.abandon_request(&claim))
        .await;
    if let Ok(Err(error)) = abandoned {
        // It frees itself after the take-over time.
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "an idempotency key could not be given back"
        );
    }
}
