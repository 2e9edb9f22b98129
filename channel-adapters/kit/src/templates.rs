//! Templates: checked before they are registered, and before they go live.
//!
//! The template engine aborts the process on cyclic partials and on nesting of
//! some thousand levels, already while parsing. So the source is scanned
//! first, by rules that are stricter than the engine's grammar: whatever could
//! make scanner and parser disagree (escaped braces, raw blocks, braces inside
//! of string literals) is refused.

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Handlebars, HelperDef, Template as Parsed};
use offercast_contract::{Hash, Template};
use serde::Serialize;

use crate::family::RenderError;

/// The largest source, in bytes.
pub const MAX_SOURCE_BYTES: usize = 64 * 1024;
/// The largest number of `{{…}}` tags.
pub const MAX_TAGS: usize = 1_000;
/// How deep blocks may nest; each `else if` counts as one level.
pub const MAX_DEPTH: usize = 16;
/// How many parentheses and brackets one tag may open.
pub const MAX_NESTING_IN_TAG: usize = 8;

/// The engine's own helpers that templates may use. `log` and `raw` are left
/// out: a template neither writes logs nor brings its own braces.
const BUILT_IN_HELPERS: [&str; 15] = [
    "if", "unless", "each", "with", "lookup", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or",
    "not", "len",
];

/// Makes a helper for one registry.
pub type MakeHelper = fn() -> Box<dyn HelperDef + Send + Sync>;

/// What a family allows in its templates.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Makes a text safe for the format: [`html_escape`], [`json_escape`],
    /// [`no_escape`], or the family's own.
    pub escape: fn(&str) -> String,
    /// Helpers beside the engine's own, by name.
    pub helpers: &'a [(&'static str, MakeHelper)],
}

pub use handlebars::{html_escape, no_escape};

/// Escapes a text for the inside of a JSON string literal. `<`, `>`, `&` and
/// the line separators are written as `\u` escapes, so the JSON may stand in a
/// `<script>` element.
#[must_use]
pub fn json_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{7f}' | '\0'..='\u{1f}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A template, checked and ready.
pub struct Compiled {
    name: String,
    registry: Handlebars<'static>,
}

impl Compiled {
    /// Checks the source and compiles it in strict mode: an unknown variable is
    /// an error when it is rendered. The error names template, line and reason.
    pub fn new(template: &Template, rules: &Rules<'_>) -> Result<Self, RenderError> {
        let refuse = |reason: String| RenderError::Template {
            name: template.name.clone(),
            reason,
        };
        if Hash::of(&[template.source.as_bytes()]) != template.sha256 {
            return Err(refuse("its source does not have the recorded hash".into()));
        }
        scan(&template.source).map_err(refuse)?;
        let parsed = Parsed::compile(&template.source).map_err(|error| {
            let line = error.pos().map_or(0, |(line, _)| line);
            refuse(format!("line {line}: {}", error.reason()))
        })?;
        check_elements(&parsed, rules).map_err(refuse)?;
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.register_escape_fn(rules.escape);
        for (name, make) in rules.helpers {
            registry.register_helper(name, make());
        }
        registry.register_template(&template.name, parsed);
        Ok(Self {
            name: template.name.clone(),
            registry,
        })
    }

    /// Renders the data. The error names template, line and reason.
    pub fn render(&self, data: &impl Serialize) -> Result<String, RenderError> {
        self.registry.render(&self.name, data).map_err(|error| {
            let line = error.line_no.unwrap_or_default();
            RenderError::Template {
                name: self.name.clone(),
                reason: format!("line {line}: {}", error.reason()),
            }
        })
    }
}

