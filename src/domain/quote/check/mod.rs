//! `quote-check`: does Offercast compute what another system computes?
//!
//! Reads recorded cases, one JSON object a line, computes each with the
//! preset of its peer, and compares the keys that the case states. Cases are
//! read, never recognised: all they select is a preset, by its name.

mod compare;
mod format;
mod mechanics;
mod read;
mod report;
mod run;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use compare::Difference;
use format::Case;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases whose stated keys are all equal.
    pub passed: usize,
    /// The others.
    pub failed: usize,
    /// Passed and total by peer and kind.
    pub by_peer_and_kind: BTreeMap<(String, String), Count>,
    /// The cases that differ, in the order read.
    pub failures: Vec<Failure>,
}

/// A count of cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Passed.
    pub passed: usize,
    /// All.
    pub total: usize,
}

/// A case that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its id.
    pub id: String,
    /// Each differing key with the expected and the computed value, or why
    /// the case cannot be computed.
    pub differences: Vec<String>,
}

/// Why a check cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A line is not a case.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Position in the input, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The input cannot be read.
    #[error("cannot read the cases after line {line}: {source}")]
    Read {
        /// The last line read.
        line: usize,
        /// The cause.
        source: std::io::Error,
    },
    /// The report cannot be written.
    #[error("cannot write the report: {0}")]
    Write(std::io::Error),
}

/// Checks cases and writes the table of peers and kinds, the differing cases
/// with expected and computed values, and at the end `N passed, N failed`.
///
/// # Errors
/// A malformed line stops the check, naming the line and the reason; so does
/// an input that cannot be read or an output that cannot be written.
pub fn check(cases: impl BufRead, out: &mut impl Write) -> Result<Summary, CheckError> {
    let mut summary = Summary::default();
    for (position, line) in cases.lines().enumerate() {
        let number = position + 1;
        let line = line.map_err(|source| CheckError::Read {
            line: position,
            source,
        })?;
        if line.trim().is_empty() {
            continue;
        }
        let case: Case = serde_json::from_str(&line).map_err(|error| CheckError::Malformed {
            line: number,
            reason: error.to_string(),
        })?;
        summary.add(&case, one(&case));
    }
    report::write(&summary, out).map_err(CheckError::Write)?;
    Ok(summary)
}

/// The differences of one case; none is a pass.
fn one(case: &Case) -> Vec<String> {
    match run::run(case) {
        Ok(differences) => differences.iter().map(Difference::to_string).collect(),
        Err(reason) => vec![reason],
    }
}

impl Summary {
    fn add(&mut self, case: &Case, differences: Vec<String>) {
        let key = (case.peer.clone(), case.kind.clone());
        let count = self.by_peer_and_kind.entry(key).or_default();
        count.total += 1;
        if differences.is_empty() {
            count.passed += 1;
            self.passed += 1;
        } else {
            self.failed += 1;
            self.failures.push(Failure {
                id: case.id.clone(),
                differences,
            });
        }
    }
}
