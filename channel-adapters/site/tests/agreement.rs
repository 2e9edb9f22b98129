//! The three ways of reading must agree: each way is falsified alone, and the
//! reading must name what differs.

#![allow(clippy::unwrap_used)]

use offercast_contract::{Channel, Field};
use offercast_kit::samples::{self, Sample};
use offercast_kit::{Artefact, Family, Shown};
use offercast_site::{Site, default_template};

fn everything() -> Sample {
    let mut samples = samples::samples().unwrap().into_iter();
    samples.find(|s| s.name == "everything at once").unwrap()
}

fn channel(locale: &str) -> Channel {
    samples::channel(&Site::new(), &default_template(), locale).unwrap()
}

fn rendered(channel: &Channel, sample: &Sample) -> String {
    let renderer = Site::new().compile(&channel.template).unwrap();
    let artefact = renderer.render(&shown(channel, sample)).unwrap();
    String::from_utf8(artefact.body).unwrap()
}

fn shown<'a>(channel: &'a Channel, sample: &'a Sample) -> Shown<'a> {
    Shown {
        channel,
        view: &channel.views[0],
        sku: &sample.sku,
        facts: &sample.facts,
        terms: &sample.terms,
        until: sample.until,
    }
}

fn refusal(channel: &Channel, html: &str) -> String {
    let artefact = Artefact {
        body: html.as_bytes().to_vec(),
    };
    match Site::new().read_back(channel, &channel.views[0], &artefact) {
        Ok(reading) => format!("read: {reading:?}"),
        Err(error) => error.to_string(),
    }
}

/// Order conditions and warnings, falsified one way at a time.
#[test]
fn what_the_order_and_the_law_add_is_read_three_ways() {
    let channel = channel("en");
    let mut samples = samples::samples().unwrap().into_iter();
    let mut sample = samples.find(|s| s.name == "order conditions").unwrap();
    sample.terms.warnings = vec![samples::warning("health", ["Beware", "б", "u"]).unwrap()];
    let html = rendered(&channel, &sample);
    assert!(refusal(&channel, &html).starts_with("read:"), "{html}");
    for (from, to, reason) in [
        (
            "Delivery €4.99",
            "Delivery €3.99",
            "order.delivery_fee: the text",
        ),
        (
            "free from €50.00",
            "free from €40.00",
            "order.delivery_fee: the text",
        ),
        (
            "Minimum order €20.00",
            "Minimum order €2.00",
            "order.minimum_order: the text",
        ),
        (
            "Payment: card, cash",
            "Payment: card",
            "order.payment: the text",
        ),
        (
            "Returns (days): 14",
            "Returns (days): 30",
            "order.returns: the text",
        ),
        (">Beware<", ">Enjoy<", "warning.health: the text"),
        (
            "value=\"4.99 free",
            "value=\"3.99 free",
            "order.delivery_fee: the text",
        ),
        ("\"value\":\"4.99\"", "\"value\":\"0.00\"", "order: JSON-LD"),
        (
            "\"minPrice\":\"20.00\"",
            "\"minPrice\":\"2.00\"",
            "order: JSON-LD",
        ),
        (
            "\"merchantReturnDays\":14",
            "\"merchantReturnDays\":30",
            "order: JSON-LD",
        ),
        (
            "MerchantReturnFiniteReturnWindow",
            "MerchantReturnNotPermitted",
            "order.returns",
        ),
    ] {
        assert!(html.contains(from), "{from} is not in {html}");
        let refused = refusal(&channel, &html.replacen(from, to, 1));
        assert!(refused.contains(reason), "{from} -> {to}: {refused}");
    }
    // Above the threshold the item alone is delivered free.
    sample.terms.price = "50.00".parse().unwrap();
    let dear = rendered(&channel, &sample);
    assert!(dear.contains(
        "\"shippingRate\":{\"@type\":\"MonetaryAmount\",\"currency\":\"EUR\",\"value\":\"0.00\"}"
    ));
    assert!(refusal(&channel, &dear).starts_with("read:"), "{dear}");
}