/// Checks the source before the engine's recursive parser sees it.
fn scan(source: &str) -> Result<(), String> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(format!(
            "{} bytes are more than {MAX_SOURCE_BYTES}",
            source.len()
        ));
    }
    // For each open block, how many levels it takes: itself and its else-ifs.
    let mut blocks: Vec<usize> = Vec::new();
    let mut tags = 0;
    let mut rest = source;
    while let Some(start) = rest.find("{{") {
        let line = 1 + source[..source.len() - rest.len() + start]
            .matches('\n')
            .count();
        let at_line = |reason: String| format!("line {line}: {reason}");
        if rest[..start].ends_with('\\') {
            return Err(at_line("escaped braces are not supported".into()));
        }
        let (body, after) = tag(&rest[start + 2..]).map_err(|reason| at_line(reason.into()))?;
        rest = after;
        tags += 1;
        if tags > MAX_TAGS {
            return Err(at_line(format!("more than {MAX_TAGS} tags")));
        }
        if let Some(body) = body {
            check_tag(body, &mut blocks).map_err(at_line)?;
        }
    }
    Ok(())
}

/// Splits off the tag that begins before `text`: its body, or none for a
/// comment, and what follows it.
fn tag(text: &str) -> Result<(Option<&str>, &str), &'static str> {
    if let Some(comment) = text.strip_prefix("!--") {
        let end = comment.find("--}}").ok_or("a comment is not closed")?;
        return Ok((None, &comment[end + 4..]));
    }
    let end = text.find("}}").ok_or("a tag is not closed")?;
    let (body, mut after) = (&text[..end], &text[end + 2..]);
    if body.starts_with('!') {
        return Ok((None, after));
    }
    if body.starts_with("{{") {
        return Err("raw blocks are not allowed");
    }
    let body = match body.strip_prefix('{') {
        Some(unescaped) => {
            after = after.strip_prefix('}').ok_or("a {{{ tag must end in }}}")?;
            unescaped
        }
        None => body,
    };
    if body.contains(['{', '}', '\\', '`']) {
        return Err("braces and backslashes are not allowed inside of a tag");
    }
    if body.matches('"').count() % 2 == 1 || body.matches('\'').count() % 2 == 1 {
        return Err("a tag must close the quotes it opens");
    }
    Ok((Some(body), after))
}

fn check_tag(body: &str, blocks: &mut Vec<usize>) -> Result<(), String> {
    let body = body.trim_start_matches('~').trim_start();
    if body.matches(['(', '[']).count() > MAX_NESTING_IN_TAG {
        return Err(format!(
            "a tag opens more than {MAX_NESTING_IN_TAG} parentheses or brackets"
        ));
    }
    let kind = body.trim_start_matches('#').trim_start();
    if kind.starts_with('>') {
        return Err("partials are not allowed".into());
    }
    if kind.starts_with('*') {
        return Err("decorators are not allowed".into());
    }
    if body.starts_with('#') {
        blocks.push(1);
    } else if body.starts_with('/') {
        blocks.pop();
    } else if (body.starts_with("else") || body.starts_with('^'))
        && let Some(levels) = blocks.last_mut()
    {
        *levels += 1;
    }
    if blocks.iter().sum::<usize>() > MAX_DEPTH {
        return Err(format!("blocks nest deeper than {MAX_DEPTH} levels"));
    }
    Ok(())
}

/// Walks the syntax tree: no partials, no decorators, no unknown helpers.
fn check_elements(parsed: &Parsed, rules: &Rules<'_>) -> Result<(), String> {
    for (index, element) in parsed.elements.iter().enumerate() {
        let line = parsed.mapping.get(index).map_or(0, |mapping| mapping.0);
        check_element(element, rules).map_err(|reason| {
            if reason.starts_with("line ") {
                reason
            } else {
                format!("line {line}: {reason}")
            }
        })?;
    }
    Ok(())
}

fn check_element(element: &TemplateElement, rules: &Rules<'_>) -> Result<(), String> {
    match element {
        TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(()),
        TemplateElement::Expression(helper)
        | TemplateElement::HtmlExpression(helper)
        | TemplateElement::HelperBlock(helper) => check_helper(helper, rules),
        TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
            Err("partials are not allowed".into())
        }
        TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
            Err("decorators are not allowed".into())
        }
        _ => Err("an element of an unknown kind".into()),
    }
}

