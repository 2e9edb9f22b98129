use serde::{Deserialize, Serialize};

use crate::quote::exact::Whole;
use crate::quote::policy::{
    AtFloor, Base, BestBy, Exclusivity, Grouping, Policy, RoundMode, RoundOf, Sequence, Stacking,
};
use crate::quote::preset;

/// How the offers of a market combine on one item: a preset, and settings that
/// differ from it. The same policy is behind the shelf, the site and the
/// basket; [`crate::quote::policy`] says what each setting means and who uses
/// it, and [`preset::OFFERCAST`], which is meant where nothing is said, has
/// its reasons in `docs/QUOTE.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    /// What an offer does that would go below the floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_floor: Option<AtFloor>,
    /// The price that the first offer starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// Which offer is the best one, where only the best is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_by: Option<BestBy>,
    /// What an offer does that does not combine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusivity: Option<Exclusivity>,
    /// What a group is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Grouping>,
    /// Where the other settings come from.
    #[serde(default, skip_serializing_if = "Preset::is_default")]
    pub preset: Preset,
    /// How a fraction of a minor unit is rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Whole>,
    /// Whether the price or the discount is rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_of: Option<RoundOf>,
    /// The order in which offers are considered. Only [`Sequence::Priority`]
    /// looks at priorities; offers are else taken in the order of their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// How several offers meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stacking: Option<Stacking>,
}

/// The presets of [`crate::quote::preset`], by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Medusa.
    Medusa,
    /// Offercast's own.
    #[default]
    Offercast,
    /// django-oscar.
    Oscar,
    /// Saleor.
    Saleor,
    /// Solidus.
    Solidus,
    /// Sylius.
    Sylius,
    /// Vendure.
    Vendure,
    /// `WooCommerce`.
    Woocommerce,
    /// `WooCommerce` with sequential coupons.
    WoocommerceSequential,
}

impl Preset {
    /// Its settings.
    #[must_use]
    pub fn policy(self) -> Policy {
        match self {
            Self::Medusa => preset::MEDUSA,
            Self::Offercast => preset::OFFERCAST,
            Self::Oscar => preset::OSCAR,
            Self::Saleor => preset::SALEOR,
            Self::Solidus => preset::SOLIDUS,
            Self::Sylius => preset::SYLIUS,
            Self::Vendure => preset::VENDURE,
            Self::Woocommerce => preset::WOOCOMMERCE,
            Self::WoocommerceSequential => preset::WOOCOMMERCE_SEQUENTIAL,
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Combination {
    /// Whether it says nothing, so that everything is the default.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether more than one offer can apply to an item.
    #[must_use]
    pub fn stacks(&self) -> bool {
        matches!(
            self.policy().catalogue.stacking,
            Stacking::Compound | Stacking::Additive | Stacking::BestPerGroup
        )
    }

    /// The whole policy: the preset with what was set otherwise.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let mut policy = self.preset.policy();
        let shelf = &mut policy.catalogue;
        shelf.at_floor = self.at_floor.unwrap_or(shelf.at_floor);
        shelf.base = self.base.unwrap_or(shelf.base);
        shelf.best_by = self.best_by.unwrap_or(shelf.best_by);
        shelf.stacking = self.stacking.unwrap_or(shelf.stacking);
        shelf.rounding.of = self.round_of.unwrap_or(shelf.rounding.of);
        shelf.rounding.mode = self.round.map_or(shelf.rounding.mode, RoundMode::To);
        policy.exclusivity = self.exclusivity.unwrap_or(policy.exclusivity);
        policy.grouping = self.grouping.unwrap_or(policy.grouping);
        policy.sequence = self.sequence.unwrap_or(policy.sequence);
        policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_and_what_differs_from_it() {
        let read = |text: &str| serde_json::from_str::<Combination>(text).unwrap();
        assert_eq!(read("{}").policy(), preset::OFFERCAST);
        let mixed = read(r#"{"preset": "saleor", "round": "down", "stacking": "additive"}"#);
        let policy = mixed.policy();
        assert_eq!(policy.catalogue.stacking, Stacking::Additive);
        assert_eq!(policy.catalogue.rounding.mode, RoundMode::To(Whole::Down));
        assert_eq!(policy.catalogue.base, preset::SALEOR.catalogue.base);
        let text = serde_json::to_string(&mixed).unwrap();
        assert_eq!(
            text,
            r#"{"preset":"saleor","round":"down","stacking":"additive"}"#
        );
        assert!(serde_json::from_str::<Combination>(r#"{"preset": "magento"}"#).is_err());
        assert!(serde_json::from_str::<Combination>(r#"{"stacking": "some"}"#).is_err());
    }

    #[test]
    fn every_preset_is_the_one_of_its_name() {
        for name in [
            "medusa",
            "offercast",
            "oscar",
            "saleor",
            "solidus",
            "sylius",
            "vendure",
            "woocommerce",
            "woocommerce-sequential",
        ] {
            let read: Preset = serde_json::from_value(name.into()).unwrap();
            assert_eq!(Some(read.policy()), preset::by_name(name));
        }
    }
}
