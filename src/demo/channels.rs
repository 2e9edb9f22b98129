//! Channels of the sample: site, app and tills in both markets.

use offercast_contract::channel::Selector;
use offercast_contract::{Assortment, Audience, Channel, Mode, Projection, SalesMode, View};
use offercast_domain::change::Change;
use offercast_kit::present::with_family_projection;

use crate::cli::Failure;

pub(super) fn channels() -> Result<Vec<Change>, Failure> {
    let poland = Place {
        market: "pl",
        time_zone: "Europe/Warsaw",
        zones: &["warszawa", "krakow"],
    };
    let russia = Place {
        market: "ru",
        time_zone: "Europe/Moscow",
        zones: &["moskva"],
    };
    [
        declare("site-pl", "site", "pl", "Sklep internetowy", &poland)?,
        declare("app-pl", "app", "pl", "Aplikacja", &poland)?,
        declare("tills-pl", "till", "pl", "Kasy Warszawa i Kraków", &poland)?,
        declare("site-ru", "site", "ru", "Сайт", &russia)?,
        declare("app-en-ru", "app", "en", "App (English)", &russia)?,
        declare("tills-ru", "till", "ru", "Кассы Москва", &russia)?,
    ]
    .into_iter()
    .map(|channel| {
        Ok(Change::PutChannel {
            channel: Box::new(channel),
        })
    })
    .collect()
}

struct Place {
    market: &'static str,
    time_zone: &'static str,
    zones: &'static [&'static str],
}

fn declare(
    id: &str,
    family: &str,
    locale: &str,
    name: &str,
    place: &Place,
) -> Result<Channel, Failure> {
    let is_till = family == "till";
    let mut views = Vec::new();
    for zone in place.zones {
        views.push(View {
            audience: Audience::everyone(),
            market: place.market.parse()?,
            mode: if is_till {
                SalesMode::Store
            } else {
                SalesMode::Delivery
            },
            zone: Some(zone.parse()?),
        });
    }
    views.sort_unstable();
    // A delivery slot is not sold over the counter.
    let exclude = if is_till {
        vec![Selector::Category("services/delivery".to_owned())]
    } else {
        Vec::new()
    };
    let template = super::default_template(family)
        .ok_or_else(|| Failure::new(format!("family {family:?}")))?;
    let channel = Channel {
        assortment: Assortment {
            exclude,
            include: Vec::new(),
        },
        // Baskets in the sample have promotions, which no goods file can carry.
        calls_quote: is_till,
        exceptions: Vec::new(),
        family: family.to_owned(),
        id: id.parse()?,
        locale: locale.parse()?,
        mode: Mode::Live,
        name: name.to_owned(),
        projection: Projection::default(),
        template,
        time_zone: place.time_zone.to_owned(),
        views,
    };
    let families = crate::runtime::families();
    let of_name = families.iter().find(|known| known.name() == family);
    Ok(match of_name {
        Some(known) => with_family_projection(known.as_ref(), channel),
        None => channel,
    })
}
