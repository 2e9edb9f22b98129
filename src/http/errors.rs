//! The one place where errors of use cases become problems.

use actix_web::http::header;
use offercast_domain::change::ChangeError;
use offercast_usecases::control::ResyncError;
use offercast_usecases::engine::Behind;
use offercast_usecases::error::Unavailable;
use offercast_usecases::idempotency::KeyError;
use offercast_usecases::import::{ImportError, MappingError, RowIssue};
use offercast_usecases::publish::PublishError;
use offercast_usecases::pull::PullError;
use offercast_usecases::records::ChangeSetError;

use crate::problem::{FieldError, Kind, Problem};

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(&error)
    }
}

impl From<Behind> for Problem {
    fn from(error: Behind) -> Self {
        Self::new(Kind::Behind, error.to_string()).with_header(header::RETRY_AFTER, "1")
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::OtherRequest => Self::new(Kind::IdempotencyMismatch, error.to_string()),
            KeyError::InFlight => Self::new(Kind::IdempotencyInFlight, error.to_string())
                .with_header(header::RETRY_AFTER, "1"),
            KeyError::Unavailable(error) => error.into(),
        }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let detail = error.to_string();
        match error {
            PublishError::Invalid(errors) => {
                Self::new(Kind::InvalidContent, detail).with_errors(change_errors(&errors))
            }
            PublishError::BaseMoved { conflicting, .. } => {
                let errors = conflicting
                    .into_iter()
                    .map(|row| FieldError::field(&row, "was changed since"));
                Self::new(Kind::BaseMoved, detail).with_errors(errors.collect())
            }
            PublishError::Conflicts(conflicts) => {
                let errors = conflicts
                    .into_iter()
                    .map(|conflict| FieldError::field(&conflict.row, conflict.reason));
                Self::new(Kind::BaseMoved, detail).with_errors(errors.collect())
            }
            PublishError::ChangeSet(error) => error.into(),
            PublishError::Key(error) => error.into(),
            PublishError::Unavailable(error) => error.into(),
        }
    }
}

/// Errors of changes, each with its place in the request.
#[must_use]
pub fn change_errors(errors: &[ChangeError]) -> Vec<FieldError> {
    errors
        .iter()
        .map(|error| FieldError {
            code: serde_json::to_value(error.code)
                .ok()
                .and_then(|code| code.as_str().map(str::to_owned)),
            column: None,
            field: Some(format!("changes[{}].{}", error.index, error.field)),
            reason: error.reason.clone(),
            row: None,
        })
        .collect()
}

impl From<ChangeSetError> for Problem {
    fn from(error: ChangeSetError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeSetError::NotFound => Self::not_found(detail),
            ChangeSetError::NotDraft(_) => Self::new(Kind::NotDraft, detail),
            ChangeSetError::VersionMoved { .. } => Self::new(Kind::PreconditionFailed, detail),
            ChangeSetError::Storage(error) => Unavailable::from(error).into(),
        }
    }
}

impl From<PullError> for Problem {
    fn from(error: PullError) -> Self {
        let detail = error.to_string();
        match error {
            PullError::UnknownChannel(_) => Self::not_found(detail),
            PullError::PinLost(_) => Self::new(Kind::PinLost, detail),
            PullError::UnknownPosition(_) => Self::new(Kind::UnknownPosition, detail),
            PullError::BadCursor(_) => Self::invalid("cursor", detail),
        }
    }
}

impl From<ResyncError> for Problem {
    fn from(error: ResyncError) -> Self {
        match error {
            ResyncError::UnknownChannel(_) => Self::not_found(error.to_string()),
            ResyncError::Unavailable(error) => error.into(),
        }
    }
}

impl From<MappingError> for Problem {
    fn from(error: MappingError) -> Self {
        let detail = error.to_string();
        Self::new(Kind::InvalidContent, detail.clone())
            .with_errors(vec![FieldError::field("mapping", detail)])
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let detail = error.to_string();
        match error {
            ImportError::UnknownMarket(_) => Self::not_found(detail),
            ImportError::OtherMarket { .. } => Self::new(Kind::InvalidContent, detail.clone())
                .with_errors(vec![FieldError::field("mapping", detail)]),
            ImportError::File(_) => Self::new(Kind::InvalidContent, detail.clone())
                .with_errors(vec![FieldError::field("file", detail)]),
            ImportError::Rows { errors, .. } => Self::new(Kind::InvalidRows, detail)
                .with_errors(errors.into_iter().map(row_error).collect()),
            ImportError::Publish(error) => error.into(),
        }
    }
}

fn row_error(issue: RowIssue) -> FieldError {
    FieldError {
        code: None,
        column: Some(issue.column),
        field: Some("file".to_owned()),
        reason: issue.reason,
        row: Some(issue.row),
    }
}
