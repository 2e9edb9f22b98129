//! The conformance suite: what every family must pass, and the check that
//! every template must pass before it goes live.

use offercast_contract::{Channel, Claims, Field, Template, Terms, Timeline, compare, project};

use crate::family::{Artefact, Family, RenderError, Renderer, Shown};
use crate::present::{Presented, describe, present};
use crate::samples::{self, LOCALES, Sample, SampleError};

/// One sample that a template or a family failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was tried: the sample and the check.
    pub what: String,
    /// What went wrong, with the difference.
    pub reason: String,
}

/// All failures of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(template, failures))]
pub struct Failures {
    /// The template that was tried.
    pub template: String,
    /// What failed, at least one.
    pub failures: Vec<Failure>,
}

/// What a run tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Checks that passed.
    pub passed: usize,
    /// Samples that the format cannot represent and that would be held, with
    /// the reason.
    pub held: Vec<(String, String)>,
}

/// Tries a channel's template on the built-in samples, in the channel's own
/// locale and projection: each must read back as the projection of its terms.
///
/// A template that drops, swaps or adds a price is refused with the
/// difference. Items that the *format* cannot represent
/// ([`RenderError::NotRepresentable`]) are reported as held, except for the
/// plain one, which every channel must be able to show.
pub fn check_template(family: &dyn Family, channel: &Channel) -> Result<Report, Failures> {
    let mut run = Run::new(&channel.template);
    match family.compile(&channel.template) {
        Ok(renderer) => run.samples(family, renderer.as_ref(), channel),
        Err(error) => run.fail("compiling", error.to_string()),
    }
    run.finish()
}

/// Runs the whole suite on a family and its template: the samples in every
/// locale, determinism, mutated artefacts, time boundaries.
pub fn run(family: &dyn Family, template: &Template) -> Result<Report, Failures> {
    let mut run = Run::new(template);
    let renderer = match family.compile(template) {
        Ok(renderer) => renderer,
        Err(error) => {
            run.fail("compiling", error.to_string());
            return run.finish();
        }
    };
    run.projection(family);
    for locale in LOCALES {
        match samples::channel(family, template, locale) {
            Ok(channel) => {
                run.samples(family, renderer.as_ref(), &channel);
                run.determinism(family, renderer.as_ref(), &channel);
                run.mutations(family, renderer.as_ref(), &channel);
                run.surplus(family, renderer.as_ref(), &channel);
                run.promotions(family, renderer.as_ref(), &channel);
                run.boundaries(family, renderer.as_ref(), &channel);
                run.hidden(family, renderer.as_ref(), &channel);
            }
            Err(error) => run.fail("making samples", error.to_string()),
        }
    }
    run.finish()
}

struct Run {
    template: String,
    report: Report,
    failures: Vec<Failure>,
}

impl Run {
    fn new(template: &Template) -> Self {
        Self {
            template: template.name.clone(),
            report: Report::default(),
            failures: Vec::new(),
        }
    }

    fn finish(self) -> Result<Report, Failures> {
        if self.failures.is_empty() {
            Ok(self.report)
        } else {
            Err(Failures {
                template: self.template,
                failures: self.failures,
            })
        }
    }

    fn fail(&mut self, what: impl Into<String>, reason: String) {
        self.failures.push(Failure {
            what: what.into(),
            reason,
        });
    }

    fn expect(&mut self, holds: bool, what: impl Into<String>, reason: &str) {
        if holds {
            self.report.passed += 1;
        } else {
            self.fail(what, reason.to_owned());
        }
    }

    /// Takes a value out, recording why there is none.
    fn made<T>(&mut self, result: Result<T, SampleError>) -> Option<T> {
        result
            .map_err(|error| self.fail("making samples", error.to_string()))
            .ok()
    }

    fn projection(&mut self, family: &dyn Family) {
        let forbidden: Vec<Field> = family.projection().forbidden_omissions().collect();
        let reason =
            format!("class A fields may be implied with a reason, not omitted: {forbidden:?}");
        self.expect(forbidden.is_empty(), "the family's projection", &reason);
    }

    fn samples(&mut self, family: &dyn Family, renderer: &dyn Renderer, channel: &Channel) {
        let Some(samples) = self.made(samples::samples()) else {
            return;
        };
        for (index, sample) in samples.iter().enumerate() {
            let what = format!("{} ({})", sample.name, channel.locale);
            match read_back(family, renderer, channel, sample, &sample.terms) {
                Ok((_, reading)) => {
                    let differences = compare(&expected(channel, sample, &sample.terms), &reading);
                    self.expect(differences.is_empty(), what, &describe(&differences));
                }
                Err(Trouble::NotRepresentable(reason)) if index > 0 => {
                    self.report.held.push((what, reason));
                }
                Err(trouble) => self.fail(what, trouble.reason()),
            }
        }
    }

