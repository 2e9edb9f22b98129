//! What is asked of a channel declaration beyond the domain's rules: that the
//! family can show it, and that its template can be read back.

use offercast_contract::Channel;
use offercast_domain::change::{Change, ChangeError, ErrorCode};
use offercast_kit::conformance::check_template;
use offercast_kit::present::with_family_projection;

use crate::families::Families;

/// Completes channel declarations with what their family's format has no
/// place for, and tries their templates on awkward terms: one that drops,
/// swaps or adds a price is refused here and never goes live. A family that
/// this program does not serve is left to its own adapter.
pub(crate) fn prepare(
    families: &Families,
    mut changes: Vec<Change>,
) -> Result<Vec<Change>, Vec<ChangeError>> {
    let mut errors = Vec::new();
    for (index, change) in changes.iter_mut().enumerate() {
        let Change::PutChannel { channel } = change else {
            continue;
        };
        if let Some(family) = families.get(&channel.family) {
            let completed = with_family_projection(family.as_ref(), channel.as_ref().clone());
            **channel = completed;
            if let Err(failures) = check_template(family.as_ref(), channel) {
                errors.push(refused(index, channel, &failures.to_string()));
            }
        }
    }
    if errors.is_empty() {
        Ok(changes)
    } else {
        Err(errors)
    }
}

fn refused(index: usize, channel: &Channel, reason: &str) -> ChangeError {
    ChangeError {
        other: None,
        code: ErrorCode::Invalid,
        field: "channel.template".to_owned(),
        index,
        reason: format!("{} cannot be read back: {reason}", channel.template.name),
    }
}