#[test]
fn one_falsified_way_is_noticed_and_named() {
    let channel = channel("en");
    let html = rendered(&channel, &everything());
    for (from, to, reason) in [
        // The text alone.
        (">€399.90<", ">€389.90<", "price: the text"),
        (">€399.90<", ">$399.90<", "price: \"$399.90\" is in USD"),
        (">€399.90<", ">€399.9<", "price:"),
        (">€399.90<", "><s>€399.90</s><", "price: the text is struck"),
        (
            "<s class=\"oc-amount\">€499.90</s>",
            "€499.90",
            "regular: the text is not struck",
        ),
        ("Lowest price in 30 days", "Regular price", "prior:"),
        (
            "Member price (gold)",
            "Member price (silver)",
            "conditional.audience:gold:",
        ),
        (
            "From 6\u{a0}pcs",
            "From 5\u{a0}pcs",
            "conditional.quantity:6:",
        ),
        ("/kg", "/l", "unit_price:"),
        ("incl. 22% VAT", "plus 22% VAT", "tax:"),
        (">−11%<", ">−12%<", "reduction:"),
        (">until 30 Nov 2026", ">until 1 Dec 2026", "until:"),
        ("per piece", "per kg", "sale_unit:"),
        (">Summer -20 %<", ">Summer -30 %<", "offer.summer:"),
        // The attributes alone.
        ("value=\"399.90\"", "value=\"389.90\"", "price:"),
        ("data-sku=\"S-2.0_a\"", "data-sku=\"S-2\"", "sku:"),
        (
            "data-currency=\"EUR\"",
            "data-currency=\"USD\"",
            "is in EUR",
        ),
        (
            "datetime=\"2026-11-30T1",
            "datetime=\"2026-11-29T1",
            "until:",
        ),
        (">3 for 2<", ">4 for 2<", "promotion.trio:"),
        (">3 for 2<", ">3 for 2, from €5.00<", "promotion.trio:"),
        ("\"n_for_m 3 2 ", "\"n_for_m 3 1 ", "promotion.trio:"),
        (">trio<", ">duo<", "promotion.trio:"),
        // The JSON-LD alone.
        (
            "\"price\":\"399.90\",\"priceCurrency\":\"EUR\",\"priceS",
            "\"price\":\"389.90\",\"priceCurrency\":\"EUR\",\"priceS",
            "price: the Offer",
        ),
        (
            "\"price\":\"499.90\"",
            "\"price\":\"599.90\"",
            "regular: JSON-LD",
        ),
        ("StrikethroughPrice", "ListPrice", "several kinds"),
        ("\"name\":\"gold\"", "\"name\":\"silver\"", "JSON-LD"),
        ("\"minValue\":\"6\"", "\"minValue\":\"5\"", "JSON-LD"),
        (
            "\"valueAddedTaxIncluded\":true",
            "\"valueAddedTaxIncluded\":false",
            "tax: JSON-LD",
        ),
        (
            "\"validThrough\":\"2026",
            "\"validThrough\":\"2027",
            "until: JSON-LD",
        ),
        (
            "\"priceValidUntil\":\"2026-11-30\"",
            "\"priceValidUntil\":\"2026-12-01\"",
            "until: priceValidUntil says \"2026-12-01\"",
        ),
        (
            "\"priceValidUntil\":\"2026-11-30\"",
            "\"priceValidUntil\":\"soon\"",
            "until: priceValidUntil",
        ),
        (",\"priceValidUntil\":\"2026-11-30\"", "", "go together"),
        (
            "\"unitCode\":\"KGM\",\"value\":\"1\"",
            "\"unitCode\":\"LTR\",\"value\":\"1\"",
            "unit_price: JSON-LD",
        ),
        ("\"priceCurrency\"", "\"priceCurrencies\"", "unknown field"),
        // Surplus and hidden things.
        (
            "</article>",
            "<p>Now only €9.99!</p></article>",
            "outside of any claim",
        ),
        (
            "</article>",
            "<p>-50 %</p></article>",
            "outside of any claim",
        ),
        ("</article>", "</article><p>x</p>", "outside of the article"),
        ("class=\"oc-price\"", "class=\"oc-price\" hidden", "hides"),
        ("class=\"oc-prices\"", "style=\"display:none\"", "hides"),
        (
            "</article>",
            "<script>x()</script></article>",
            "not JSON-LD",
        ),
        (
            "<p class=\"oc-prices\">",
            "<p class=\"oc-prices\"><data data-claim=\"price\" value=\"399.90\">€399.90</data>",
            "claimed twice",
        ),
    ] {
        let falsified = html.replacen(from, to, 1);
        assert_ne!(html, falsified, "{from:?} does not occur in {html}");
        let refused = refusal(&channel, &falsified);
        let unreadable = refused.starts_with("unreadable: ") && refused.contains(reason);
        assert!(unreadable, "{from:?} -> {to:?}: {refused}");
    }
}

