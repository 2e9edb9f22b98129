//! What a browser shows of an element, whatever the shop's style sheet says.
//!
//! Elements are shown that are named here, and no others: HTML has a dozen ways
//! to hide text (`template`, `noscript`, a closed `details`, the fallback of a
//! `canvas` …), and each list of them has been incomplete. What is not known to
//! be shown is refused.

use scraper::node::Element;

/// Where text in an element stands.
pub(super) enum Place {
    /// In the line that is under way.
    Line,
    /// On its own.
    Block,
}

const IN_A_LINE: [&str; 28] = [
    "a", "abbr", "b", "bdi", "cite", "code", "data", "del", "dfn", "em", "i", "img", "ins", "kbd",
    "label", "mark", "picture", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time",
    "u", "var",
];

const BLOCKS: [&str; 37] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "caption",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "source",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
];

/// Attributes that take an element away from those who look, or from those who
/// listen. A style of the element's own may do anything.
const HIDING: [&str; 5] = ["aria-hidden", "hidden", "inert", "popover", "style"];

/// Attributes that are read out, or shown when a pointer rests on the element
/// or its picture is missing.
const SPOKEN: [&str; 5] = [
    "alt",
    "aria-description",
    "aria-label",
    "aria-roledescription",
    "title",
];

/// Where the element's text stands; the error says what hides it. Not only this
/// fragment's own elements: a shop's template may use any that is shown.
pub(super) fn place(element: &Element) -> Result<Place, String> {
    let name = element.name();
    let attribute = HIDING
        .iter()
        .find(|attribute| element.attr(attribute).is_some());
    if let Some(attribute) = attribute {
        return Err(format!("<{name} {attribute}> hides what it contains"));
    }
    if IN_A_LINE.contains(&name) {
        Ok(Place::Line)
    } else if BLOCKS.contains(&name) || ["thead", "tfoot"].contains(&name) {
        Ok(Place::Block)
    } else {
        Err(format!("<{name}> hides what it contains, or may"))
    }
}

/// What the element says beside its text.
pub(super) fn spoken(element: &Element) -> impl Iterator<Item = &str> {
    SPOKEN.iter().filter_map(|name| element.attr(name))
}
