use offercast_contract::promotion::{
    Coupon as Code, CouponCase, Mechanic, Part, Reduction, Scope, StatedLimit, Threshold, Tier,
};
use offercast_contract::{Amount, Condition, ConditionalPrice, Content, Tax};
use proptest::prelude::*;

use super::*;
use crate::quote::Reason;
use crate::quote::preset::OFFERCAST;
use offercast_contract::channel::Selector;

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn amount(minor: i64) -> Amount {
    Amount::new(minor, euro())
}

fn line(sku: &str, minor: i64, quantity: &str) -> Line {
    let content = Content {
        name: sku.to_owned(),
        ..Content::default()
    };
    let content = BTreeMap::from([("en".parse().unwrap(), content)]);
    let tax = Tax {
        included: true,
        rate_bp: 2_300,
    };
    Line {
        facts: Facts::new(format!("food/{sku}"), SaleUnit::Piece, content),
        quantity: quantity.parse().unwrap(),
        sku: sku.parse().unwrap(),
        terms: Terms::of(euro(), amount(minor), tax),
    }
}

/// Lines in whose terms all the promotions stand.
fn lines(of: &[(&str, i64, &str)], promotions: &[Promotion]) -> Vec<Line> {
    of.iter()
        .map(|(sku, minor, quantity)| {
            let mut line = line(sku, *minor, quantity);
            line.terms.promotions = promotions.to_vec();
            line
        })
        .collect()
}

fn promotion(id: &str, mechanic: Mechanic) -> Promotion {
    Promotion::of(id.parse().unwrap(), mechanic)
}

struct Shop {
    audience: &'static str,
    coupons: Vec<String>,
    delivery: Vec<DeliveryFee>,
    gifts: BTreeMap<Sku, i64>,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            audience: "everyone",
            coupons: Vec::new(),
            delivery: Vec::new(),
            gifts: BTreeMap::new(),
        }
    }
}

impl Shop {
    fn try_quote(&self, lines: &[Line]) -> Result<BasketQuote, BasketError> {
        let basket = Basket {
            audience: &self.audience.parse().unwrap(),
            channel: None,
            coupons: &self.coupons,
            currency: euro(),
            delivery: &self.delivery,
            gifts: &self.gifts,
            lines,
            offers: &BTreeMap::new(),
            prices_include_tax: true,
        };
        quote_basket(&basket, &OFFERCAST, true)
    }

    fn quote(&self, lines: &[Line]) -> BasketQuote {
        self.try_quote(lines).unwrap()
    }
}

fn to_pay(quote: &BasketQuote) -> Vec<i64> {
    quote.lines.iter().map(|line| line.to_pay.minor()).collect()
}

fn reason(quote: &BasketQuote, id: &str) -> Reason {
    let found = quote.considered.iter().find(|it| it.id.as_str() == id);
    found.unwrap().reason.clone()
}

#[test]
fn three_for_two_gives_the_cheapest_of_each_three_dearest_first() {
    let trio = promotion("trio", Mechanic::NForM { buy: 3, pay: 2 });
    let basket = lines(
        &[("a", 1_000, "3"), ("b", 100, "3")],
        std::slice::from_ref(&trio),
    );
    assert_eq!(to_pay(&Shop::default().quote(&basket)), [2_000, 200]);
    let mixed = lines(
        &[("a", 500, "1"), ("b", 800, "1"), ("c", 1_000, "1")],
        &[trio],
    );
    let quote = Shop::default().quote(&mixed);
    assert_eq!(to_pay(&quote), [0, 800, 1_000]);
    assert_eq!(quote.applied[0].amount, amount(500));
    assert_eq!(quote.lines[0].shares[0].promotion.as_str(), "trio");
}

#[test]
fn one_more_is_said_to_be_near() {
    let trio = promotion("trio", Mechanic::NForM { buy: 3, pay: 2 });
    let quote = Shop::default().quote(&lines(&[("a", 1_000, "2")], &[trio]));
    assert_eq!(quote.near.len(), 1);
    assert_eq!(quote.near[0].missing, Missing::Units(1));
    assert_eq!(reason(&quote, "trio"), Reason::IncompleteSet { missing: 1 });
}

