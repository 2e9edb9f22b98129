//! Where settings come from, and their defaults.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{Config, ConfigError};

const DEFAULTS: &str = r#"
data_dir = "data"
server_url = "http://127.0.0.1:8080"
tokens = []

[adapters]

[broker]
namespace = ""
url = "embedded"

[http]
listen = "127.0.0.1:8080"
max_age_s = 5
public_reads = true

[logging]
filter = "info,lapin=off,actix_server=warn"
format = "text"

[relay]
beat_ms = 2000
lease_ms = 30000
poll_ms = 200
"#;

const PREFIX: &str = "OFFERCAST_";
pub(super) const ENVIRONMENT: &str = "the environment";
pub(super) const FLAGS: &str = "the command line";

/// What [`Config::load`] reads, besides its defaults.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    environment: Vec<(String, String)>,
    file: Option<PathBuf>,
    flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// The sources of this process: its environment, and the file named by
    /// `--config` or else by `OFFERCAST_CONFIG`.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the place that the lint points to"
    )]
    pub(crate) fn of_process(config_flag: Option<&Path>) -> Self {
        let sources = Self::default().environment(std::env::vars());
        match config_flag {
            Some(path) => sources.file(path),
            None => sources,
        }
    }

    /// Adds variables; those that are not Offercast's are left out.
    #[must_use]
    pub(crate) fn environment(
        mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        for (name, value) in variables {
            match name.strip_prefix(PREFIX) {
                Some("CONFIG") => self.file = Some(PathBuf::from(value)),
                // What `tests/run` tells the tests.
                Some(key) if key.starts_with("TEST_") => {}
                Some(_) => self.environment.push((name, value)),
                None => {}
            }
        }
        self
    }

    /// Names the file.
    #[must_use]
    pub(crate) fn file(mut self, path: &Path) -> Self {
        self.file = Some(path.to_owned());
        self
    }

    /// Adds a flag of the command line, by the key that it sets, such as
    /// `http.listen`. Flags win over all else.
    #[must_use]
    pub(crate) fn flag(mut self, key: &'static str, value: Option<String>) -> Self {
        self.flags.extend(value.map(|value| (key, value)));
        self
    }

    pub(super) fn extract(&self) -> Result<Config, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(path) = &self.file {
            if let Err(source) = std::fs::metadata(path) {
                return Err(ConfigError::unreadable(path, &source));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        figment = figment
            .merge(Texts::new(ENVIRONMENT, self.environment_keys()))
            .merge(Texts::new(FLAGS, self.flag_keys()));
        figment = join_derived(figment);
        // Lossy: a number given as text is a number, which is all that an
        // environment can give.
        figment
            .extract_lossy()
            .map_err(|error| ConfigError::new(error, &figment))
    }

    fn environment_keys(&self) -> Vec<(String, Value)> {
        let keyed = self.environment.iter().map(|(name, text)| {
            let key = name.strip_prefix(PREFIX).unwrap_or(name);
            (key.to_lowercase().replace("__", "."), value(text))
        });
        keyed.collect()
    }

    fn flag_keys(&self) -> Vec<(String, Value)> {
        let keyed = self.flags.iter();
        keyed
            .map(|(key, text)| ((*key).to_owned(), Value::from(text.as_str())))
            .collect()
    }
}

/// Lists and tables are written as in TOML; all else is text.
fn value(text: &str) -> Value {
    if text.starts_with(['[', '{'])
        && let Ok(parsed) = text.parse::<Value>()
    {
        return parsed;
    }
    Value::from(text)
}

/// Adds what follows from other settings, where it was not given.
fn join_derived(figment: Figment) -> Figment {
    let text = |key: &str| figment.extract_inner::<String>(key).ok();
    let mut derived = Vec::new();
    if let Some(data_dir) = text("data_dir") {
        let path = Path::new(&data_dir).join("offercast.db");
        let url = format!("sqlite:{}", path.display());
        derived.push(("database.url".to_owned(), Value::from(url)));
    }
    if let Some(listen) = text("http.listen") {
        let url = format!("http://{listen}");
        derived.push(("http.public_url".to_owned(), Value::from(url)));
    }
    figment.join(Texts::new("defaults", derived))
}

/// A source of keys with texts.
struct Texts {
    name: &'static str,
    values: Vec<(String, Value)>,
}

impl Texts {
    fn new(name: &'static str, values: Vec<(String, Value)>) -> Self {
        Self { name, values }
    }
}

impl Provider for Texts {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut all = Dict::new();
        for (key, value) in &self.values {
            insert(&mut all, key, value.clone());
        }
        Ok(Map::from([(Profile::Default, all)]))
    }
}

fn insert(dict: &mut Dict, key: &str, value: Value) {
    let Some((first, rest)) = key.split_once('.') else {
        dict.insert(key.to_owned(), value);
        return;
    };
    let nested = dict
        .entry(first.to_owned())
        .or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, nested) = nested {
        insert(nested, rest, value);
    }
}