#[test]
fn what_may_be_hidden_is_refused() {
    let channel = channel("en");
    let html = rendered(&channel, &everything());
    let price = "<data class=\"oc-price\" data-claim=\"price\" value=\"399.90\">€399.90</data>";
    assert!(html.contains(price), "{html}");
    let elements = [
        "audio", "button", "canvas", "center", "datalist", "details", "dialog", "font", "iframe",
        "math", "meter", "noembed", "noframes", "noscript", "object", "oc-price", "optgroup",
        "option", "output", "progress", "select", "slot", "style", "svg", "template", "textarea",
        "title", "video", "xmp",
    ];
    for element in elements {
        let wrapped = format!("<{element}>{price}</{element}>");
        let refused = refusal(&channel, &html.replacen(price, &wrapped, 1));
        let named = refused.contains(&format!("<{element}> hides"))
            // The parser itself knows nothing inside of some, so the claim is
            // gone; or it is the first letter of the claim that is missing.
            || refused.starts_with("unreadable");
        assert!(named, "{element}: {refused}");
    }
    for attribute in [
        "hidden",
        "hidden=\"until-found\"",
        "HIDDEN",
        "inert",
        "popover",
        "aria-hidden=\"true\"",
        "style=\"display:none\"",
        "style=\"color:#fff\"",
    ] {
        for (from, to) in [
            (
                "<p class=\"oc-prices\"",
                format!("<p {attribute} class=\"oc-prices\""),
            ),
            (
                "<data class=\"oc-price\"",
                format!("<data {attribute} class=\"oc-price\""),
            ),
            ("<article ", format!("<article {attribute} ")),
        ] {
            let refused = refusal(&channel, &html.replacen(from, &to, 1));
            assert!(refused.contains("hides"), "{attribute}: {refused}");
        }
    }
}

#[test]
fn an_amount_in_pieces_is_an_amount() {
    let channel = channel("en");
    let html = rendered(&channel, &everything());
    for surplus in [
        "<p>€<b>9</b><sup>.99</sup></p>",
        "<p><span>9</span><span>.</span><span>99</span> <i>EUR</i></p>",
        "<p>€</p><p>9.99</p>",
        "<ul><li>9</li><li>.99</li><li>€</li></ul>",
        "<p>−<b>50</b>%</p>",
        "<p>−</p><p>50</p><p>%</p>",
        "<img src=\"x.png\" alt=\"Now €9.99\">",
        "<p title=\"only €9.99\">Special</p>",
        "<p aria-label=\"nine, €9.00\">Special</p>",
    ] {
        for before in ["<p class=\"oc-prices\">", "<script"] {
            let added = html.replacen(before, &format!("{surplus}{before}"), 1);
            let refused = refusal(&channel, &added);
            assert!(
                refused.contains("outside of any claim"),
                "{surplus}: {refused}"
            );
        }
    }
    // What touches a claim is read with it.
    for (from, to) in [
        (
            "<data class=\"oc-price\"",
            "<b>-</b><data class=\"oc-price\"",
        ),
        ("€399.90</data>", "€399.90</data>0"),
        ("€399.90</data>", "€399.90</data><sup>99</sup>"),
    ] {
        let refused = refusal(&channel, &html.replacen(from, to, 1));
        assert!(refused.contains("run together"), "{to}: {refused}");
    }
    let turned = html.replacen("€399.90<", "\u{202e}€399.90<", 1);
    assert!(refusal(&channel, &turned).contains("direction"));
    // Plain words and figures stay what they are.
    for harmless in [
        "<p>Open <b>24</b> hours</p>",
        "<p>3</p><p>for your family</p>",
        "<ol><li>1</li><li>2</li></ol>",
    ] {
        let added = html.replacen("<script", &format!("{harmless}<script"), 1);
        let reading = refusal(&channel, &added);
        assert!(reading.starts_with("read: "), "{harmless}: {reading}");
    }
}

