//! The sample data of `offercast demo`: our own, two markets, three zones,
//! three languages.

mod channels;
mod offers;
mod order;
mod products;
#[cfg(test)]
mod restrictions_tests;

use offercast_contract::{Instant, Template};
use offercast_domain::change::Change;

use crate::cli::Failure;

/// The changes that make the sample catalogue, as one change set. Offers are
/// dated around `now`, so that there is always one running and one to come.
pub(crate) fn changes(now: Instant) -> Result<Vec<Change>, Failure> {
    let mut changes = products::markets()?;
    changes.extend(products::catalogue()?);
    changes.extend(offers::offers(now)?);
    changes.extend(order::conditions(now)?);
    changes.extend(channels::channels()?);
    Ok(changes)
}

/// The template that a new channel of a family starts with.
pub(crate) fn default_template(family: &str) -> Option<Template> {
    match family {
        "app" => Some(offercast_app::default_template()),
        "site" => Some(offercast_site::default_template()),
        "till" => Some(offercast_pos::default_template()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offercast_domain::change::{Guard, plan};
    use offercast_pricebook::Book;

    #[test]
    fn the_sample_catalogue_is_acceptable() {
        let now: Instant = "2026-11-22T10:00:00Z".parse().unwrap();
        let changes = changes(now).unwrap();
        let planned = plan(&changes, &Book::empty(), now, Guard::Enforced).unwrap();
        assert!(
            planned.delta.opened_documents.len() > 45,
            "products, markets, zones, offers, channels"
        );
        assert!(planned.warnings.is_empty(), "{:?}", planned.warnings);
    }
}
