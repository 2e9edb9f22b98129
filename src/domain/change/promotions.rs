//! Checks of promotions against the state that results.

use std::collections::BTreeSet;

use offercast_contract::channel::Selector;
use offercast_contract::promotion::{
    Caps, Mechanic, Part, PromotionTerms, Reduction, StatedLimit, Threshold, Tier,
};
use offercast_contract::{Amount, Audience, Instant, Money, SalesMode, Sku};

use super::ErrorCode;
use super::offers::check_selectors;
use super::overlay::Overlay;
use super::problem::Problems;
use crate::resolve::{Goods, Inputs, PriceRef, paid};
use crate::schedule::{Schedule, zone_of};
use crate::source::{Market, Offer};

/// Largest count of anything in a mechanic: more is a slip of the keyboard.
const COUNT_MAX: u32 = 1_000;
const TIERS_MAX: usize = 20;
const FREE_BP: u32 = 10_000;
const CODE_MAX: usize = 64;

/// Whether the promotion names the SKU beyond its offer's target.
pub(super) fn names(terms: &PromotionTerms, sku: &Sku) -> bool {
    let named = |selector: &Selector| matches!(selector, Selector::Sku(named) if named == sku);
    let is_gift = matches!(&terms.mechanic, Mechanic::Gift { sku: gift } if gift == sku);
    is_gift
        || terms
            .mechanic
            .scopes()
            .any(|scope| scope.include.iter().any(named))
}

pub(super) fn check(
    problems: &mut Problems,
    index: usize,
    offer: &Offer,
    terms: &PromotionTerms,
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let mut check = Check { problems, index };
    check.mechanic(&terms.mechanic);
    check.bounds(terms);
    check.amounts(offer, terms, state);
    check.products(&terms.mechanic, state);
    if check.problems.errors.is_empty() {
        check.below_the_sum(offer, terms, state, now);
    }
}

struct Check<'p> {
    problems: &'p mut Problems,
    index: usize,
}

