//! From the engine's quote to what a basket costs, in amounts.

use std::collections::BTreeMap;

use offercast_contract::measure::{QUANTITY_SCALE, Quantity};
use offercast_contract::{Amount, Currency, OfferId, Promotion, Sku};
use serde::Serialize;

use super::{Basket, tax, unit_price};
use crate::quote::{self as engine, Reason, Target, basket as engine_basket};

/// What a basket costs and why. All amounts are in `currency`; those of lines
/// and delivery on the tax basis of the market, unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BasketQuote {
    /// The promotions that gave something, in the order of application.
    pub applied: Vec<PromotionUse>,
    /// Every promotion considered, with the reason.
    pub considered: Vec<Verdict>,
    /// Each code entered, and whether it gives something.
    pub coupons: Vec<Coupon>,
    /// The currency.
    pub currency: Currency,
    /// Each way of delivery, in the order asked for.
    pub delivery: Vec<Delivery>,
    /// Products added for nothing.
    pub gifts: Vec<Gift>,
    /// One for each line, in its order.
    pub lines: Vec<Line>,
    /// What would apply with a little more.
    pub near: Vec<Near>,
    /// The promotions of the basket, as the terms state them.
    pub promotions: Vec<Promotion>,
    /// The tax of each rate.
    pub taxes: Vec<TaxSum>,
    /// Sums.
    pub totals: Totals,
}

/// What a promotion took off in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromotionUse {
    /// The sum of its shares; zero for a gift that has no price here.
    pub amount: Amount,
    /// Which one.
    pub id: OfferId,
}

/// A promotion that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which one.
    pub id: OfferId,
    /// What came of it.
    pub reason: Reason,
}

/// A code as entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coupon {
    /// The code.
    pub code: String,
    /// Whether some promotion or price of the basket takes it.
    pub valid: bool,
}

/// A part of a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How much, above zero.
    pub amount: Amount,
    /// The promotion.
    pub promotion: OfferId,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What the line costs at the current price, before promotions.
    pub current: Amount,
    /// The price of one sale unit, by the terms.
    pub current_unit: Amount,
    /// Deposits of the line; they are on top of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit: Option<Amount>,
    /// With tax.
    pub gross: Amount,
    /// Without tax.
    pub net: Amount,
    /// How much, in the sale unit.
    pub quantity: Quantity,
    /// What the line costs at the regular price, where the terms show one;
    /// else at the current price.
    pub regular: Amount,
    /// Each promotion's share.
    pub shares: Vec<Share>,
    /// The SKU.
    pub sku: Sku,
    /// The tax in `gross`.
    pub tax: Amount,
    /// The rate in basis points.
    pub tax_rate_bp: u32,
    /// What the line costs, on the market's tax basis.
    pub to_pay: Amount,
}

/// A way of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// With tax.
    pub gross: Amount,
    /// Names it.
    pub id: String,
    /// The fee before promotions.
    pub price: Amount,
    /// Each promotion's share.
    pub shares: Vec<Share>,
    /// The tax in `gross`.
    pub tax: Amount,
    /// The fee now, on the market's tax basis.
    pub to_pay: Amount,
}

/// A product for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gift {
    /// The promotion that gives it.
    pub promotion: OfferId,
    /// Units.
    pub quantity: i64,
    /// The SKU.
    pub sku: Sku,
    /// What it would cost; absent where it is not sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Amount>,
}

/// What is missing for a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// So much more.
    Amount(Amount),
    /// So many units more.
    Units(i64),
}

/// A promotion that would apply with a little more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Near {
    /// Which one.
    pub id: OfferId,
    /// What is missing.
    pub missing: Missing,
}

/// The tax of one rate: computed once, from the sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaxSum {
    /// With tax.
    pub gross: Amount,
    /// Without tax.
    pub net: Amount,
    /// The rate in basis points.
    pub rate_bp: u32,
    /// The tax.
    pub tax: Amount,
}

/// Sums. `to_pay` counts no delivery where several ways are asked for: each of
/// those is a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Lines at current prices.
    pub current: Amount,
    /// The fee of the one way of delivery, with tax; zero without or with
    /// several.
    pub delivery: Amount,
    /// Deposits.
    pub deposits: Amount,
    /// What promotions took off the lines.
    pub discount: Amount,
    /// What the lines cost now, on the market's tax basis.
    pub items: Amount,
    /// Lines at regular prices.
    pub regular: Amount,
    /// The tax in `to_pay`.
    pub tax: Amount,
    /// What the customer pays: lines and delivery with tax, and deposits.
    pub to_pay: Amount,
}

pub(super) fn answer(
    basket: &Basket<'_>,
    promotions: &[&Promotion],
    mapped: &engine_basket::Basket,
    made: &engine::Quote,
) -> BasketQuote {
    let by_id: BTreeMap<&str, &OfferId> = promotions
        .iter()
        .map(|promotion| (promotion.id.as_str(), &promotion.id))
        .collect();
    let answer = Answer {
        basket,
        by_id,
        mapped,
        made,
    };
    answer.whole(promotions)
}

