//! The words of the pages, in three languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use offercast_contract::Locale;

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    En,
    Ru,
    Pl,
}

type Table = BTreeMap<String, String>;

static TABLES: LazyLock<[Table; 3]> = LazyLock::new(|| {
    [
        include_str!("../../../templates/ui/locales/en.json"),
        include_str!("../../../templates/ui/locales/ru.json"),
        include_str!("../../../templates/ui/locales/pl.json"),
    ]
    // A test makes sure that all three parse and have the same keys.
    .map(|json| serde_json::from_str(json).unwrap_or_default())
});

impl Lang {
    pub(super) const ALL: [Self; 3] = [Self::En, Self::Ru, Self::Pl];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::Pl => "pl",
        }
    }

    /// The language's own name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Ru => "Русский",
            Self::Pl => "Polski",
        }
    }

    pub(super) fn locale(self) -> Option<Locale> {
        Locale::parse(self.code()).ok()
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|lang| primary.eq_ignore_ascii_case(lang.code()))
    }

    /// The best of an `Accept-Language` header; English where none fits.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (0_u32, Self::En);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let lang = parts.next().and_then(Self::parse);
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1000, permille);
            if let Some(lang) = lang
                && quality > best.0
            {
                best = (quality, lang);
            }
        }
        best.1
    }

    pub(super) fn table(self) -> &'static BTreeMap<String, String> {
        &TABLES[self as usize]
    }

    /// The words of a key. An unknown key is shown as such, in brackets that
    /// tests look for.
    pub(super) fn t(self, key: &str) -> String {
        self.table()
            .get(key)
            .cloned()
            .unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    /// The words of a key with `{name}`s filled in.
    pub(super) fn fill(self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.t(key);
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// `0.8` in thousandths; a quality that is none counts as refused.
fn permille(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    format!("{whole}{digits}").parse().unwrap_or(0)
}