fn check_helper(helper: &HelperTemplate, rules: &Rules<'_>) -> Result<(), String> {
    let is_call = helper.block || !helper.params.is_empty() || !helper.hash.is_empty();
    if is_call {
        let name = helper.name.as_name().unwrap_or_default();
        let known = BUILT_IN_HELPERS.contains(&name)
            || rules.helpers.iter().any(|(allowed, _)| *allowed == name);
        if !known {
            return Err(format!("there is no helper {name:?}"));
        }
    } else if let Parameter::Subexpression(inner) = &helper.name {
        check_element(inner.as_element(), rules)?;
    }
    for parameter in helper.params.iter().chain(helper.hash.values()) {
        if let Parameter::Subexpression(inner) = parameter {
            check_element(inner.as_element(), rules)?;
        }
    }
    for branch in [&helper.template, &helper.inverse].into_iter().flatten() {
        check_elements(branch, rules)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules<'static> = Rules {
        escape: html_escape,
        helpers: &[],
    };

    fn refusal(source: &str) -> String {
        match Compiled::new(&Template::new("t.hbs", source), &RULES) {
            Ok(_) => String::from("accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn dangerous_templates_are_refused_with_line_and_reason() {
        for (source, reason) in [
            ("a\n{{> t.hbs}}", "line 2: partials"),
            ("{{#> x}}{{/x}}", "partials"),
            ("{{#*inline \"a\"}}{{/inline}}", "decorators"),
            ("{{* x}}", "decorators"),
            ("{{{{raw}}}}{{{{/raw}}}}", "raw blocks"),
            ("{{x", "not closed"),
            ("{{#if x}}", "line"),
            ("{{frobnicate x}}", "no helper \"frobnicate\""),
            ("{{#frobnicate}}{{/frobnicate}}", "no helper"),
            ("{{#if (frobnicate x)}}{{/if}}", "no helper"),
            ("{{log x}}", "no helper"),
            ("\\{{!-- {{((((}} --}}", "escaped braces"),
            ("{{x \"}}\" ((((}}", "close the quotes"),
        ] {
            let refused = refusal(source);
            assert!(
                refused.contains("t.hbs") && refused.contains(reason),
                "{source}: {refused}"
            );
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_parsing_it() {
        let blocks = "{{#if x}}".repeat(4_000) + &"{{/if}}".repeat(4_000);
        assert!(refusal(&blocks).contains("nest deeper"));
        let chain = "{{#if x}}".to_owned() + &"{{else if y}}".repeat(900) + "{{/if}}";
        assert!(refusal(&chain).contains("nest deeper"));
        let parentheses = format!("{{{{x {}1{}}}}}", "(".repeat(5_000), ")".repeat(5_000));
        assert!(refusal(&parentheses).contains("parentheses"));
        assert!(refusal(&" ".repeat(MAX_SOURCE_BYTES + 1)).contains("bytes"));
        assert!(refusal(&"{{x}}".repeat(MAX_TAGS + 1)).contains("tags"));
    }

    #[test]
    fn good_templates_render_strictly() {
        let source = "{{!-- a price --}}{{#if (eq a \"<\")}}{{a}}|{{{a}}}{{else}}no{{/if}}";
        let compiled = Compiled::new(&Template::new("t.hbs", source), &RULES).unwrap();
        let data = serde_json::json!({"a": "<"});
        assert_eq!(compiled.render(&data).unwrap(), "&lt;|<");
        let missing = Compiled::new(&Template::new("t.hbs", "\n{{b}}"), &RULES).unwrap();
        let error = missing.render(&data).unwrap_err().to_string();
        assert!(
            error.contains("t.hbs") && error.contains("line 2"),
            "{error}"
        );
    }

    #[test]
    fn a_changed_source_is_noticed() {
        let mut template = Template::new("t.hbs", "{{a}}");
        template.source.push(' ');
        assert!(Compiled::new(&template, &RULES).is_err());
    }

    #[test]
    fn json_stays_json() {
        let text = "a\"b\\c\n</script>\u{2028}\u{1}\u{7f}ж🧀";
        let json = format!("\"{}\"", json_escape(text));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        assert!(!json.contains('<'));
    }
}