#[test]
fn a_stated_limit_bounds_the_sets() {
    let mut trio = promotion("trio", Mechanic::NForM { buy: 3, pay: 2 });
    trio.terms.limits = vec![StatedLimit::PerCustomer(6)];
    let quote = Shop::default().quote(&lines(&[("a", 1_000, "9")], &[trio]));
    assert_eq!(
        to_pay(&quote),
        [7_000],
        "two sets of three, three at the full price"
    );
}

#[test]
fn a_price_for_several_is_taken_only_where_it_is_lower() {
    let price = amount(1_000);
    let three = promotion("three", Mechanic::NForPrice { buy: 3, price });
    let basket = lines(&[("a", 500, "3"), ("b", 100, "3")], &[three]);
    assert_eq!(to_pay(&Shop::default().quote(&basket)), [1_000, 300]);
}

#[test]
fn a_bundle_takes_one_of_each_part() {
    let of = |sku: &str| Part {
        products: Scope {
            exclude: Vec::new(),
            include: vec![Selector::Sku(sku.parse().unwrap())],
        },
        quantity: 1,
    };
    let bundle = promotion(
        "bundle",
        Mechanic::Bundle {
            parts: vec![of("pan"), of("lid")],
            price: amount(2_500),
        },
    );
    let basket = lines(
        &[("pan", 2_000, "3"), ("lid", 1_000, "2")],
        std::slice::from_ref(&bundle),
    );
    let quote = Shop::default().quote(&basket);
    assert_eq!(
        quote.totals.items,
        amount(7_000),
        "two sets at 25.00 and a pan"
    );
    let alone = Shop::default().quote(&lines(&[("pan", 2_000, "1")], &[bundle]));
    assert_eq!(alone.near[0].missing, Missing::Units(1));
}

#[test]
fn what_may_be_got_is_found_by_its_own_selectors() {
    let tea = Selector::Category("food/tea".to_owned());
    let get = promotion(
        "tea-half",
        Mechanic::BuyGet {
            buy: 2,
            get: 1,
            percent: 5_000,
            products: Some(Scope {
                exclude: Vec::new(),
                include: vec![tea],
            }),
        },
    );
    let mut basket = lines(&[("coffee", 2_000, "2")], &[get]);
    basket.push(line("tea", 900, "2"));
    assert_eq!(to_pay(&Shop::default().quote(&basket)), [4_000, 1_350]);
}

#[test]
fn steps_count_what_is_left_after_item_reductions() {
    let tier = |from, percent| Tier {
        from: Threshold::Amount(amount(from)),
        reduction: Reduction::Percent(percent),
    };
    let steps = promotion(
        "steps",
        Mechanic::Tiered {
            tiers: vec![tier(5_000, 1_000), tier(10_000, 2_000)],
        },
    );
    let quote = |quantity| {
        let basket = lines(&[("a", 1_000, quantity)], std::slice::from_ref(&steps));
        Shop::default().quote(&basket)
    };
    assert_eq!(to_pay(&quote("5")), [4_500]);
    assert_eq!(to_pay(&quote("10")), [8_000]);
    let below = quote("4");
    assert_eq!(to_pay(&below), [4_000]);
    assert_eq!(below.near[0].missing, Missing::Amount(amount(1_000)));
}

#[test]
fn codes_follow_their_own_case_and_members_their_card() {
    let ten = Mechanic::Order {
        reduction: Reduction::Percent(1_000),
    };
    let mut exact = promotion("exact", ten.clone());
    exact.terms.coupon = Some(Code {
        case: CouponCase::Exact,
        code: "Autumn".to_owned(),
    });
    let mut members = promotion("members", ten);
    members.audience = Some("gold".parse().unwrap());
    let basket = lines(&[("a", 1_000, "1")], &[exact, members]);
    let shop = |audience, code: &str| Shop {
        audience,
        coupons: vec![code.to_owned()],
        ..Shop::default()
    };
    let wrong = shop("everyone", "autumn").quote(&basket);
    assert_eq!(
        (to_pay(&wrong), wrong.coupons[0].valid),
        (vec![1_000], false)
    );
    assert_eq!(reason(&wrong, "exact"), Reason::CouponMissing);
    assert_eq!(reason(&wrong, "members"), Reason::NotForCustomer);
    let right = shop("gold", " Autumn ").quote(&basket);
    assert_eq!((to_pay(&right), right.coupons[0].valid), (vec![810], true));
}

