use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::*;

fn environment(variables: &[(&str, &str)]) -> Sources {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Sources::default().environment(variables.iter().map(owned))
}

fn with_file(text: &str) -> (tempfile::NamedTempFile, Sources) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let sources = Sources::default().file(file.path());
    (file, sources)
}

/// The mistake in a file, with the file's name replaced.
fn mistake_in(text: &str) -> String {
    let (file, sources) = with_file(text);
    let error = Config::load(&sources).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error.replace(&file.path().display().to_string(), "FILE")
}

fn mistake(variables: &[(&str, &str)]) -> String {
    let error = Config::load(&environment(variables)).unwrap_err();
    error.to_string()
}

#[test]
fn defaults_are_whole() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.broker.url, BrokerUrl::Embedded);
    assert_eq!(config.database.url.expose(), "sqlite:data/offercast.db");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.http.max_age_s, 5);
    assert_eq!(config.relay.beat_ms, 2000);
    assert_eq!(config.logging.format, LogFormat::Text);
    let channel = ChannelId::parse("till-1").unwrap();
    assert_eq!(
        config.state_dir(&channel),
        Path::new("data/adapters/till-1")
    );
}

#[test]
fn later_sources_win() {
    let (_file, sources) = with_file(
        r#"
        data_dir = "/var/lib/offercast"
        [http]
        listen = "0.0.0.0:80"
        max_age_s = 9
        public_url = "https://offers.example/"
        [adapters.till-1]
        directory = "/srv/till"
        state_dir = "/srv/state"
        "#,
    );
    let sources = sources
        .environment([("OFFERCAST_HTTP__MAX_AGE_S".to_owned(), "7".to_owned())])
        .flag("http.listen", Some("127.0.0.1:81".to_owned()))
        .flag("data_dir", None);
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.http.max_age_s, 7);
    assert_eq!(config.http.listen.port(), 81);
    assert_eq!(config.http.public_url, "https://offers.example");
    assert_eq!(
        config.database.url.expose(),
        "sqlite:/var/lib/offercast/offercast.db"
    );
    let channel = ChannelId::parse("till-1").unwrap();
    assert_eq!(config.state_dir(&channel), Path::new("/srv/state"));
    let directory = config.adapters[&channel].directory.clone();
    assert_eq!(directory, Some(PathBuf::from("/srv/till")));
}

#[test]
fn the_environment_can_say_everything() {
    let hash = "ab".repeat(32);
    let tokens =
        format!("[{{name = \"ann\", scopes = [\"write\", \"admin\"], sha256 = \"{hash}\"}}]");
    let config = Config::load(&environment(&[
        (
            "OFFERCAST_ADAPTERS__SITE-RU__OBSERVE_URL",
            "https://shop.example/",
        ),
        ("OFFERCAST_BROKER__NAMESPACE", "42"),
        ("OFFERCAST_BROKER__URL", "amqps://u:p@mq.example:5671/%2f"),
        (
            "OFFERCAST_DATABASE__URL",
            "postgres://u:p@db.example/offers",
        ),
        ("OFFERCAST_LOGGING__FORMAT", "json"),
        ("OFFERCAST_SERVER_TOKEN", "s3cret"),
        ("OFFERCAST_TEST_POSTGRES_URL", "not a setting"),
        ("OFFERCAST_TOKENS", &tokens),
        ("PATH", "/bin"),
    ]))
    .unwrap();
    assert_eq!(config.broker.namespace, "42");
    let site = &config.adapters[&ChannelId::parse("site-ru").unwrap()];
    assert_eq!(site.observe_url.as_deref(), Some("https://shop.example"));
    let [token] = config.tokens.as_slice() else {
        panic!("one token was given: {:?}", config.tokens);
    };
    assert_eq!(token.scopes, BTreeSet::from([Scope::Admin, Scope::Write]));
    assert_eq!(token.sha256.to_string(), hash);
}

