//! A promotion that is advertised must be charged: where a channel that
//! charges by itself cannot, the change set is refused.

use std::collections::BTreeMap;

use offercast_contract::{Channel, ChannelId, Instant, OfferId, PromotionTerms, View};
use offercast_domain::change::{Change, ChangeError, ErrorCode, Guard, Plan};
use offercast_domain::schedule::{Schedule, zone_of};
use offercast_domain::source::Offer;
use offercast_kit::Family;
use offercast_pricebook::Book;

use crate::families::Families;

/// Plans as [`offercast_domain::change::plan`], then asks whether what would
/// be advertised can be charged.
pub(crate) fn plan(
    families: &Families,
    changes: &[Change],
    book: &Book,
    now: Instant,
    guard: Guard,
) -> Result<Plan, Vec<ChangeError>> {
    let planned = offercast_domain::change::plan(changes, book, now, guard)?;
    check(families, changes, book, now)?;
    Ok(planned)
}

/// Refuses promotions that a channel in their zones cannot charge, and
/// channels that cannot charge a promotion that stands in theirs; each error
/// names channel, zone and mechanic. Promotions that are over by `now` do not
/// count; a family that this program does not serve is left to its own
/// adapter.
fn check(
    families: &Families,
    changes: &[Change],
    book: &Book,
    now: Instant,
) -> Result<(), Vec<ChangeError>> {
    if !changes.iter().any(concerns) {
        return Ok(());
    }
    let state = State::after(changes, book);
    let mut errors = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        match change {
            Change::PutOffer { offer } => {
                let Some(terms) = running(book, offer, now) else {
                    continue;
                };
                for channel in state.channels.values() {
                    if let Some(reason) = refusal(families, book, channel, offer, terms) {
                        errors.push(error(index, "offer.effect.promotion.mechanic", reason));
                    }
                }
            }
            Change::PutChannel { channel } => {
                for offer in state.offers.values() {
                    if let Some(terms) = running(book, offer, now)
                        && let Some(reason) = refusal(families, book, channel, offer, terms)
                    {
                        errors.push(error(index, "channel.calls_quote", reason));
                    }
                }
            }
            _ => {}
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn concerns(change: &Change) -> bool {
    match change {
        Change::PutOffer { offer } => offer.promotion().is_some(),
        Change::PutChannel { .. } => true,
        _ => false,
    }
}

/// Channels and promotions as they are once the changes took effect.
struct State {
    channels: BTreeMap<ChannelId, Channel>,
    offers: BTreeMap<OfferId, Offer>,
}

impl State {
    fn after(changes: &[Change], book: &Book) -> Self {
        let channels = book.channels().map(|it| (it.id.clone(), (**it).clone()));
        let promotions = book.offers().filter(|offer| offer.promotion().is_some());
        let mut state = Self {
            channels: channels.collect(),
            offers: promotions
                .map(|it| (it.id.clone(), (**it).clone()))
                .collect(),
        };
        for change in changes {
            match change {
                Change::PutChannel { channel } => {
                    state
                        .channels
                        .insert(channel.id.clone(), (**channel).clone());
                }
                Change::EndChannel { id } => {
                    state.channels.remove(id);
                }
                Change::PutOffer { offer } => {
                    state.offers.insert(offer.id.clone(), (**offer).clone());
                }
                Change::EndOffer { id } => {
                    state.offers.remove(id);
                }
                _ => {}
            }
        }
        state
    }
}

/// The promotion of an offer that is not over in all its markets. A market
/// that is new in the same change set has nothing that could be over.
fn running<'o>(book: &Book, offer: &'o Offer, now: Instant) -> Option<&'o PromotionTerms> {
    let is_over = offer.markets.iter().all(|id| {
        book.market(id)
            .is_some_and(|market| Schedule::new(offer, &zone_of(&market)).is_over(now))
    });
    offer.promotion().filter(|_| !is_over)
}

/// Why the channel must not stand where the promotion does.
fn refusal(
    families: &Families,
    book: &Book,
    channel: &Channel,
    offer: &Offer,
    terms: &PromotionTerms,
) -> Option<String> {
    if channel.calls_quote {
        return None;
    }
    let family: &dyn Family = families.get(&channel.family)?.as_ref();
    let cannot = family.can_charge(&terms.mechanic).err()?;
    let view = channel.views.iter().find(|view| is_in(book, offer, view))?;
    let zone = view.zone.as_ref().map_or_else(
        || format!("market {}", view.market),
        |zone| format!("zone {zone} of market {}", view.market),
    );
    Some(format!(
        "channel {} charges in {zone} and cannot charge {} of offer {}: {cannot}; \
         declare that it calls the quote, or leave the zone out of the offer",
        channel.id,
        terms.mechanic.kind(),
        offer.id
    ))
}