impl Check<'_> {
    fn refuse(&mut self, field: &str, reason: impl Into<String>) {
        self.refuse_as(ErrorCode::Invalid, field, reason);
    }

    fn refuse_as(&mut self, code: ErrorCode, field: &str, reason: impl Into<String>) {
        let field = format!("offer.effect.promotion.{field}");
        self.problems.refuse(self.index, field, code, reason);
    }

    fn count(&mut self, field: &str, count: u32, least: u32) {
        if !(least..=COUNT_MAX).contains(&count) {
            self.refuse(
                field,
                format!("{count} is not between {least} and {COUNT_MAX}"),
            );
        }
    }

    fn positive(&mut self, field: &str, amount: Amount) {
        if amount.minor() <= 0 {
            self.refuse(field, "is not above zero");
        }
    }

    fn mechanic(&mut self, mechanic: &Mechanic) {
        let path = |field: &str| format!("mechanic.{}.{field}", mechanic.kind());
        match mechanic {
            Mechanic::Bundle { parts, price } => {
                self.positive(&path("price"), *price);
                self.parts(&path("parts"), parts);
            }
            Mechanic::BuyGet {
                buy, get, percent, ..
            } => {
                self.count(&path("buy"), *buy, 1);
                self.count(&path("get"), *get, 1);
                self.percent(&path("percent"), *percent);
            }
            Mechanic::CheapestFree { of } => self.count(&path("of"), *of, 2),
            Mechanic::Delivery { options, reduction } => {
                self.reduction(&path("reduction"), *reduction);
                if !options.is_sorted_by(|a, b| a < b)
                    || options.iter().any(|option| option.trim().is_empty())
                {
                    let reason = "names delivery options, each once, in order and not blank";
                    self.refuse(&path("options"), reason);
                }
            }
            Mechanic::Gift { .. } => {}
            Mechanic::NForM { buy, pay } => {
                self.count(&path("buy"), *buy, 2);
                self.count(&path("pay"), *pay, 1);
                if pay >= buy {
                    let reason = format!("{buy} for the price of {pay} gives nothing");
                    self.refuse(&path("pay"), reason);
                }
            }
            Mechanic::NForPrice { buy, price } => {
                self.count(&path("buy"), *buy, 2);
                self.positive(&path("price"), *price);
            }
            Mechanic::Order { reduction } => self.reduction(&path("reduction"), *reduction),
            Mechanic::Tiered { tiers } => self.tiers(&path("tiers"), tiers),
        }
    }

    fn percent(&mut self, field: &str, basis_points: u32) {
        if !(1..=FREE_BP).contains(&basis_points) {
            self.refuse(field, "is not between 1 and 10000 basis points");
        }
    }

    fn reduction(&mut self, field: &str, reduction: Reduction) {
        match reduction {
            Reduction::Amount(amount) => self.positive(&format!("{field}.amount"), amount),
            Reduction::Percent(percent) => self.percent(&format!("{field}.percent"), percent),
            Reduction::Price(amount) => self.positive(&format!("{field}.price"), amount),
        }
    }

    fn threshold(&mut self, field: &str, threshold: Threshold) {
        match threshold {
            Threshold::Amount(amount) => self.positive(&format!("{field}.amount"), amount),
            Threshold::Quantity(units) => self.count(&format!("{field}.quantity"), units, 1),
        }
    }

    fn parts(&mut self, field: &str, parts: &[Part]) {
        for (at, part) in parts.iter().enumerate() {
            self.count(&format!("{field}.{at}.quantity"), part.quantity, 1);
            if part.products.include.is_empty() {
                let reason = "needs at least one product, category or brand";
                self.refuse(&format!("{field}.{at}.products.include"), reason);
            }
        }
        let units: u64 = parts.iter().map(|part| u64::from(part.quantity)).sum();
        if units < 2 {
            self.refuse(field, "needs at least two units in all");
        }
    }

    fn tiers(&mut self, field: &str, tiers: &[Tier]) {
        if tiers.is_empty() || tiers.len() > TIERS_MAX {
            self.refuse(field, format!("needs 1 to {TIERS_MAX} steps"));
        }
        for (at, tier) in tiers.iter().enumerate() {
            self.threshold(&format!("{field}.{at}.from"), tier.from);
            self.reduction(&format!("{field}.{at}.reduction"), tier.reduction);
            if matches!(tier.reduction, Reduction::Price(_)) {
                let reason = "is a fixed total, which a step cannot give";
                self.refuse(&format!("{field}.{at}.reduction"), reason);
            }
        }
        for (at, pair) in tiers.windows(2).enumerate() {
            let [lower, higher] = pair else { continue };
            let rises = match (lower.from, higher.from) {
                (Threshold::Amount(a), Threshold::Amount(b)) => a.minor() < b.minor(),
                (Threshold::Quantity(a), Threshold::Quantity(b)) => a < b,
                _ => false,
            };
            if !rises {
                let reason = "does not rise above the step before it in the same measure";
                self.refuse(&format!("{field}.{}.from", at + 1), reason);
            }
            let gives_less = match (lower.reduction, higher.reduction) {
                (Reduction::Percent(a), Reduction::Percent(b)) => b <= a,
                (Reduction::Amount(a), Reduction::Amount(b)) => b.minor() <= a.minor(),
                _ => false,
            };
            if gives_less {
                let reason = "gives no more than the step before it";
                self.refuse(&format!("{field}.{}.reduction", at + 1), reason);
            }
        }
    }

    fn bounds(&mut self, terms: &PromotionTerms) {
        if let Some(minimum) = terms.minimum {
            self.threshold("minimum", minimum);
        }
        self.caps(terms.caps, &terms.mechanic);
        self.room_for_a_set(terms);
        if let Some(coupon) = &terms.coupon {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let length = 1..=CODE_MAX;
            if !length.contains(&coupon.code.len()) || !coupon.code.chars().all(fits) {
                let reason = format!("is not 1 to {CODE_MAX} of A-Z, a-z, 0-9, '-' and '_'");
                self.refuse("coupon.code", reason);
            }
        }
        if !terms.limits.is_sorted_by(|a, b| a < b) {
            self.refuse("limits", "names each limit once and in order");
        }
        for limit in &terms.limits {
            if let StatedLimit::PerCustomer(units) = limit {
                self.count("limits.per_customer", *units, 1);
            }
        }
    }

    /// A bound below one set would never let it happen.
    fn room_for_a_set(&mut self, terms: &PromotionTerms) {
        let Some(size) = terms.mechanic.units_of_a_set() else {
            return;
        };
        for (field, most) in [
            ("caps.units", terms.caps.units),
            ("limits.per_customer", terms.per_customer()),
        ] {
            if let Some(most) = most.filter(|most| *most < size) {
                let reason = format!("{most} is less than the {size} units of one set");
                self.refuse(field, reason);
            }
        }
    }

    /// A cap that a mechanic cannot keep is refused, not ignored.
    fn caps(&mut self, caps: Caps, mechanic: &Mechanic) {
        let is_sum = matches!(mechanic, Mechanic::Order { .. } | Mechanic::Tiered { .. });
        let is_set = matches!(
            mechanic,
            Mechanic::Bundle { .. }
                | Mechanic::BuyGet { .. }
                | Mechanic::CheapestFree { .. }
                | Mechanic::NForM { .. }
                | Mechanic::NForPrice { .. }
        );
        let kind = mechanic.kind();
        if let Some(amount) = caps.amount {
            self.positive("caps.amount", amount);
            if !is_sum {
                let reason = format!("an amount bounds order and tiered promotions, not {kind}");
                self.refuse("caps.amount", reason);
            }
        }
        if let Some(most) = caps.applications {
            self.count("caps.applications", most, 1);
            if !is_set {
                let reason = format!("applications bound promotions of sets, not {kind}");
                self.refuse("caps.applications", reason);
            }
        }
        if let Some(most) = caps.units {
            self.count("caps.units", most, 1);
            if !is_set && !is_sum {
                self.refuse("caps.units", format!("units do not bound {kind}"));
            }
        }
    }

    fn amounts(&mut self, offer: &Offer, terms: &PromotionTerms, state: &Overlay<'_>) {
        let amounts = terms.amounts();
        let markets = offer.markets.iter().filter_map(|id| state.market(id));
        for market in markets {
            let decimals = market.currency.exponent();
            if let Some(amount) = amounts.iter().find(|it| it.exponent() != decimals) {
                let reason = format!(
                    "{amount} does not have the {decimals} decimals of {}, the currency of \
                     market {}",
                    market.currency, market.id
                );
                self.refuse("mechanic", reason);
            }
        }
    }

    fn products(&mut self, mechanic: &Mechanic, state: &mut Overlay<'_>) {
        let kind = mechanic.kind();
        for scope in mechanic.scopes() {
            for (list, selectors) in [("include", &scope.include), ("exclude", &scope.exclude)] {
                let field = format!("offer.effect.promotion.mechanic.{kind}.products.{list}");
                check_selectors(self.problems, self.index, &field, selectors, state);
            }
        }
        if let Mechanic::Gift { sku } = mechanic
            && state.product(sku).is_none()
        {
            let reason = format!("there is no product {sku}");
            self.refuse_as(ErrorCode::UnknownProduct, "mechanic.gift.sku", reason);
        }
    }

    /// A fixed price for several units must be below what they cost one by
    /// one, wherever that is known: the dearest of each part, since a set that
    /// is cheaper for no choice of products is no offer.
    fn below_the_sum(
        &mut self,
        offer: &Offer,
        terms: &PromotionTerms,
        state: &Overlay<'_>,
        now: Instant,
    ) {
        let (field, price, parts) = match &terms.mechanic {
            Mechanic::Bundle { parts, price } => {
                let parts = parts
                    .iter()
                    .map(|part| (part.quantity, &part.products.include));
                ("mechanic.bundle.price", *price, parts.collect::<Vec<_>>())
            }
            Mechanic::NForPrice { buy, price } => {
                let parts = vec![(*buy, &offer.target.include)];
                ("mechanic.n_for_price.price", *price, parts)
            }
            _ => return,
        };
        for market in offer.markets.iter().filter_map(|id| state.market(id)) {
            let starts = Schedule::new(offer, &zone_of(&market)).period().from;
            let at = now.max(starts);
            let sum = parts.iter().map(|(units, selectors)| {
                Some(dearest(selectors, &market, state, at)?.saturating_mul(i64::from(*units)))
            });
            let Some(sum) = sum.sum::<Option<i64>>() else {
                continue;
            };
            if price.minor() >= sum {
                let amount = |minor| Money::new(minor, market.currency);
                let reason = format!(
                    "{} is not below {}, what they cost one by one in market {}",
                    amount(price.minor()),
                    amount(sum),
                    market.id
                );
                self.refuse(field, reason);
            }
        }
    }
}

