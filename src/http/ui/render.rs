//! Templates into pages.

use std::sync::LazyLock;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason,
};
use serde_json::Value;

use super::words::Lang;
use crate::problem::Problem;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        pub(super) const TEMPLATES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../templates/ui/", $name, ".hbs")))),*];
    };
}

templates![
    "banners",
    "board",
    "draft",
    "edit_place",
    "edit_rest",
    "error",
    "headline",
    "ladder",
    "layout",
    "login",
    "preview",
    "product",
    "products",
    "verify",
    "version",
    "versions",
];

static REGISTRIES: LazyLock<Result<[Handlebars<'static>; 3], String>> = LazyLock::new(|| {
    let [en, ru, pl] = Lang::ALL.map(registry);
    Ok([en?, ru?, pl?])
});

#[derive(Debug, thiserror::Error)]
#[error("templates of the pages: {0}")]
struct TemplateFault(String);

fn registry(lang: Lang) -> Result<Handlebars<'static>, String> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    for (name, source) in TEMPLATES {
        registry
            .register_template_string(name, source)
            .map_err(|error| format!("{name}: {error}"))?;
    }
    registry.register_helper("t", Box::new(Translate(lang)));
    registry.register_helper("icon_of", Box::new(icon_of));
    Ok(registry)
}

/// A template with its data, as HTML.
pub(super) fn render(lang: Lang, template: &str, data: &Value) -> Result<String, Problem> {
    let fault = |text: String| Problem::internal(&TemplateFault(text));
    let registries = REGISTRIES.as_ref().map_err(|error| fault(error.clone()))?;
    registries[lang as usize]
        .render(template, data)
        .map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
pub(super) fn fault_of(lang: Lang, template: &str, data: &Value) -> Option<String> {
    let registries = REGISTRIES.as_ref();
    registries.map_or_else(
        |error| Some(error.clone()),
        |all| {
            all[lang as usize]
                .render(template, data)
                .err()
                .map(|error| error.to_string())
        },
    )
}

/// `{{t "key" "more" name=value}}`: the words of the key that the parameters
/// make together, with their gaps filled. An unknown key is an error.
struct Translate(Lang);

impl HelperDef for Translate {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let key: String = helper
            .params()
            .iter()
            .map(|part| part.value().as_str().unwrap_or_default())
            .collect();
        let mut text = self
            .0
            .table()
            .get(&key)
            .cloned()
            .ok_or_else(|| RenderErrorReason::Other(format!("no words for {key:?}")))?;
        for (name, value) in helper.hash() {
            let value = match value.value() {
                Value::String(value) => value.clone(),
                other => other.to_string(),
            };
            text = text.replace(&format!("{{{name}}}"), &value);
        }
        out.write(&registry.get_escape_fn()(&text))?;
        Ok(())
    }
}

fn icon_of(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let name = helper
        .param(0)
        .and_then(|name| name.value().as_str())
        .unwrap_or_default();
    let path = match name {
        "ok" => "M4 10.5l4 4 8-9",
        "arrow" => "M3 10h13M11 5l5 5-5 5",
        "warn" => "M10 3L2 17h16zM10 8v4M10 14.2v.6",
        "bad" => "M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15zM7 7l6 6M13 7l-6 6",
        "off" => "M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15zM6.5 10h7",
        "pause" => "M7 4v12M13 4v12",
        "dash" => "M5 10h10",
        "copy" => "M7 7h9v9H7zM4 13V4h9",
        "note" => "M4 4h12v9l-4 4H4zM7 8h6M7 11h4",
        "person" => {
            "M10 3a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 10 3zM3.5 17c.6-3.6 3-5.2 6.5-5.2s5.9 1.600 6.500 5.200"
        }
        "tag" => "M3 3h7l7 7-7 7-7-7zM6.500 6.500h.1",
        "eye-off" => "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM3 17L17 3",
        other => return Err(RenderErrorReason::Other(format!("no icon {other:?}")).into()),
    };
    out.write(&format!(
        "<svg class=\"icon\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>"
    ))?;
    Ok(())
}
