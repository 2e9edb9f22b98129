//! Reasons in the reader's language, for the API as for the pages.

use actix_web::HttpRequest;
use actix_web::http::header;
use offercast_contract::{Amount, Currency, OfferId, Promotion};
use offercast_domain::basket::{BasketQuote, Missing, Near, Verdict};
use offercast_domain::quote::Reason;
use offercast_domain::resolve::Considered;
use offercast_domain::source::Market;
use offercast_usecases::engine::Current;
use serde_json::{Value, json};

use super::format::Format;
use super::product;
use super::words::Lang;
use crate::problem::Problem;

/// Puts the rules considered into sentences, in one language and for one
/// market.
pub(crate) struct Explainer<'a> {
    current: &'a Current,
    currency: Currency,
    format: Format,
}

/// The language asked for, else the best that the reader accepts.
pub(crate) fn language(request: &HttpRequest, asked: Option<&str>) -> Result<Lang, Problem> {
    if let Some(code) = asked {
        return Lang::parse(code).ok_or_else(|| {
            Problem::invalid("lang", "is a language that is spoken here: en, ru, pl")
        });
    }
    let header = request.headers().get(header::ACCEPT_LANGUAGE);
    let accepted = header.and_then(|header| header.to_str().ok());
    Ok(accepted.map_or(Lang::En, Lang::accepted))
}

impl<'a> Explainer<'a> {
    pub(crate) fn new(lang: Lang, current: &'a Current, market: &Market) -> Self {
        Self {
            current,
            currency: market.currency,
            format: Format::new(lang, &market.time_zone),
        }
    }

    fn amount(&self, minor: i64) -> String {
        let amount = Amount::new(minor, self.currency);
        self.format.amount(amount, self.currency)
    }

    fn name(&self, id: &OfferId) -> String {
        product::offer_name(self.current, self.format.lang, id)
    }

    fn named(&self, id: &str) -> String {
        OfferId::parse(id).map_or_else(|_| id.to_owned(), |id| self.name(&id))
    }

    /// Each rule considered for terms, with a sentence.
    pub(crate) fn terms(&self, considered: &[Considered]) -> Vec<Value> {
        let write = |minor| self.amount(minor);
        let one = |rule: &Considered| {
            let told = product::explanation(self.current, &self.format, rule, &write);
            let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
            let mut value = serde_json::to_value(rule).unwrap_or_default();
            value["words"] = json!(format!("{} – {}", text("subject"), text("reason")));
            value
        };
        considered.iter().map(one).collect()
    }

    /// Each promotion considered for a quote, with a sentence.
    pub(crate) fn verdicts(&self, quote: &BasketQuote) -> Vec<Value> {
        let one = |verdict: &Verdict| {
            let name = self.name(&verdict.id);
            let why = self.why(&verdict.reason);
            json!({
                "applied": verdict.reason == Reason::Applied,
                "id": verdict.id,
                "reason": verdict.reason,
                "words": format!("{name} – {why}"),
            })
        };
        quote.considered.iter().map(one).collect()
    }

    fn why(&self, reason: &Reason) -> String {
        let lang = self.format.lang;
        let with = |key: &str, values: &[(&str, &str)]| lang.fill(key, values);
        match reason {
            Reason::Applied => lang.t("why.applied"),
            Reason::NotInTarget => lang.t("quote.not_in_target"),
            Reason::BelowThreshold { have, need, units } => {
                let write = |number: i64| {
                    if *units {
                        number.to_string()
                    } else {
                        self.amount(number)
                    }
                };
                let key = if *units {
                    "quote.below_units"
                } else {
                    "quote.below_amount"
                };
                with(key, &[("have", &write(*have)), ("need", &write(*need))])
            }
            Reason::ExcludedBy(id) => with("quote.excluded_by", &[("name", &self.named(id))]),
            Reason::BetterOffer(id) => with("quote.better_offer", &[("name", &self.named(id))]),
            Reason::CouponMissing => lang.t("quote.coupon_missing"),
            Reason::AutomaticOff => lang.t("quote.automatic_off"),
            Reason::NotYetValid => lang.t("why.not_yet_valid"),
            Reason::Ended => lang.t("why.ended"),
            Reason::OtherChannel => lang.t("quote.other_channel"),
            Reason::NotForCustomer => lang.t("why.other_audience"),
            Reason::AlreadyReduced => lang.t("why.already_reduced"),
            Reason::FloorReached => lang.t("quote.floor_reached"),
            Reason::BudgetExceeded => lang.t("quote.budget_exceeded"),
            Reason::IncompleteSet { missing } => {
                with("quote.incomplete_set", &[("missing", &missing.to_string())])
            }
        }
    }

    /// `Add 1 more: 3 for 2`.
    pub(crate) fn near(&self, near: &Near, promotions: &[Promotion]) -> String {
        let promotion = promotions.iter().find(|it| it.id == near.id);
        let what = promotion.map_or_else(
            || near.id.to_string(),
            |promotion| self.format.promotion(promotion, self.currency),
        );
        let missing = match near.missing {
            Missing::Units(units) => units.to_string(),
            Missing::Amount(amount) => self.format.amount(amount, self.currency),
        };
        let values = [("missing", missing.as_str()), ("what", what.as_str())];
        self.format.lang.fill("quote.near", &values)
    }
}