struct Answer<'a> {
    basket: &'a Basket<'a>,
    by_id: BTreeMap<&'a str, &'a OfferId>,
    mapped: &'a engine_basket::Basket,
    made: &'a engine::Quote,
}

impl Answer<'_> {
    fn amount(&self, minor: i64) -> Amount {
        Amount::new(minor, self.basket.currency)
    }

    fn id(&self, text: &str) -> Option<OfferId> {
        self.by_id.get(text).map(|id| (*id).clone())
    }

    fn whole(&self, promotions: &[&Promotion]) -> BasketQuote {
        let (made, basket) = (self.made, self.basket);
        let fees: Vec<i64> = made
            .shipping
            .iter()
            .enumerate()
            .map(|(at, way)| way.price_minor - self.off(Target::Shipping(at)))
            .collect();
        let mut parts: Vec<tax::Part> = made
            .lines
            .iter()
            .zip(basket.lines)
            .enumerate()
            .map(|(at, (line, asked))| tax::Part {
                amount_minor: self.to_pay(at, line),
                rate_bp: asked.terms.tax.rate_bp,
            })
            .collect();
        // Only a delivery that is chosen belongs to what is paid.
        let chosen = fees.len() == 1;
        parts.extend(
            fees.iter()
                .zip(basket.delivery)
                .map(|(fee, asked)| tax::Part {
                    amount_minor: *fee,
                    rate_bp: asked.rate_bp.unwrap_or(0),
                }),
        );
        let lines = basket.lines.len();
        let taxes = if chosen {
            tax::shared(&parts, basket.prices_include_tax)
        } else {
            let mut taxes = tax::shared(&parts[..lines], basket.prices_include_tax);
            taxes.extend(
                parts[lines..]
                    .iter()
                    .flat_map(|fee| tax::shared(&[*fee], basket.prices_include_tax)),
            );
            taxes
        };
        let lines = self.lines(&taxes);
        let delivery = self.delivery(&fees, &taxes[lines.len()..]);
        let counted = lines.len() + usize::from(chosen);
        BasketQuote {
            applied: self.applied(),
            considered: self.considered(),
            coupons: self.coupons(promotions),
            currency: basket.currency,
            gifts: self.gifts(),
            near: self.near(),
            promotions: promotions.iter().map(|it| (*it).clone()).collect(),
            taxes: self.tax_sums(&parts[..counted], &taxes[..counted]),
            totals: self.totals(&lines, &delivery),
            delivery,
            lines,
        }
    }

    /// All shares of a target, each in whole minor units.
    fn off(&self, target: Target) -> i64 {
        let of_target = self.made.shares.iter().filter(|it| it.target == target);
        of_target.map(|it| it.amount.nearest_minor()).sum()
    }

    /// What a line costs: the current price less its shares, so that parts sum
    /// to the total also under a policy that never rounds.
    fn to_pay(&self, at: usize, line: &engine::QuotedLine) -> i64 {
        let current = line.current_unit_minor.saturating_mul(line.qty);
        current - self.off(Target::Line(at))
    }

    fn shares(&self, target: Target) -> Vec<Share> {
        let of_target = self.made.shares.iter().filter(|it| it.target == target);
        of_target
            .filter_map(|share| {
                Some(Share {
                    amount: self.amount(share.amount.nearest_minor()),
                    promotion: self.id(&share.promotion)?,
                })
            })
            .collect()
    }

    /// Net and gross of an amount on the market's tax basis.
    fn net_gross(&self, minor: i64, tax: i64) -> (i64, i64) {
        if self.basket.prices_include_tax {
            (minor - tax, minor)
        } else {
            (minor, minor + tax)
        }
    }

    fn lines(&self, taxes: &[i64]) -> Vec<Line> {
        let made = self.made.lines.iter().zip(self.basket.lines);
        made.enumerate()
            .map(|(at, (line, asked))| {
                let to_pay = self.to_pay(at, line);
                let (net, gross) = self.net_gross(to_pay, taxes[at]);
                let units = self.mapped.lines[at].qty;
                let current = line.current_unit_minor.saturating_mul(units);
                let regular = line.regular_unit_minor.saturating_mul(units);
                let deposit = asked.terms.deposit;
                let whole = asked.quantity.millionths() / QUANTITY_SCALE;
                Line {
                    current: self.amount(current),
                    current_unit: self.amount(unit_price(self.basket, asked)),
                    deposit: deposit.map(|each| self.amount(each.minor().saturating_mul(whole))),
                    gross: self.amount(gross),
                    net: self.amount(net),
                    quantity: asked.quantity,
                    regular: self.amount(regular),
                    shares: self.shares(Target::Line(at)),
                    sku: asked.sku.clone(),
                    tax: self.amount(taxes[at]),
                    tax_rate_bp: asked.terms.tax.rate_bp,
                    to_pay: self.amount(to_pay),
                }
            })
            .collect()
    }

    fn delivery(&self, fees: &[i64], taxes: &[i64]) -> Vec<Delivery> {
        let made = self.made.shipping.iter().zip(fees).zip(taxes);
        made.enumerate()
            .map(|(at, ((way, fee), tax))| Delivery {
                gross: self.amount(self.net_gross(*fee, *tax).1),
                id: way.id.clone(),
                price: self.amount(way.price_minor),
                shares: self.shares(Target::Shipping(at)),
                tax: self.amount(*tax),
                to_pay: self.amount(*fee),
            })
            .collect()
    }

    fn gifts(&self) -> Vec<Gift> {
        let gifts = self.made.gifts.iter();
        gifts
            .filter_map(|gift| {
                let sku = Sku::parse(&gift.sku).ok()?;
                let worth = self.basket.gifts.get(&sku).map(|minor| self.amount(*minor));
                Some(Gift {
                    promotion: self.id(&gift.promotion)?,
                    quantity: gift.qty,
                    sku,
                    worth,
                })
            })
            .collect()
    }

    fn applied(&self) -> Vec<PromotionUse> {
        let applied = self.made.applied().into_iter();
        applied
            .filter_map(|id| {
                let shares = self.made.shares.iter().filter(|it| it.promotion == id);
                let amount = shares.map(|it| it.amount.nearest_minor()).sum();
                Some(PromotionUse {
                    amount: self.amount(amount),
                    id: self.id(id)?,
                })
            })
            .collect()
    }

    fn considered(&self) -> Vec<Verdict> {
        let considered = self.made.considered.iter();
        considered
            .filter_map(|it| {
                Some(Verdict {
                    id: self.id(&it.promotion)?,
                    reason: it.reason.clone(),
                })
            })
            .collect()
    }

    fn coupons(&self, promotions: &[&Promotion]) -> Vec<Coupon> {
        let gives = |id: &OfferId| {
            let known = self.made.coupons.iter();
            known
                .into_iter()
                .any(|(of, valid)| *valid && of == id.as_str())
        };
        let of_price = |code: &str| {
            let lines = self.basket.lines.iter();
            let mut conditional = lines.flat_map(|line| &line.terms.conditional);
            conditional.any(|price| {
                let wanted = price.condition.coupon.as_ref();
                wanted.is_some_and(|it| it.to_lowercase() == code.trim().to_lowercase())
            })
        };
        let coupons = self.basket.coupons.iter();
        coupons
            .map(|code| Coupon {
                code: code.clone(),
                valid: of_price(code)
                    || promotions.iter().any(|promotion| {
                        let coupon = promotion.terms.coupon.as_ref();
                        coupon.is_some_and(|coupon| coupon.is(code)) && gives(&promotion.id)
                    }),
            })
            .collect()
    }

    fn near(&self) -> Vec<Near> {
        let near = self.made.near.iter();
        near.filter_map(|it| {
            Some(Near {
                id: self.id(&it.promotion)?,
                missing: match it.missing {
                    engine::Missing::Units(units) => Missing::Units(units),
                    engine::Missing::Minor(minor) => Missing::Amount(self.amount(minor)),
                },
            })
        })
        .collect()
    }

    fn tax_sums(&self, parts: &[tax::Part], taxes: &[i64]) -> Vec<TaxSum> {
        let mut sums: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
        for (part, tax) in parts.iter().zip(taxes) {
            let sum = sums.entry(part.rate_bp).or_default();
            sum.0 += part.amount_minor;
            sum.1 += tax;
        }
        sums.into_iter()
            .map(|(rate_bp, (amount, tax))| {
                let (net, gross) = self.net_gross(amount, tax);
                TaxSum {
                    gross: self.amount(gross),
                    net: self.amount(net),
                    rate_bp,
                    tax: self.amount(tax),
                }
            })
            .collect()
    }

    fn totals(&self, lines: &[Line], delivery: &[Delivery]) -> Totals {
        let sum = |of: &dyn Fn(&Line) -> Amount| -> i64 {
            lines.iter().map(|line| of(line).minor()).sum()
        };
        let (current, items) = (sum(&|line| line.current), sum(&|line| line.to_pay));
        let deposits: i64 = lines
            .iter()
            .filter_map(|line| line.deposit)
            .map(Amount::minor)
            .sum();
        let (fee, fee_tax) = match delivery {
            [only] => (only.gross.minor(), only.tax.minor()),
            _ => (0, 0),
        };
        Totals {
            current: self.amount(current),
            delivery: self.amount(fee),
            deposits: self.amount(deposits),
            discount: self.amount(current - items),
            items: self.amount(items),
            regular: self.amount(sum(&|line| line.regular)),
            tax: self.amount(sum(&|line| line.tax) + fee_tax),
            to_pay: self.amount(sum(&|line| line.gross) + fee + deposits),
        }
    }
}
