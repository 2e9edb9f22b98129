//! Verification: what channels show, read again.

use actix_web::{HttpResponse, web};
use offercast_contract::ItemState;
use offercast_usecases::audit::{self, Audit, AuditChannel, AuditStatus};
use offercast_usecases::engine::Current;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::{Ask, Page};
use super::format::{utc, view};
use super::words::Lang;
use crate::options::Scope;
use crate::problem::Problem;
use crate::state::Shared;

const LISTED: usize = 200;

pub(super) async fn page(ask: Ask, shared: web::Data<Shared>) -> HttpResponse {
    let page = content(&ask, &shared).await;
    ask.answer(page)
}

async fn content(ask: &Ask, shared: &Shared) -> Result<Page, Problem> {
    ask.may_read()?;
    let found = match ask.param("audit") {
        None => None,
        Some(text) => {
            let missing = || Problem::not_found(format!("There is no audit {text}."));
            let id: Uuid = text.parse().map_err(|_| missing())?;
            Some(audit::get(&shared.engine, id).await?.ok_or_else(missing)?)
        }
    };
    let current = shared.engine.current();
    let body = body(ask.lang, &current, found.as_ref(), ask.may(Scope::Write));
    let running = found.is_some_and(|audit| !audit.done);
    let page = Page::new("verify", ask.lang.t("nav.verify"), body);
    Ok(if running { page.live("always") } else { page })
}

pub(super) fn body(lang: Lang, current: &Current, found: Option<&Audit>, can_start: bool) -> Value {
    let drawn = found.map(|audit| {
        let answered = audit.channels.iter().filter(|channel| channel.status != AuditStatus::Running).count();
        let (answered_text, total) = (answered.to_string(), audit.channels.len());
        let (state, icon, text) = match (audit.done, audit.ok) {
            (false, _) => {
                let values = [("answered", answered_text.as_str()), ("total", &total.to_string())];
                ("behind", "arrow", lang.fill("verify.running", &values))
            }
            (true, true) => ("ok", "ok", lang.t("verify.ok")),
            (true, false) => ("bad", "bad", lang.t("verify.bad")),
        };
        json!({
            "answered": answered,
            "at": audit.at,
            "at_text": utc(audit.at),
            "channels": audit.channels.iter().map(|one| channel(lang, current, one)).collect::<Vec<_>>(),
            "icon": icon,
            "running": !audit.done,
            "state": state,
            "text": text,
            "total": total,
            "version": audit.position.revision,
        })
    });
    json!({ "audit": drawn, "can_start": can_start, "done": found.is_none_or(|audit| audit.done) })
}

fn item_state(state: ItemState) -> &'static str {
    match state {
        ItemState::Identical => "identical",
        ItemState::DeclaredOmissions => "declared_omissions",
        ItemState::DeclaredException => "declared_exception",
        ItemState::Behind => "behind",
        ItemState::Held => "held",
        ItemState::Mismatch => "mismatch",
        ItemState::Unreadable => "unreadable",
    }
}

fn is_bad(state: ItemState) -> bool {
    matches!(
        state,
        ItemState::Behind | ItemState::Mismatch | ItemState::Unreadable
    )
}

fn channel(lang: Lang, current: &Current, read: &AuditChannel) -> Value {
    let (state, icon, words) = match read.status {
        AuditStatus::Running => ("behind", "arrow", "verify.state.running"),
        AuditStatus::NoAnswer => ("bad", "warn", "verify.state.no_answer"),
        AuditStatus::Done if read.states.keys().any(|state| is_bad(*state)) => {
            ("bad", "bad", "verify.state.bad")
        }
        AuditStatus::Done => ("ok", "ok", "verify.state.done"),
    };
    let states = read.states.iter().map(|(state, count)| {
        let class = match state {
            ItemState::Held => "has-warn",
            state if is_bad(*state) => "has-bad",
            _ => "",
        };
        json!({ "class": class, "count": count, "label": lang.t(&format!("item.{}", item_state(*state))) })
    });
    let name = current
        .book
        .channel(&read.channel)
        .map_or_else(|| read.channel.to_string(), |channel| channel.name.clone());
    json!({
        "findings": findings(lang, read),
        "findings_count": read.findings.len(),
        "icon": icon,
        "id": read.channel,
        "items_read": read.items_read,
        "name": name,
        "state": state,
        "state_text": lang.t(words),
        "states": states.collect::<Vec<_>>(),
        "unobserved": read.status == AuditStatus::Done && !read.observed,
    })
}

fn findings(lang: Lang, read: &AuditChannel) -> Vec<Value> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| lang.t("nothing"));
    let mut rows = Vec::new();
    for finding in read.findings.iter().take(LISTED) {
        let place = view(lang, &finding.view);
        if finding.differences.is_empty() {
            let words = lang.t(&format!("item.{}", item_state(finding.state)));
            rows.push(json!({ "expected": "", "field": words, "shown": finding.reason.clone().unwrap_or_default(), "sku": finding.sku, "view": place }));
        }
        for difference in &finding.differences {
            rows.push(json!({ "expected": text(&difference.expected), "field": difference.field.to_string(), "shown": text(&difference.shown), "sku": finding.sku, "view": place }));
        }
    }
    rows
}
