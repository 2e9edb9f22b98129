//! Mistakes of whoever sets it up: one clear line, exit code 2, no secret.

use std::time::Duration;

use tempfile::TempDir;

use crate::support::{Ended, command, run};

fn offercast(directory: &TempDir, settings: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let settings = settings.iter().map(owned).collect();
    run(
        command(directory.path(), &settings, arguments),
        Duration::from_secs(60),
    )
}

/// Settings, and the words that must be said about them.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

#[test]
fn mistakes_in_the_configuration_are_one_clear_line() {
    let directory = TempDir::new().unwrap();
    std::fs::write(
        directory.path().join("typo.toml"),
        "[databse]\nurl = \"sqlite:x\"\n",
    )
    .unwrap();
    std::fs::write(
        directory.path().join("port.toml"),
        "[http]\nlisten = \"8080\"\n",
    )
    .unwrap();
    std::fs::write(directory.path().join("broken.toml"), "[http\n").unwrap();
    let cases: [Case; 8] = [
        (&[("OFFERCAST_CONFIG", "nowhere.toml")], &["nowhere.toml"]),
        (
            &[("OFFERCAST_CONFIG", "typo.toml")],
            &["databse", "typo.toml", "did you mean database?"],
        ),
        (
            &[("OFFERCAST_CONFIG", "port.toml")],
            &["http.listen", "8080", "port.toml"],
        ),
        (&[("OFFERCAST_CONFIG", "broken.toml")], &["broken.toml"]),
        (
            &[("OFFERCAST_RELAY__BEAT_MS", "5")],
            &["OFFERCAST_RELAY__BEAT_MS", "100 to 60000"],
        ),
        (
            &[("OFFERCAST_DATABASE__URL", "mysql://u:hunter2@h/d")],
            &["OFFERCAST_DATABASE__URL", "postgres://"],
        ),
        (
            &[("OFFERCAST_BROKER__URL", "http://u:hunter2@h")],
            &["OFFERCAST_BROKER__URL", "amqp://"],
        ),
        (&[("OFFERCAST_NO_SUCH_KEY", "1")], &["no_such_key"]),
    ];
    for (settings, words) in cases {
        let ended = offercast(&directory, settings, &["serve"]);
        assert_eq!(ended.code, Some(2), "{settings:?}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{settings:?}: {ended:?}");
        assert_eq!(ended.stdout, "");
        for word in words {
            assert!(ended.stderr.contains(word), "{word} in {ended:?}");
        }
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}

#[test]
fn commands_say_what_is_missing() {
    let directory = TempDir::new().unwrap();
    let away = [("OFFERCAST_SERVER_URL", "http://127.0.0.1:9")];
    for (settings, arguments, words) in [
        (&[][..], &["serve"][..], &["offercast migrate"][..]),
        (&[], &["adapter", "site-pl"], &["broker.url", "embedded"]),
        (&away, &["verify"], &["127.0.0.1:9", "does not answer"]),
        (&away, &["resync", "site-pl"], &["does not answer"]),
    ] {
        let ended = offercast(&directory, settings, arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        let said: Vec<&str> = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("offercast: "))
            .collect();
        assert_eq!(said.len(), 1, "{arguments:?}: {ended:?}");
        for word in words {
            assert!(said[0].contains(word), "{word} in {ended:?}");
        }
    }
    // What the command line itself refuses.
    for arguments in [
        &["serv"][..],
        &["import"],
        &["import", "x.csv", "--market", "?"],
        &["revert", "one"],
    ] {
        let ended = offercast(&directory, &[], arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.starts_with("error:"), "{ended:?}");
    }
}

#[test]
fn every_command_has_help() {
    let directory = TempDir::new().unwrap();
    let all = offercast(&directory, &[], &["--help"]);
    assert_eq!(all.code, Some(0));
    let commands: Vec<&str> = all
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    for needed in [
        "demo",
        "serve",
        "adapter",
        "migrate",
        "import",
        "verify",
        "resync",
        "freeze",
        "resume",
        "revert",
        "open-epoch",
        "export-terms",
    ] {
        assert!(commands.contains(&needed), "{needed}: {commands:?}");
    }
    for command in commands {
        let help = offercast(&directory, &[], &[command, "--help"]);
        assert_eq!(help.code, Some(0), "{command}");
        assert!(help.stdout.contains("Usage: "), "{command}: {help:?}");
    }
}