#[test]
fn a_script_cannot_be_closed_by_a_name() {
    let channel = channel("en");
    let mut sample = everything();
    for content in sample.facts.content.values_mut() {
        content.name = "</script><script>alert(1)</script><!-- & \u{2028}".to_owned();
    }
    let html = rendered(&channel, &sample);
    assert_eq!(html.matches("<script").count(), 1, "{html}");
    assert_eq!(html.matches("</script").count(), 1, "{html}");
    assert!(!html.contains("<!--"), "{html}");
    assert!(refusal(&channel, &html).contains("alert(1)"));
}

#[test]
fn declared_omissions_are_neither_shown_nor_linked() {
    let omitted = [
        Field::Name,
        Field::Regular,
        Field::Prior,
        Field::Reduction,
        Field::Reference,
        Field::UnitPrice,
        Field::Offer,
        Field::Until,
    ];
    for locale in ["en", "ru", "pl", "hr", "de", "cs"] {
        let mut channel = channel(locale);
        channel.projection.omits.extend(omitted);
        let sample = everything();
        let html = rendered(&channel, &sample);
        let reading = refusal(&channel, &html);
        for field in omitted {
            assert!(!reading.contains(&format!("{field}: ")), "{reading}");
        }
        assert!(reading.contains("deposit: \"0.25\""), "{reading}");
        assert!(!html.contains("Strikethrough") && !html.contains("validThrough"));
    }
}

#[test]
fn every_supported_language_is_read_back() {
    for locale in [
        "en-GB", "en-US", "ru-RU", "pl-PL", "hr-HR", "de-AT", "fr", "cs", "lt", "th",
    ] {
        let channel = channel(locale);
        let renderer = Site::new().compile(&channel.template).unwrap();
        for sample in samples::samples().unwrap() {
            let artefact = renderer.render(&shown(&channel, &sample)).unwrap();
            let html = String::from_utf8(artefact.body).unwrap();
            let reading = refusal(&channel, &html);
            let price = format!("price: \"{}\"", sample.terms.price);
            assert!(
                reading.contains(&price),
                "{locale} {}: {reading}",
                sample.name
            );
        }
    }
}

#[test]
fn what_the_site_always_shows_cannot_be_implied() {
    let mut channel = channel("en");
    let implied = &mut channel.projection.implied;
    implied.insert(Field::Currency, "the shop has one".to_owned());
    let sample = everything();
    let renderer = Site::new().compile(&channel.template).unwrap();
    let error = renderer.render(&shown(&channel, &sample)).unwrap_err();
    assert!(error.to_string().contains("currency"), "{error}");
}

proptest::proptest! {
    #[test]
    fn nothing_makes_the_reader_panic(cut in 0_usize..3_500, junk in "[<>a-z/\"= &;%€0-9{}-]{0,20}") {
        let channel = channel("en");
        let mut html = rendered_once().to_owned();
        let at = (0..=cut.min(html.len())).rev().find(|at| html.is_char_boundary(*at));
        html.insert_str(at.unwrap_or_default(), &junk);
        refusal(&channel, &html);
    }
}

fn rendered_once() -> &'static str {
    static HTML: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HTML.get_or_init(|| rendered(&channel("en"), &everything()))
}