    fn determinism(&mut self, family: &dyn Family, renderer: &dyn Renderer, channel: &Channel) {
        let Some(samples) = self.made(samples::samples()) else {
            return;
        };
        let again = family.compile(&channel.template);
        let Ok(again) = again else {
            return self.fail("determinism", "compiles only once".into());
        };
        for sample in &samples {
            let first = read_back(family, renderer, channel, sample, &sample.terms);
            let second = read_back(family, again.as_ref(), channel, sample, &sample.terms);
            if let (Ok(first), Ok(second)) = (first, second) {
                let what = format!("{}: rendered twice ({})", sample.name, channel.locale);
                self.expect(first == second, what, "the artefacts differ");
            }
        }
    }

    /// An artefact in which the price or the currency was changed must be
    /// unreadable or differ.
    fn mutations(&mut self, family: &dyn Family, renderer: &dyn Renderer, channel: &Channel) {
        let Some(plain) = self.made(samples::plain()) else {
            return;
        };
        let Ok((artefact, _)) = read_back(family, renderer, channel, &plain, &plain.terms) else {
            return; // Reported by `samples`.
        };
        let expected = expected(channel, &plain, &plain.terms);
        let mut try_mutant = |what: &str, body: Vec<u8>| {
            let what = format!("{what} ({})", channel.locale);
            let mutant = Artefact { body };
            let noticed = match channel.views.first() {
                Some(view) => match family.read_back(channel, view, &mutant) {
                    Ok(reading) => !compare(&expected, &reading).is_empty(),
                    Err(_) => true,
                },
                None => false,
            };
            self.expect(noticed, what, "the change was not noticed");
        };
        let price_positions = positions(&artefact.body, b"738");
        try_mutant(
            "all digits of the price swapped",
            replaced(&artefact.body, "738", "783"),
        );
        for (number, at) in price_positions.iter().enumerate() {
            let mut body = artefact.body.clone();
            body.swap(at + 1, at + 2);
            try_mutant(&format!("occurrence {number} of the price swapped"), body);
        }
        try_mutant(
            "the artefact cut in half",
            artefact.body[..artefact.body.len() / 2].to_vec(),
        );
        try_mutant("an empty artefact", Vec::new());
        let dollars = replaced(&replaced(&artefact.body, "EUR", "USD"), "€", "$");
        if channel.projection.shows(Field::Currency) {
            try_mutant("the currency changed", dollars);
        }
        self.expect(
            !price_positions.is_empty(),
            "the price in the artefact",
            "its digits do not occur",
        );
    }

    /// A claim that the terms do not have must be seen, and a lost one missed.
    fn surplus(&mut self, family: &dyn Family, renderer: &dyn Renderer, channel: &Channel) {
        let (Some(plain), Some(samples)) =
            (self.made(samples::plain()), self.made(samples::samples()))
        else {
            return;
        };
        let Some(rich) = samples.iter().find(|sample| sample.terms.regular.is_some()) else {
            return self.fail("surplus", "no sample has a regular price".into());
        };
        let (warning, order) = (
            samples::warning("health", ["Beware", "Осторожно", "Uwaga"]),
            samples::order_conditions(plain.terms.currency),
        );
        let (Some(warning), Some(order)) = (self.made(warning), self.made(order)) else {
            return;
        };
        for field in [
            Field::Regular,
            Field::Prior,
            Field::Deposit,
            Field::Order,
            Field::Warning,
        ] {
            if !channel.projection.shows(field) {
                continue;
            }
            let mut with = plain.terms.clone();
            let amount = rich.terms.regular;
            match field {
                Field::Regular => with.regular = amount,
                Field::Prior => with.prior = amount,
                Field::Order => with.order = Some(order.clone()),
                Field::Warning => with.warnings = vec![warning.clone()],
                _ => with.deposit = amount,
            }
            let what = |added: &str| format!("a {field} {added} ({})", channel.locale);
            for (shown, meant, added) in [
                (&with, &plain.terms, "added"),
                (&plain.terms, &with, "dropped"),
            ] {
                if let Ok((_, reading)) = read_back(family, renderer, channel, &plain, shown) {
                    let differs = !compare(&expected(channel, &plain, meant), &reading).is_empty();
                    self.expect(differs, what(added), "the difference was not noticed");
                }
            }
        }
    }

    /// What the law hides is withdrawn, neither shown nor held.
    fn hidden(&mut self, family: &dyn Family, renderer: &dyn Renderer, channel: &Channel) {
        let (Some(plain), Some(cases), Some(view)) = (
            self.made(samples::plain()),
            self.made(samples::hidden_here(channel)),
            channel.views.first(),
        ) else {
            return;
        };
        let horizon = samples::horizon();
        for (hidden_in, is_hidden) in cases {
            let what = format!("hidden in {hidden_in:?} ({})", channel.locale);
            let terms = Terms {
                hidden_in,
                ..plain.terms.clone()
            };
            let timeline = Timeline::build(horizon, Vec::new(), |_| Some(terms.clone()));
            let presented = present(
                family,
                renderer,
                channel,
                &plain.sku,
                &plain.facts,
                &timeline,
                view,
                horizon.from(),
            );
            let holds = match presented {
                Presented::Hidden { .. } => is_hidden,
                Presented::Shown { .. } => !is_hidden,
                _ => false,
            };
            self.expect(holds, what, "the law was not followed");
        }
    }