#[test]
fn secrets_are_not_printed() {
    let config = Config::load(&environment(&[
        ("OFFERCAST_BROKER__URL", "amqp://u:hunter2@mq.example/"),
        (
            "OFFERCAST_DATABASE__URL",
            "postgres://u:hunter2@db.example/x",
        ),
        ("OFFERCAST_SERVER_TOKEN", "hunter2"),
    ]))
    .unwrap();
    let printed = format!("{config:?} {config:#?}");
    assert!(!printed.contains("hunter2"), "{printed}");
    for (name, value) in [
        ("OFFERCAST_BROKER__URL", "amqq://u:hunter2@mq.example/"),
        ("OFFERCAST_DATABASE__URL", "mysql://u:hunter2@db.example/x"),
        ("OFFERCAST_TOKENS", "hunter2"),
    ] {
        let error = mistake(&[(name, value)]);
        assert!(
            error.contains(name) && !error.contains("hunter2"),
            "{error}"
        );
    }
}

#[test]
fn a_mistake_is_one_line_that_says_what_is_expected() {
    for (text, expected) in [
        (
            "[http]\nlisten = \"8080\"",
            "configuration: http.listen = \"8080\" (FILE): expected an address and port such as 127.0.0.1:8080",
        ),
        (
            "[http]\nlistne = \"127.0.0.1:80\"",
            "configuration: http.listne (FILE): there is no such key; did you mean listen?",
        ),
        (
            "[datbase]\nurl = \"sqlite:x\"",
            "configuration: datbase (FILE): there is no such key; did you mean database?",
        ),
        (
            "[database]\nurl = \"mysql://u:p@h/d\"",
            "configuration: database.url (FILE): expected sqlite:PATH, postgres://… or postgresql://…",
        ),
        (
            "[http]\nmax_age_s = -1",
            "configuration: http.max_age_s = -1 (FILE): expected whole seconds, 0 to 3600",
        ),
        (
            "[logging]\nformat = \"xml\"",
            "configuration: logging.format = \"xml\" (FILE): expected one of json, text",
        ),
        (
            "[broker]\nnamespace = \"Two Words\"",
            "configuration: broker.namespace = \"Two Words\" (FILE): expected nothing, or 1 to 64 of a-z, 0-9, '-' and '_'",
        ),
        (
            "server_url = \"shop.example\"",
            "configuration: server_url = \"shop.example\" (FILE): expected an http:// or https:// address without user, query and fragment",
        ),
    ] {
        assert_eq!(mistake_in(text), expected);
    }
    assert_eq!(
        mistake(&[("OFFERCAST_RELAY__BEAT_MS", "often")]),
        "configuration: relay.beat_ms = \"often\" (OFFERCAST_RELAY__BEAT_MS): expected milliseconds, 100 to 60000",
    );
}

#[test]
fn other_mistakes_name_key_and_file() {
    let hash = "ab".repeat(32);
    let token = format!("[[tokens]]\nname = \"a\"\nscopes = [\"write\"]\nsha256 = \"{hash}\"\n");
    for (text, wanted) in [
        ("[http\n", vec!["FILE", "line 1"]),
        ("[adapters.\"Till 1\"]", vec!["FILE", "channel"]),
        (
            "[adapters.till]\ndirectroy = \"x\"",
            vec!["adapters.till", "directory"],
        ),
        (
            &format!("{token}{token}"),
            vec!["tokens", "the name is that of another"],
        ),
        (
            &token.replace("write", "root"),
            vec!["tokens.0.scopes", "root", "admin"],
        ),
        (
            &token.replace("\"write\"", ""),
            vec!["tokens.0.scopes", "at least one"],
        ),
        (
            &token.replace("sha256", "#"),
            vec!["tokens.0.sha256", "missing"],
        ),
        (
            "[logging]\nfilter = \"a=b=c\"",
            vec!["logging.filter", "directives"],
        ),
    ] {
        let error = mistake_in(text);
        for part in wanted {
            assert!(error.contains(part), "{error:?} does not name {part:?}");
        }
    }
    let error = Config::load(&Sources::default().file(Path::new("nowhere.toml"))).unwrap_err();
    assert!(error.to_string().contains("nowhere.toml"), "{error}");
}

#[test]
fn the_documented_file_is_acceptable() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/offercast.toml");
    let config = Config::load(&Sources::default().file(&path)).unwrap();
    assert!(matches!(config.broker.url, BrokerUrl::Amqp(_)));
    assert!(config.http.public_reads);
    assert_eq!(config.tokens.len(), 2);
    assert_eq!(config.adapters.len(), 2);
}
