//! Amounts, instants and durations as people read them.

use std::sync::{Arc, LazyLock};

use offercast_contract::promotion_text::promotion_text;
use offercast_contract::terms::words_in;
use offercast_contract::{
    Amount, ChannelSelector, Condition, Currency, Instant, Promotion, SaleUnit, Terms, View,
};
use offercast_domain::source::Moment;
use offercast_kit::wording::{Wording, Wordings};
use serde_json::{Value, json};

use super::board::family_text;
use super::words::Lang;

static WORDINGS: LazyLock<Wordings> = LazyLock::new(Wordings::default);

/// The wording of the page's language in a time zone.
pub(super) fn wording(lang: Lang, time_zone: &str) -> Option<Arc<Wording>> {
    WORDINGS.get(&lang.locale()?, time_zone).ok()
}

/// How amounts and times of one market are written.
pub(super) struct Format {
    pub(super) lang: Lang,
    wording: Option<Arc<Wording>>,
}

impl Format {
    pub(super) fn new(lang: Lang, time_zone: &str) -> Self {
        Self {
            lang,
            wording: wording(lang, time_zone),
        }
    }

    pub(super) fn amount(&self, amount: Amount, currency: Currency) -> String {
        match &self.wording {
            Some(wording) => wording.amount(amount, currency),
            None => format!("{amount} {currency}"),
        }
    }

    /// `22.11.2026, 18:00`, with seconds where there are any.
    /// An instant in local time, or the local time of each market.
    pub(super) fn moment(&self, moment: Moment, lang: Lang) -> String {
        let local = match moment {
            Moment::Instant(at) => return self.local(at),
            Moment::Local(local) => local,
        };
        let Some(wording) = &self.wording else {
            return moment.to_string();
        };
        let (date, time) = (wording.date(local.date()), local.time());
        let time = format!("{:02}:{:02}", time.hour(), time.minute());
        format!("{date}, {time} ({})", lang.t("offer.local_time"))
    }

    pub(super) fn local(&self, at: Instant) -> String {
        let Some(wording) = &self.wording else {
            return at.to_string();
        };
        let local = at.to_timestamp().to_zoned(wording.zone().clone());
        let (hour, minute, second) = (local.hour(), local.minute(), local.second());
        let time = match second {
            0 => format!("{hour:02}:{minute:02}"),
            _ => format!("{hour:02}:{minute:02}:{second:02}"),
        };
        format!("{}, {time}", wording.date(local.date()))
    }

    /// The day alone.
    pub(super) fn day(&self, at: Instant) -> String {
        let Some(wording) = &self.wording else {
            return at.to_string();
        };
        wording.date(at.to_timestamp().to_zoned(wording.zone().clone()).date())
    }

    /// Basis points as percent: `12.5%`.
    pub(super) fn percent(&self, basis_points: u32) -> String {
        match &self.wording {
            Some(wording) => wording.basis_points(basis_points),
            None => format!("{}.{:02}%", basis_points / 100, basis_points % 100),
        }
    }

    pub(super) fn unit(&self, unit: SaleUnit) -> String {
        match &self.wording {
            Some(wording) => wording.words().sale_unit(unit).to_owned(),
            None => unit.to_string(),
        }
    }

    pub(super) fn pack(&self, measure: offercast_contract::Measure) -> String {
        match &self.wording {
            Some(wording) => wording.measure(measure),
            None => measure.to_string(),
        }
    }

    /// All that the terms say, in words.
    pub(super) fn terms(&self, terms: &Terms, unit: SaleUnit, until: Option<Instant>) -> Value {
        let money = |amount: Amount| self.amount(amount, terms.currency);
        let wording = self.wording.as_deref();
        let condition = |condition: &Condition| match wording {
            Some(wording) => wording.condition(condition, unit),
            None => format!("{condition:?}"),
        };
        let conditional = terms.conditional.iter().map(
            |price| json!({ "label": condition(&price.condition), "amount": money(price.amount) }),
        );
        let reference = |kind: &str| match wording {
            Some(wording) => wording.words().reference_label(kind),
            None => kind.to_owned(),
        };
        let references = terms
            .references
            .iter()
            .map(|price| json!({ "label": reference(&price.kind), "amount": money(price.amount) }));
        let hidden = terms.hidden_in.iter().flat_map(|hidden| {
            let everywhere = hidden.channels.is_empty();
            let named = hidden.channels.iter().map(|channel| match channel {
                ChannelSelector::Family(family) => family_text(self.lang, family),
                ChannelSelector::Id(id) => id.to_string(),
            });
            let all = everywhere.then(|| self.lang.t("terms.hidden_everywhere"));
            named.chain(all).collect::<Vec<String>>()
        });
        let hidden: std::collections::BTreeSet<String> = hidden.collect();
        let hidden: Vec<String> = hidden.into_iter().collect();
        json!({
            "hidden_in": (!hidden.is_empty()).then(|| hidden.join(", ")),
            "order": self.order(terms),
            "warnings": self.warnings(terms),
            "conditional": conditional.collect::<Vec<_>>(),
            "deposit": terms.deposit.map(money),
            "offers": self.offers(terms),
            "price": money(terms.price),
            "prior": terms.prior.map(money),
            "promotions": terms.promotions.iter().map(|it| self.promotion_line(it, terms.currency)).collect::<Vec<_>>(),
            "reduction": terms.reduction_percent.map(|percent| wording.map_or_else(|| format!("-{percent}%"), |wording| wording.reduction(percent))),
            "references": references.collect::<Vec<_>>(),
            "regular": terms.regular.map(money),
            "tax": wording.map_or_else(|| terms.tax.rate_bp.to_string(), |wording| wording.tax(terms.tax)),
            "unit_price": terms.unit_price.map(|price| wording.map_or_else(|| price.amount.to_string(), |wording| wording.unit_price(price, terms.currency))),
            "until": until.map(|until| self.local(until)),
        })
    }

