//! Pack sizes and the unit price, by rule 7.

use offercast_contract::measure::{QUANTITY_SCALE, Quantity};
use offercast_contract::{Amount, Measure, MeasureUnit, SaleUnit, UnitPrice};

use super::Goods;
use crate::source::Market;

/// Why a pack size cannot be true, so that no unit price is shown from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImplausiblePack {
    /// A number of pieces that is not whole.
    #[error("{0} pieces is not a whole number")]
    PartOfAPiece(Quantity),
    /// More than any pack holds.
    #[error("{0} is more than a pack holds")]
    TooMuch(Measure),
    /// Less than any pack holds.
    #[error("{0} is less than a pack holds")]
    TooLittle(Measure),
    /// Sold by one measure, packed by another.
    #[error("sold by the {sold_by}, so a pack of {pack} says nothing")]
    OtherMeasure {
        /// What the pack holds.
        pack: Measure,
        /// The sale unit.
        sold_by: SaleUnit,
    },
}

/// Whether a pack size can be true. The limits are generous on purpose: what
/// they refuse is wrong beyond doubt (0.1 g to 1000 kg, 0.1 ml to 1000 l, 1 mm
/// to 10 km, 1 cm² to 10,000 m², 1 to 10,000 whole pieces).
pub fn plausible_pack(pack: Measure, sale_unit: SaleUnit) -> Result<(), ImplausiblePack> {
    let own = base_of(sale_unit);
    if sale_unit != SaleUnit::Piece && own != Some(pack.unit) {
        return Err(ImplausiblePack::OtherMeasure {
            pack,
            sold_by: sale_unit,
        });
    }
    if pack.unit == MeasureUnit::Piece && !pack.quantity.is_whole() {
        return Err(ImplausiblePack::PartOfAPiece(pack.quantity));
    }
    let (least, most) = match pack.unit {
        MeasureUnit::Kilogram | MeasureUnit::Litre => (100, 1_000 * QUANTITY_SCALE),
        MeasureUnit::Metre => (1_000, 10_000 * QUANTITY_SCALE),
        MeasureUnit::SquareMetre => (100, 10_000 * QUANTITY_SCALE),
        MeasureUnit::Piece => (QUANTITY_SCALE, 10_000 * QUANTITY_SCALE),
    };
    if pack.quantity.millionths() < least {
        Err(ImplausiblePack::TooLittle(pack))
    } else if pack.quantity.millionths() > most {
        Err(ImplausiblePack::TooMuch(pack))
    } else {
        Ok(())
    }
}

/// The price per base measure; none without a plausible pack, for a pack of
/// one piece, and where it rounds to nothing.
pub(super) fn unit_price(goods: &Goods<'_>, price: i64, market: &Market) -> Option<UnitPrice> {
    if let Some(unit) = base_of(goods.sale_unit) {
        return per_base(Quantity::ONE, unit, price, goods, market);
    }
    let pack = goods.pack?;
    if goods.sale_unit != SaleUnit::Piece || plausible_pack(pack, goods.sale_unit).is_err() {
        return None;
    }
    if pack.unit == MeasureUnit::Piece && pack.quantity == Quantity::ONE {
        return None;
    }
    per_base(pack.quantity, pack.unit, price, goods, market)
}

/// What the market's base measure costs where `quantity` costs `price`.
fn per_base(
    quantity: Quantity,
    unit: MeasureUnit,
    price: i64,
    goods: &Goods<'_>,
    market: &Market,
) -> Option<UnitPrice> {
    let per = market.pricing.base_measure(goods.category, unit);
    let quantity = i128::from(quantity.millionths());
    let scaled = i128::from(price) * i128::from(per.quantity.millionths());
    let minor = i64::try_from((2 * scaled + quantity) / (2 * quantity)).ok()?;
    (minor > 0).then(|| UnitPrice {
        amount: Amount::new(minor, market.currency),
        per,
    })
}

/// The base measure of goods sold by it.
pub(super) fn base_of(sale_unit: SaleUnit) -> Option<MeasureUnit> {
    match sale_unit {
        SaleUnit::Kilogram => Some(MeasureUnit::Kilogram),
        SaleUnit::Litre => Some(MeasureUnit::Litre),
        SaleUnit::Metre => Some(MeasureUnit::Metre),
        SaleUnit::Piece | SaleUnit::Hour => None,
    }
}