/// Whether the offer is made in the place of the view. A zone that is new in
/// the same change set counts by its own name.
fn is_in(book: &Book, offer: &Offer, view: &View) -> bool {
    if !offer.is_in(&view.market) {
        return false;
    }
    if offer.zones.is_empty() {
        return true;
    }
    let chain = book.zones_around(&view.market, view.zone.as_ref());
    let own = view.zone.iter().cloned();
    own.chain(chain).any(|zone| offer.zones.contains(&zone))
}

fn error(index: usize, field: &str, reason: String) -> ChangeError {
    ChangeError {
        index,
        field: field.to_owned(),
        reason,
        code: ErrorCode::Invalid,
        other: None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use offercast_contract::{Mechanic, Projection, Reading, Template};
    use offercast_domain::source::Effect;
    use offercast_kit::{Artefact, RenderError, Renderer, Switching, Unreadable};

    use super::*;

    /// Charges 3 for 2 and nothing else.
    struct Till;

    impl Family for Till {
        fn name(&self) -> &'static str {
            "till"
        }

        fn media_type(&self) -> &'static str {
            "text/plain"
        }

        fn switching(&self) -> Switching {
            Switching::AtBoundary
        }

        fn projection(&self) -> Projection {
            Projection::default()
        }

        fn can_charge(&self, mechanic: &Mechanic) -> Result<(), String> {
            match mechanic {
                Mechanic::NForM { .. } => Ok(()),
                _ => Err("it knows sets only".to_owned()),
            }
        }

        fn compile(&self, _: &Template) -> Result<Box<dyn Renderer>, RenderError> {
            Err(RenderError::NotRepresentable("not asked".to_owned()))
        }

        fn read_back(&self, _: &Channel, _: &View, _: &Artefact) -> Result<Reading, Unreadable> {
            Err(Unreadable("not asked".to_owned()))
        }
    }

    fn offer(mechanic: Mechanic, zones: &[&str]) -> Change {
        let terms = PromotionTerms::of(mechanic);
        let offer = Offer {
            zones: zones.iter().map(|zone| zone.parse().unwrap()).collect(),
            ..Offer::new(
                "deal".parse().unwrap(),
                "pl".parse().unwrap(),
                Effect::Promotion(Box::new(terms)),
                Instant::from_micros(0),
            )
        };
        Change::PutOffer {
            offer: Box::new(offer),
        }
    }

    fn till(calls_quote: bool) -> Change {
        let channel = Channel {
            assortment: Default::default(),
            calls_quote,
            exceptions: Vec::new(),
            family: "till".to_owned(),
            id: "tills-pl".parse().unwrap(),
            locale: "pl".parse().unwrap(),
            mode: Default::default(),
            name: "Kasy".to_owned(),
            projection: Projection::default(),
            template: Template::new("till.hbs", ""),
            time_zone: "Europe/Warsaw".to_owned(),
            views: vec!["pl/krakow/everyone/store".parse().unwrap()],
        };
        Change::PutChannel {
            channel: Box::new(channel),
        }
    }

    fn refused(changes: &[Change]) -> Vec<String> {
        let families = Families::new(vec![Arc::new(Till)]);
        let now = Instant::from_micros(1);
        let checked = check(&families, changes, &Book::empty(), now);
        let errors = checked.err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_till_cannot_charge_is_not_advertised_in_its_zone() {
        let gift = || Mechanic::Gift {
            sku: "tea".parse().unwrap(),
        };
        let errors = refused(&[offer(gift(), &[]), till(false)]);
        assert_eq!(errors.len(), 2, "the offer and the channel: {errors:?}");
        let expected = "change 0: offer.effect.promotion.mechanic: channel tills-pl charges in \
            zone krakow of market pl and cannot charge gift of offer deal: it knows sets only; \
            declare that it calls the quote, or leave the zone out of the offer";
        assert_eq!(errors[0], expected);
        assert!(
            errors[1].starts_with("change 1: channel.calls_quote: "),
            "{errors:?}"
        );
        assert_eq!(refused(&[offer(gift(), &["krakow"]), till(false)]).len(), 2);
        assert!(refused(&[offer(gift(), &["warszawa"]), till(false)]).is_empty());
        assert!(refused(&[offer(gift(), &[]), till(true)]).is_empty());
        let trio = Mechanic::NForM { buy: 3, pay: 2 };
        assert!(refused(&[offer(trio, &[]), till(false)]).is_empty());
    }
}
