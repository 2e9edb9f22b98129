//! One pass over the parsed HTML: claims, JSON-LD, and the text around them.

use ego_tree::iter::Edge;
use offercast_kit::Unreadable;
use scraper::node::Element;
use scraper::{Html, Node};

use super::loose::Loose;
use super::shown::{self, Place};
use super::{ShownClaim, unreadable};

/// The parts of a fragment.
pub(super) struct Fragment {
    pub(super) sku: String,
    pub(super) currency: String,
    pub(super) claims: Vec<ShownClaim>,
    pub(super) json_ld: String,
    /// Text outside of claims, each as long as it reads as one: what elements
    /// in a line put together is together, and so are bare figures and signs
    /// that follow each other in several blocks.
    pub(super) loose: Vec<String>,
}

impl Fragment {
    /// Takes a fragment apart: exactly one article, everything else inside of
    /// it, nothing hidden.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        let html = Html::parse_fragment(text);
        let mut walk = Walk::default();
        for edge in html.tree.root().traverse() {
            match edge {
                Edge::Open(node) => match node.value() {
                    Node::Element(element) => walk.open(element)?,
                    Node::Text(text) => walk.text(text)?,
                    _ => {}
                },
                Edge::Close(node) => {
                    if let Node::Element(element) = node.value() {
                        walk.close(element);
                    }
                }
            }
        }
        walk.finish()
    }
}

/// The state of the pass.
#[derive(Default)]
struct Walk {
    article: Option<(String, String)>,
    in_article: bool,
    /// The claim that is open, and its element's name.
    open_claim: Option<ShownClaim>,
    in_script: bool,
    struck: usize,
    claims: Vec<ShownClaim>,
    json_ld: Option<String>,
    loose: Loose,
}

impl Walk {
    fn open(&mut self, element: &Element) -> Result<(), Unreadable> {
        let name = element.name();
        if name == "html" {
            return Ok(()); // The parser's own root.
        }
        match shown::place(element).map_err(unreadable)? {
            Place::Line => {}
            Place::Block => self.loose.block(),
        }
        for text in shown::spoken(element) {
            self.loose.aside(text);
        }
        match name {
            "article" => return self.open_article(element),
            _ if !self.in_article => {
                return Err(unreadable(format!("<{name}> outside of the article")));
            }
            "script" => return self.open_script(element),
            "s" | "del" => self.struck += 1,
            _ => {}
        }
        match element.attr("data-claim") {
            Some(key) => self.open_claim(element, key),
            None => Ok(()),
        }
    }

    fn open_article(&mut self, element: &Element) -> Result<(), Unreadable> {
        let attribute = |name: &str| {
            let value = element.attr(name).map(str::to_owned);
            value.ok_or_else(|| unreadable(format!("the article has no {name}")))
        };
        if self.article.is_some() {
            return Err(unreadable("more than one article"));
        }
        self.article = Some((attribute("data-sku")?, attribute("data-currency")?));
        self.in_article = true;
        Ok(())
    }

    fn open_script(&mut self, element: &Element) -> Result<(), Unreadable> {
        if element.attr("type") != Some("application/ld+json") {
            return Err(unreadable("a script that is not JSON-LD"));
        }
        if self.json_ld.is_some() || self.open_claim.is_some() {
            return Err(unreadable("a surplus JSON-LD script"));
        }
        self.in_script = true;
        self.json_ld = Some(String::new());
        Ok(())
    }

    fn open_claim(&mut self, element: &Element, key: &str) -> Result<(), Unreadable> {
        if self.open_claim.is_some() {
            return Err(unreadable(format!("{key}: a claim inside of a claim")));
        }
        let attribute = match element.name() {
            "data" => "value",
            "time" => "datetime",
            name => {
                return Err(unreadable(format!(
                    "{key}: <{name}> has no machine-readable value"
                )));
            }
        };
        let value = element
            .attr(attribute)
            .ok_or_else(|| unreadable(format!("{key}: no attribute {attribute}")))?;
        self.open_claim = Some(ShownClaim {
            key: key
                .parse()
                .map_err(|error| unreadable(format!("data-claim: {error}")))?,
            value: value.to_owned(),
            text: String::new(),
            struck: self.struck > 0,
        });
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Unreadable> {
        if self.in_script {
            if let Some(json) = &mut self.json_ld {
                json.push_str(text);
            }
            return Ok(());
        }
        if !self.in_article && !text.trim().is_empty() {
            return Err(unreadable("text outside of the article"));
        }
        match &mut self.open_claim {
            Some(claim) => {
                claim.text.push_str(text);
                claim.struck |= self.struck > 0;
                self.loose.claimed(self.claims.len(), text)
            }
            None => self.loose.text(text),
        }
        .map_err(unreadable)
    }

    fn close(&mut self, element: &Element) {
        if let Ok(Place::Block) = shown::place(element) {
            self.loose.block();
        }
        match element.name() {
            "article" => self.in_article = false,
            "script" => self.in_script = false,
            "s" | "del" => self.struck -= 1,
            _ => {}
        }
        if element.attr("data-claim").is_some()
            && let Some(mut claim) = self.open_claim.take()
        {
            claim.text = one_space(&claim.text);
            self.claims.push(claim);
        }
    }

    fn finish(self) -> Result<Fragment, Unreadable> {
        let (sku, currency) = self.article.ok_or_else(|| unreadable("no article"))?;
        let json_ld = self.json_ld.ok_or_else(|| unreadable("no JSON-LD"))?;
        Ok(Fragment {
            sku,
            currency,
            claims: self.claims,
            json_ld,
            loose: self.loose.finish(),
        })
    }
}

/// White space as HTML shows it: runs are one space, none at the ends. Spaces
/// that do not break stay what they are.
pub(super) fn one_space(text: &str) -> String {
    let words = text.split([' ', '\t', '\n', '\r', '\u{c}']);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