/// The highest price that everyone pays for one of the SKUs; none where the
/// selectors name more than SKUs, or no price is known.
fn dearest(
    selectors: &[Selector],
    market: &Market,
    state: &Overlay<'_>,
    at: Instant,
) -> Option<i64> {
    let skus: Option<BTreeSet<&Sku>> = selectors
        .iter()
        .map(|selector| match selector {
            Selector::Sku(sku) => Some(sku),
            _ => None,
        })
        .collect();
    let prices = skus?
        .into_iter()
        .map(|sku| price_of(sku, market, state, at));
    prices.collect::<Option<Vec<i64>>>()?.into_iter().max()
}

fn price_of(sku: &Sku, market: &Market, state: &Overlay<'_>, at: Instant) -> Option<i64> {
    let product = state.peek_product(sku)?;
    let mut rows = state.prices(sku);
    rows.retain(|row| row.key.place.market == market.id);
    let prices: Vec<PriceRef<'_>> = rows.iter().map(PriceRef::from).collect();
    let everyone = Audience::everyone();
    let input = Inputs {
        audience: &everyone,
        channel: None,
        goods: Goods::from(&*product),
        ledger: None,
        market,
        mode: SalesMode::Store,
        offers: &[],
        order: &[],
        prices: &prices,
        restrictions: &[],
        zones: &[],
    };
    paid(&input, &everyone, at).map(|paid| paid.price)
}