    /// The order conditions, a line each.
    fn order(&self, terms: &Terms) -> Vec<String> {
        let (Some(wording), Some(order)) = (self.wording.as_deref(), &terms.order) else {
            return Vec::new();
        };
        let currency = terms.currency;
        let fee = order.delivery_fee;
        let returns = order.returns.as_ref();
        let words = returns.zip(self.lang.locale());
        let words = words.and_then(|(returns, locale)| words_in(&returns.labels, &locale));
        let returned = returns.map(|returns| match words {
            Some(words) => format!("{}. {words}", wording.returns(returns.days)),
            None => wording.returns(returns.days),
        });
        [
            fee.map(|fee| wording.delivery_fee(fee, currency)),
            order
                .minimum_order
                .map(|amount| wording.minimum_order(amount, currency)),
            (!order.payment.is_empty()).then(|| wording.payment(&order.payment)),
            returned,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The mandatory warnings in the page's language.
    fn warnings(&self, terms: &Terms) -> Vec<String> {
        let Some(locale) = self.lang.locale() else {
            return Vec::new();
        };
        let texts = terms.warnings.iter();
        texts
            .filter_map(|warning| words_in(&warning.labels, &locale))
            .map(str::to_owned)
            .collect()
    }

    /// A promotion in words: `3 for 2, while stocks last`.
    pub(super) fn promotion(&self, promotion: &Promotion, currency: Currency) -> String {
        match &self.wording {
            Some(wording) => wording.promotion(promotion, currency),
            None => promotion_text(promotion),
        }
    }

    /// The label of a promotion, and what it does.
    pub(super) fn promotion_line(&self, promotion: &Promotion, currency: Currency) -> String {
        let words = self.promotion(promotion, currency);
        match self.lang.locale() {
            Some(locale) => format!("{} ({words})", promotion.label_in(&locale)),
            None => words,
        }
    }

    /// The labels of the offers applied; none without offers.
    pub(super) fn offers(&self, terms: &Terms) -> Option<String> {
        let locale = self.lang.locale()?;
        let labels: Vec<&str> = terms
            .offers
            .iter()
            .map(|offer| offer.label_in(&locale))
            .collect();
        (!labels.is_empty()).then(|| labels.join(", "))
    }
}

/// An instant of the log: UTC, to the second.
pub(super) fn utc(at: Instant) -> String {
    let text = at.to_string();
    let whole = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{} UTC", whole.replace('T', " "))
}

/// The first characters of a hash, enough to compare by eye.
pub(super) fn short(hash: &impl ToString) -> String {
    hash.to_string().chars().take(8).collect()
}

/// `120 ms`, `3.4 s`, `2 min 05 s`, `3 h 07 min`: the same width while it ticks.
pub(super) fn duration(ms: i64) -> String {
    let (sign, ms) = if ms < 0 {
        ("−", ms.unsigned_abs())
    } else {
        ("", ms.unsigned_abs())
    };
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{sign}{ms} ms"),
        1..=59 => format!("{sign}{seconds}.{} s", ms % 1000 / 100),
        60..=3599 => format!("{sign}{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{sign}{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A view in the reader's words: `pl · krakow · store`.
pub(super) fn view(lang: Lang, view: &View) -> String {
    let mut parts = vec![view.market.to_string()];
    parts.extend(view.zone.as_ref().map(ToString::to_string));
    if view.audience != offercast_contract::Audience::everyone() {
        parts.push(view.audience.to_string());
    }
    parts.push(lang.t(&format!("mode.{}", view.mode)));
    parts.join(" · ")
}
