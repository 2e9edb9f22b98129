//! The report of a check.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::Summary;

/// Writes the table, the differing cases, and the sums.
pub(super) fn write(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let kinds: BTreeSet<&str> = summary
        .by_peer_and_kind
        .keys()
        .map(|(_, kind)| kind.as_str())
        .collect();
    let peers: BTreeSet<&str> = summary
        .by_peer_and_kind
        .keys()
        .map(|(peer, _)| peer.as_str())
        .collect();
    let width = peers
        .iter()
        .map(|peer| peer.len())
        .max()
        .unwrap_or(0)
        .max(4);
    write!(out, "{:width$}", "peer")?;
    for kind in &kinds {
        write!(out, "  {kind:>12}")?;
    }
    writeln!(out, "  {:>12}", "all")?;
    for peer in &peers {
        write!(out, "{peer:width$}")?;
        let (mut passed, mut total) = (0, 0);
        for kind in &kinds {
            let key = ((*peer).to_owned(), (*kind).to_owned());
            let cell = match summary.by_peer_and_kind.get(&key) {
                Some(count) => {
                    passed += count.passed;
                    total += count.total;
                    format!("{}/{}", count.passed, count.total)
                }
                None => "-".to_owned(),
            };
            write!(out, "  {cell:>12}")?;
        }
        writeln!(out, "  {:>12}", format!("{passed}/{total}"))?;
    }
    for failure in &summary.failures {
        writeln!(out, "\n{}", failure.id)?;
        for difference in &failure.differences {
            writeln!(out, "  {difference}")?;
        }
    }
    writeln!(
        out,
        "\n{} passed, {} failed",
        summary.passed, summary.failed
    )
}