#[test]
fn a_gift_and_free_delivery_hang_on_a_threshold() {
    let mut gift = promotion(
        "gift",
        Mechanic::Gift {
            sku: "tea".parse().unwrap(),
        },
    );
    gift.terms.minimum = Some(Threshold::Quantity(2));
    let mut free = promotion(
        "free",
        Mechanic::Delivery {
            options: vec!["courier".to_owned()],
            reduction: Reduction::Percent(10_000),
        },
    );
    free.terms.minimum = Some(Threshold::Amount(amount(2_000)));
    let shop = Shop {
        delivery: vec![DeliveryFee {
            id: "courier".to_owned(),
            price_minor: 990,
            rate_bp: Some(2_300),
        }],
        gifts: BTreeMap::from([("tea".parse().unwrap(), 700)]),
        ..Shop::default()
    };
    let promotions = [gift, free];
    let one = shop.quote(&lines(&[("a", 1_000, "1")], &promotions));
    assert!(one.gifts.is_empty());
    assert_eq!(one.totals.to_pay, amount(1_990));
    let two = shop.quote(&lines(&[("a", 1_000, "2")], &promotions));
    assert_eq!(two.gifts[0].worth, Some(amount(700)));
    assert_eq!(two.delivery[0].to_pay, amount(0));
    assert_eq!(two.totals.to_pay, amount(2_000));
}

#[test]
fn conditional_prices_count_the_quantity_over_all_lines() {
    let mut basket = lines(&[("a", 1_000, "3"), ("a", 1_000, "3")], &[]);
    for line in &mut basket {
        line.terms.conditional = vec![ConditionalPrice {
            amount: amount(900),
            condition: Condition::quantity("6".parse().unwrap()),
        }];
    }
    assert_eq!(to_pay(&Shop::default().quote(&basket)), [2_700, 2_700]);
    assert_eq!(to_pay(&Shop::default().quote(&basket[..1])), [3_000]);
}

#[test]
fn weighed_goods_cost_what_the_scale_says() {
    let mut apples = line("apples", 399, "1.25");
    apples.facts.sale_unit = SaleUnit::Kilogram;
    let quote = Shop::default().quote(&[apples.clone()]);
    assert_eq!(to_pay(&quote), [499], "4.9875, half up");
    apples.facts.step = Some("0.1".parse().unwrap());
    let refused = Shop::default().try_quote(&[apples]);
    let words = refused.unwrap_err().to_string();
    assert_eq!(
        words,
        "line 0: quantity 1.25 is not a multiple of the step 0.1"
    );
    let half = Shop::default().try_quote(&[line("a", 1, "0.5")]);
    assert!(half.unwrap_err().to_string().contains("whole number"));
}

#[test]
fn deposits_are_on_top_of_everything() {
    let half = Mechanic::Order {
        reduction: Reduction::Percent(5_000),
    };
    let mut basket = lines(&[("water", 200, "6")], &[promotion("half", half)]);
    basket[0].terms.deposit = Some(amount(50));
    let quote = Shop::default().quote(&basket);
    assert_eq!(quote.totals.deposits, amount(300));
    assert_eq!(quote.totals.to_pay, amount(900));
}

