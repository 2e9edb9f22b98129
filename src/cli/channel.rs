//! `offercast channel`.

use std::process::ExitCode;

use offercast_contract::{Audience, Channel, SalesMode, Template, View, ZoneId};
use offercast_domain::change::Change;
use offercast_kit::conformance::check_template;
use offercast_kit::present::with_family_projection;
use offercast_usecases::engine::Current;

use super::args::ChannelArgs;
use super::{Failure, publish};
use crate::config::Config;
use crate::runtime::families;

pub(super) fn run(config: &Config, args: &ChannelArgs) -> Result<ExitCode, Failure> {
    let family = families()
        .into_iter()
        .find(|family| family.name() == args.family)
        .ok_or_else(|| {
            Failure::new(format!(
                "--family: {:?} is not site, app or till",
                args.family
            ))
        })?;
    let reason = format!("declare channel {}", args.id);
    let published = publish::record_made(config, "offercast channel", &reason, |current| {
        let channel = with_family_projection(family.as_ref(), declaration(current, args)?);
        check_template(family.as_ref(), &channel)?;
        Ok(vec![Change::PutChannel {
            channel: Box::new(channel),
        }])
    })?;
    publish::report(&published);
    Ok(ExitCode::SUCCESS)
}

fn declaration(current: &Current, args: &ChannelArgs) -> Result<Channel, Failure> {
    let market = current.book.market(&args.market);
    let market =
        market.ok_or_else(|| Failure::new(format!("--market: {} does not exist", args.market)))?;
    let all = current
        .book
        .zones()
        .filter(|zone| zone.market == args.market);
    let wants_all = args.zones.iter().any(|zone| zone == "all");
    let zones: Vec<ZoneId> = if wants_all {
        all.map(|zone| zone.id.clone()).collect()
    } else {
        args.zones
            .iter()
            .map(|zone| zone.parse())
            .collect::<Result<_, _>>()?
    };
    let mode = if args.family == "till" {
        SalesMode::Store
    } else {
        SalesMode::Delivery
    };
    let view = |zone: Option<ZoneId>| View {
        audience: Audience::everyone(),
        market: args.market.clone(),
        mode,
        zone,
    };
    let mut views: Vec<View> = zones.into_iter().map(|zone| view(Some(zone))).collect();
    if views.is_empty() {
        views.push(view(None));
    }
    views.sort_unstable();
    Ok(Channel {
        assortment: Default::default(),
        calls_quote: false,
        exceptions: Vec::new(),
        family: args.family.clone(),
        id: args.id.clone(),
        locale: args.locale.clone(),
        mode: Default::default(),
        name: args.name.clone().unwrap_or_else(|| args.id.to_string()),
        projection: Default::default(),
        template: template(args)?,
        time_zone: market.time_zone.clone(),
        views,
    })
}

fn template(args: &ChannelArgs) -> Result<Template, Failure> {
    match &args.template {
        None => crate::demo::default_template(&args.family).ok_or_else(|| {
            Failure::new(format!(
                "--family: {:?} is not site, app or till",
                args.family
            ))
        }),
        Some(path) => {
            let source = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            Ok(Template::new(&name.unwrap_or_default(), &source))
        }
    }
}
