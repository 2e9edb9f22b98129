//! The running state of a basket while promotions apply.

use crate::quote::basket::{Basket, Product};
use crate::quote::exact::Exact;
use crate::quote::result::{Level, Target};

/// A line while it is being discounted.
#[derive(Clone, Debug)]
pub(crate) struct LineState {
    /// Index of the product.
    pub(crate) product: usize,
    pub(crate) qty: i64,
    pub(crate) regular_minor: i64,
    /// Unit price at the start of the basket stage.
    pub(crate) start_minor: i64,
    pub(crate) floor_minor: i64,
    pub(crate) reduced: bool,
    pub(crate) item_off: Exact,
    pub(crate) order_off: Exact,
    /// Units given away by earlier buy-X-get-Y promotions.
    pub(crate) given: i64,
    /// Units used by each promotion, by its position.
    pub(crate) used: Vec<(usize, i64)>,
}

impl LineState {
    pub(crate) fn start(&self) -> Exact {
        Exact::new(self.start_minor) * Exact::new(self.qty)
    }

    pub(crate) fn off(&self) -> Exact {
        self.item_off + self.order_off
    }

    pub(crate) fn running(&self) -> Exact {
        self.start() - self.off()
    }

    /// What may still be taken off before the floor.
    pub(crate) fn room(&self) -> Exact {
        let floor = Exact::new(self.floor_minor.max(0)) * Exact::new(self.qty);
        (self.running() - floor).max(Exact::ZERO)
    }

    pub(crate) fn used_by(&self, promotion: usize) -> i64 {
        self.used
            .iter()
            .find(|(index, _)| *index == promotion)
            .map_or(0, |(_, units)| *units)
    }

    pub(crate) fn use_units(&mut self, promotion: usize, units: i64) {
        match self.used.iter_mut().find(|(index, _)| *index == promotion) {
            Some((_, used)) => *used = (*used + units).min(self.qty),
            None => self.used.push((promotion, units.min(self.qty))),
        }
    }
}

/// A way of delivery while it is being discounted.
#[derive(Clone, Debug)]
pub(crate) struct ShippingState {
    pub(crate) price_minor: i64,
    pub(crate) off: Exact,
}

/// A gift added by a promotion.
#[derive(Clone, Debug)]
pub(crate) struct GiftState {
    pub(crate) promotion: usize,
    pub(crate) sku: String,
    pub(crate) qty: i64,
    pub(crate) price_minor: i64,
}

/// A share of a promotion.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) promotion: usize,
    pub(crate) target: Target,
    pub(crate) level: Level,
    pub(crate) amount: Exact,
    /// Units of the line that were reduced.
    pub(crate) units: i64,
    /// Whether these units were given away as the "get" of a buy-X-get-Y.
    pub(crate) given: bool,
}

/// What one attempt to apply a promotion would do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effect {
    pub(crate) shares: Vec<Share>,
    pub(crate) gifts: Vec<GiftState>,
    /// Units used for conditions: line, units.
    pub(crate) consumed: Vec<(usize, i64)>,
}

impl Effect {
    pub(crate) fn is_empty(&self) -> bool {
        self.shares.is_empty() && self.gifts.is_empty()
    }

    pub(crate) fn total(&self) -> Exact {
        let gifts: Exact = self
            .gifts
            .iter()
            .map(|gift| Exact::new(gift.price_minor) * Exact::new(gift.qty))
            .sum();
        self.shares.iter().map(|share| share.amount).sum::<Exact>() + gifts
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.shares.append(&mut other.shares);
        self.gifts.append(&mut other.gifts);
        self.consumed.append(&mut other.consumed);
    }
}

/// The whole basket.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) lines: Vec<LineState>,
    pub(crate) shipping: Vec<ShippingState>,
    pub(crate) gifts: Vec<GiftState>,
}

impl State {
    /// Takes the shares off and marks what was used.
    pub(crate) fn commit(&mut self, promotion: usize, effect: &Effect) {
        for share in &effect.shares {
            match share.target {
                Target::Line(index) => {
                    let line = &mut self.lines[index];
                    if share.level == Level::Order {
                        line.order_off += share.amount;
                    } else {
                        line.item_off += share.amount;
                    }
                    line.use_units(promotion, share.units);
                    if share.given {
                        line.given += share.units;
                    }
                }
                Target::Shipping(index) => self.shipping[index].off += share.amount,
                Target::Gift(_) => {}
            }
        }
        self.gifts.extend(effect.gifts.iter().cloned());
        for &(index, units) in &effect.consumed {
            self.lines[index].use_units(promotion, units);
        }
    }

    /// The product of a line.
    pub(crate) fn product<'a>(&self, basket: &'a Basket, line: usize) -> &'a Product {
        &basket.products[self.lines[line].product]
    }
}