fn mechanics() -> impl Strategy<Value = Mechanic> {
    prop_oneof![
        (2_u32..5, 1_u32..4).prop_map(|(buy, pay)| Mechanic::NForM {
            buy,
            pay: pay.min(buy - 1),
        }),
        (2_u32..5, 1_i64..5_000).prop_map(|(buy, price)| Mechanic::NForPrice {
            buy,
            price: amount(price),
        }),
        (1_u32..3, 1_u32..3, 1_u32..=10_000).prop_map(|(buy, get, percent)| Mechanic::BuyGet {
            buy,
            get,
            percent,
            products: None,
        }),
        (2_u32..5).prop_map(|of| Mechanic::CheapestFree { of }),
        (1_u32..=10_000).prop_map(|percent| Mechanic::Order {
            reduction: Reduction::Percent(percent),
        }),
        (1_i64..9_000).prop_map(|minor| Mechanic::Order {
            reduction: Reduction::Amount(amount(minor)),
        }),
        (1_i64..9_000).prop_map(|minor| Mechanic::Order {
            reduction: Reduction::Price(amount(minor)),
        }),
    ]
}

prop_compose! {
    fn baskets()(
        of in prop::collection::vec((0_usize..4, 1_i64..3_000, 1_u32..8), 1..6),
        mechanics in prop::collection::vec(mechanics(), 0..4),
    ) -> Vec<Line> {
        let promotions: Vec<Promotion> = mechanics
            .into_iter()
            .enumerate()
            .map(|(at, mechanic)| promotion(&format!("p{at}"), mechanic))
            .collect();
        let named: Vec<(String, i64, String)> = of
            .into_iter()
            .enumerate()
            .map(|(at, (_, minor, units))| (format!("s{at}"), minor, units.to_string()))
            .collect();
        let named: Vec<(&str, i64, &str)> =
            named.iter().map(|(sku, minor, units)| (&**sku, *minor, &**units)).collect();
        lines(&named, &promotions)
    }
}

proptest! {
    #[test]
    fn parts_sum_to_the_total(basket in baskets()) {
        let quote = Shop::default().quote(&basket);
        let mut shares: BTreeMap<OfferId, i64> = BTreeMap::new();
        for line in &quote.lines {
            let off: i64 = line.shares.iter().map(|share| share.amount.minor()).sum();
            prop_assert_eq!(line.current.minor() - off, line.to_pay.minor());
            prop_assert!(line.to_pay.minor() >= 0);
            prop_assert_eq!(line.net.minor() + line.tax.minor(), line.gross.minor());
            for share in &line.shares {
                *shares.entry(share.promotion.clone()).or_default() += share.amount.minor();
            }
        }
        for applied in &quote.applied {
            prop_assert_eq!(shares.get(&applied.id).copied().unwrap_or(0), applied.amount.minor());
        }
        let items: i64 = to_pay(&quote).iter().sum();
        prop_assert_eq!(items, quote.totals.items.minor());
        prop_assert_eq!(quote.totals.current.minor() - quote.totals.discount.minor(), items);
        let taxes: i64 = quote.taxes.iter().map(|sum| sum.tax.minor()).sum();
        prop_assert_eq!(taxes, quote.totals.tax.minor());
        let gross: i64 = quote.taxes.iter().map(|sum| sum.gross.minor()).sum();
        prop_assert_eq!(gross, quote.totals.to_pay.minor());
    }

    #[test]
    fn one_line_without_promotions_costs_its_terms(minor in 1_i64..1_000_000, units in 1_u32..100) {
        let quote = Shop::default().quote(&[line("a", minor, &units.to_string())]);
        let expected = minor * i64::from(units);
        prop_assert_eq!(to_pay(&quote), vec![expected]);
        prop_assert_eq!(quote.lines[0].current_unit.minor(), minor);
        prop_assert_eq!(quote.totals.to_pay.minor(), expected);
        prop_assert!(quote.considered.is_empty() && quote.near.is_empty());
    }

    #[test]
    fn the_order_of_lines_does_not_change_the_total(basket in baskets()) {
        let mut turned = basket.clone();
        turned.reverse();
        let (one, other) = (Shop::default().quote(&basket), Shop::default().quote(&turned));
        prop_assert_eq!(one.totals.to_pay, other.totals.to_pay);
    }

    #[test]
    fn promotions_never_make_a_basket_dearer(basket in baskets()) {
        let quote = Shop::default().quote(&basket);
        prop_assert!(quote.totals.items.minor() <= quote.totals.current.minor());
    }
}
