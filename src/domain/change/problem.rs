use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of mistake it is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A price below what nothing may take it below.
    BelowFloor,
    /// An offer that differs from another in nothing but its id and words.
    Duplicate,
    /// A price that is changed beyond the market's limits.
    GuardLimit,
    /// Something else refers to it.
    InUse,
    /// A value outside its range or of the wrong shape.
    Invalid,
    /// A price without the floor that its market demands.
    MissingFloor,
    /// What is to be ended is not there.
    NotFound,
    /// Two prices of one set for the same thing at the same time.
    Overlap,
    /// A price that the law does not allow.
    Restricted,
    /// A channel that is not there.
    UnknownChannel,
    /// A class of deposits that no market knows.
    UnknownDepositClass,
    /// A locale that the market does not speak.
    UnknownLocale,
    /// A market that is not there.
    UnknownMarket,
    /// A product that is not there.
    UnknownProduct,
    /// A tax class that a market does not know.
    UnknownTaxClass,
    /// A time zone that the IANA database does not know.
    UnknownTimeZone,
    /// A zone that is not there.
    UnknownZone,
}

/// Why a change set is refused: which change, which field, why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeError {
    /// The change, counted from 0.
    pub index: usize,
    /// The field within the change: `offer.effect.percent_off`.
    pub field: String,
    /// Why, in a sentence without a full stop.
    pub reason: String,
    /// The kind of mistake.
    pub code: ErrorCode,
    /// The change that it contradicts, counted from 0; the reason names it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<usize>,
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "change {}: {}: {}", self.index, self.field, self.reason)
    }
}

impl std::error::Error for ChangeError {}

/// What kind of warning it is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// A tier that is not below the price for smaller quantities, so it never
    /// holds.
    DearerTier,
    /// An offer makes a price that only some channels show.
    ExclusivePrice,
    /// The pack's size cannot be true; no unit price is shown.
    ImplausiblePack,
    /// A price that changes by more than 30 percent.
    LargeChange,
    /// Words are missing in a locale of the market.
    MissingLocale,
    /// A typed price does not end as prices of the market do.
    PriceEnding,
}

/// What is allowed and should be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// The change, counted from 0.
    pub index: usize,
    /// The field within the change.
    pub field: String,
    /// Why, in a sentence without a full stop.
    pub reason: String,
    /// The kind of warning.
    pub code: WarningCode,
}

/// Collects what is wrong and what is doubtful.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) errors: Vec<ChangeError>,
    pub(super) warnings: Vec<Warning>,
}

impl Problems {
    pub(super) fn refuse(
        &mut self,
        index: usize,
        field: impl Into<String>,
        code: ErrorCode,
        reason: impl Into<String>,
    ) {
        self.errors.push(ChangeError {
            index,
            field: field.into(),
            reason: reason.into(),
            code,
            other: None,
        });
    }

    /// Refuses a change for what another one of the set says.
    pub(super) fn contradict(
        &mut self,
        index: usize,
        other: usize,
        field: impl Into<String>,
        reason: impl Into<String>,
    ) {
        self.errors.push(ChangeError {
            index,
            field: field.into(),
            reason: reason.into(),
            code: ErrorCode::Overlap,
            other: Some(other),
        });
    }

    pub(super) fn warn(
        &mut self,
        index: usize,
        field: impl Into<String>,
        code: WarningCode,
        reason: impl Into<String>,
    ) {
        self.warnings.push(Warning {
            index,
            field: field.into(),
            reason: reason.into(),
            code,
        });
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "change {}: {}: {}", self.index, self.field, self.reason)
    }
}