    /// A promotion with another parameter, bound or scope is another promotion.
    fn promotions(&mut self, family: &dyn Family, renderer: &dyn Renderer, channel: &Channel) {
        if !channel.projection.shows(Field::Promotion) {
            return;
        }
        let Some(samples) = self.made(samples::promotions()) else {
            return;
        };
        for sample in &samples {
            for (at, promotion) in sample.terms.promotions.iter().enumerate() {
                let other = samples::other_promotion(promotion);
                let mut shown = sample.terms.clone();
                if let Some(place) = shown.promotions.get_mut(at) {
                    *place = other;
                }
                let what = format!(
                    "{}: another {} in its place ({})",
                    sample.name, promotion.id, channel.locale
                );
                match read_back(family, renderer, channel, sample, &shown) {
                    Ok((_, reading)) => {
                        let meant = expected(channel, sample, &sample.terms);
                        let differs = !compare(&meant, &reading).is_empty();
                        self.expect(differs, what, "the difference was not noticed");
                    }
                    Err(trouble) => self.fail(what, trouble.reason()),
                }
            }
        }
    }

    /// Terms hold from their start, inclusive, to their end, exclusive.
    fn boundaries(&mut self, family: &dyn Family, renderer: &dyn Renderer, channel: &Channel) {
        let (Some(plain), Some(view)) = (self.made(samples::plain()), channel.views.first()) else {
            return;
        };
        let horizon = samples::horizon();
        let (start, end) = (
            horizon.from().plus_micros(3_600_000_001),
            horizon.from().plus_micros(7_200_000_000),
        );
        let cheaper = Terms {
            price: "511.50".parse().unwrap_or(plain.terms.price),
            ..plain.terms.clone()
        };
        let timeline = Timeline::build(horizon, vec![start, end], |at| {
            if at < start {
                Some(plain.terms.clone())
            } else if at < end {
                Some(cheaper.clone())
            } else {
                None
            }
        });
        for (at, price, until) in [
            (horizon.from(), Some("738.50"), Some(start)),
            (start.plus_micros(-1), Some("738.50"), Some(start)),
            (start, Some("511.50"), Some(end)),
            (end.plus_micros(-1), Some("511.50"), Some(end)),
            (end, None, None),
        ] {
            let presented = present(
                family,
                renderer,
                channel,
                &plain.sku,
                &plain.facts,
                &timeline,
                view,
                at,
            );
            let holds = match &presented {
                Presented::Shown {
                    claims,
                    until: ends,
                    ..
                } => claims.field(Field::Price) == price && *ends == until,
                Presented::NotSold => price.is_none(),
                _ => false,
            };
            let what = format!("the terms at {at} ({})", channel.locale);
            self.expect(
                holds,
                what,
                &format!("expected {price:?}, presented {presented:?}"),
            );
        }
    }
}

enum Trouble {
    NotRepresentable(String),
    Other(String),
}

impl Trouble {
    fn reason(self) -> String {
        match self {
            Self::NotRepresentable(reason) | Self::Other(reason) => reason,
        }
    }
}

fn read_back(
    family: &dyn Family,
    renderer: &dyn Renderer,
    channel: &Channel,
    sample: &Sample,
    terms: &Terms,
) -> Result<(Artefact, Claims), Trouble> {
    let view = channel
        .views
        .first()
        .ok_or_else(|| Trouble::Other("the channel stands in no view".into()))?;
    let shown = Shown {
        channel,
        view,
        sku: &sample.sku,
        facts: &sample.facts,
        terms,
        until: sample.until,
    };
    let artefact = renderer.render(&shown).map_err(|error| match error {
        RenderError::NotRepresentable(reason) => Trouble::NotRepresentable(reason),
        error => Trouble::Other(error.to_string()),
    })?;
    let reading = family
        .read_back(channel, view, &artefact)
        .map_err(|error| Trouble::Other(error.to_string()))?;
    Ok((artefact, reading))
}

fn expected(channel: &Channel, sample: &Sample, terms: &Terms) -> Claims {
    project(channel, &sample.sku, &sample.facts, terms, sample.until)
}

fn positions(body: &[u8], wanted: &[u8]) -> Vec<usize> {
    body.windows(wanted.len())
        .enumerate()
        .filter(|(_, window)| *window == wanted)
        .map(|(at, _)| at)
        .collect()
}

fn replaced(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut result = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = positions(rest, from.as_bytes()).first().copied() {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(to.as_bytes());
        rest = &rest[at + from.len()..];
    }
    result.extend_from_slice(rest);
    result
}

fn summary(template: &str, failures: &[Failure]) -> String {
    const LISTED: usize = 5;
    let listed: Vec<String> = failures
        .iter()
        .take(LISTED)
        .map(|failure| format!("{}: {}", failure.what, failure.reason))
        .collect();
    let more = match failures.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    format!("template {template}: {}{more}", listed.join(" | "))
}
