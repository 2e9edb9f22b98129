//! The rules of the house that no compiler keeps: who may import what, how
//! long a file may be, what has to be written down.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Members and the members that they may import; adapters are added below.
const MEMBERS: &[(&str, &[&str])] = &[
    ("channel-adapters/contract", &[]),
    ("channel-adapters/kit", &["contract"]),
    ("src/bus", &["contract", "domain", "pricebook", "storage"]),
    ("src/domain", &["contract"]),
    (
        "src/http",
        &[
            "contract", "domain", "usecases", "kit", "app", "pos", "site",
        ],
    ),
    ("src/pricebook", &["contract", "domain"]),
    ("src/storage", &["contract", "domain"]),
    (
        "src/usecases",
        &["bus", "contract", "domain", "kit", "pricebook", "storage"],
    ),
];

/// What every other member of `channel-adapters/` may import.
const ADAPTER: &[&str] = &["contract", "kit"];

/// Crates that only one member may know.
const EXCLUSIVE: &[(&str, &str)] = &[
    ("actix-web", "src/http"),
    ("diesel", "src/storage"),
    ("diesel_migrations", "src/storage"),
    ("lapin", "src/bus"),
    ("redb", "channel-adapters/kit"),
];

/// Members that do no I/O and read no clock, and the crates that hold values.
const PURE: &[&str] = &["channel-adapters/contract", "src/domain", "src/pricebook"];
const VALUE_CRATES: &[&str] = &[
    "hashbrown",
    "icu_decimal",
    "icu_locale_core",
    "icu_provider",
    "imbl",
    "iso_currency",
    "jiff",
    "serde",
    "serde_json",
    "sha2",
    "smallvec",
    "thiserror",
    "unicode-normalization",
];

/// The longest file of Rust, without its tests, that needs no reason; a longer
/// one says why in a comment that begins `// Long because`.
const LONGEST_FILE_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the repository, as paths from its root.
fn files() -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !["target", ".git", "data", "node_modules"].contains(&name) {
                    walk(&path, found);
                }
            } else {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(root(), &mut found);
    found.sort();
    found
}

fn with_extension(extension: &str) -> Vec<(PathBuf, String)> {
    let mut all = files();
    all.retain(|path| path.extension().is_some_and(|found| found == extension));
    all.into_iter()
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

fn manifest(member: &str) -> toml::Table {
    let path = root().join(member).join("Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// The names of what a member is built with; not what its tests need.
fn dependencies(member: &str) -> Vec<String> {
    let manifest = manifest(member);
    ["dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|section| manifest.get(section)?.as_table())
        .flat_map(|section| section.keys().cloned())
        .collect()
}

fn members() -> Vec<String> {
    let members = manifest("")["workspace"]["members"].clone();
    members.try_into().unwrap()
}

fn assert_none(what: &str, violations: &[String]) {
    let listed = violations.join("\n  ");
    assert!(violations.is_empty(), "{what}:\n  {listed}");
}

/// Whether a path is a test, or only serves tests.
fn is_test(path: &Path) -> bool {
    let named = |part: &str| matches!(part, "tests" | "tests.rs" | "benches" | "examples");
    path.components()
        .any(|part| named(part.as_os_str().to_str().unwrap_or_default()))
        || path.to_string_lossy().ends_with("_tests.rs")
}

/// The lines of a file before its tests.
fn without_tests(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].starts_with("mod tests {"));
    lines[..tests.unwrap_or(lines.len())].to_vec()
}

#[test]
fn members_import_only_what_the_table_allows() {
    let mut violations = Vec::new();
    for member in members() {
        let allowed = MEMBERS
            .iter()
            .find(|(name, _)| *name == member)
            .map(|(_, allowed)| *allowed)
            .or_else(|| member.starts_with("channel-adapters/").then_some(ADAPTER))
            .unwrap_or_else(|| panic!("{member} is not in the table of imports"));
        for dependency in dependencies(&member) {
            if let Some(name) = dependency.strip_prefix("offercast-")
                && !allowed.contains(&name)
            {
                violations.push(format!("{member} imports {dependency}"));
            }
            let owner = EXCLUSIVE.iter().find(|(name, _)| *name == dependency);
            if let Some((_, owner)) = owner
                && *owner != member
            {
                violations.push(format!("{member} imports {dependency}, {owner}'s alone"));
            }
            if PURE.contains(&member.as_str())
                && !dependency.starts_with("offercast-")
                && !VALUE_CRATES.contains(&dependency.as_str())
            {
                violations.push(format!("{member} is pure and imports {dependency}"));
            }
        }
    }
    assert_none("imports against the table", &violations);
}

#[test]
fn every_member_keeps_the_lints() {
    let kept = |member: &String| {
        let manifest = manifest(member);
        let lints = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        lints.and_then(toml::Value::as_bool) == Some(true)
    };
    let members = members().into_iter().chain([String::new()]);
    let without: Vec<String> = members.filter(|member| !kept(member)).collect();
    assert_none("members without the workspace's lints", &without);
}

#[test]
fn files_are_short_or_say_why_not() {
    let mut violations = Vec::new();
    for (path, text) in with_extension("rs") {
        let lines = without_tests(&text).len();
        if !is_test(&path) && lines > LONGEST_FILE_LINES && !text.contains("// Long because") {
            violations.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert_none("files that are too long", &violations);
}

#[test]
fn nothing_is_unfinished_unchecked_or_skipped() {
    // In parts, so that this file does not find itself.
    let in_code = [
        concat!(".unwrap", "()"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
    ];
    let anywhere = [
        concat!("#[ig", "nore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    let mut violations = Vec::new();
    let mut check = |path: &Path, lines: &[&str], needles: &[&str]| {
        for (number, line) in lines.iter().enumerate() {
            // Not a test: it says how long something takes, not whether it is right.
            if line.contains(concat!("#[ig", "nore = \"a measurement")) {
                continue;
            }
            for needle in needles.iter().filter(|needle| line.contains(**needle)) {
                let number = number + 1;
                violations.push(format!("{}:{number}: {needle}", path.display()));
            }
        }
    };
    for (path, text) in with_extension("rs") {
        let lines: Vec<&str> = text.lines().collect();
        check(&path, &lines, &anywhere);
        if !is_test(&path) {
            let code: Vec<&str> = without_tests(&text)
                .into_iter()
                .map(|line| {
                    if line.trim_start().starts_with("//") {
                        ""
                    } else {
                        line
                    }
                })
                .collect();
            check(&path, &code, &in_code);
        }
    }
    assert_none("unfinished, unchecked or skipped", &violations);
}

#[test]
fn migrations_exist_for_both_databases() {
    let names = |backend: &str| -> BTreeSet<String> {
        let prefix = Path::new("migrations").join(backend);
        files()
            .iter()
            .filter_map(|path| path.strip_prefix(&prefix).ok())
            .map(|path| path.display().to_string())
            .collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty(), "there are no migrations");
    let unpaired: Vec<String> = sqlite.symmetric_difference(&postgres).cloned().collect();
    assert_none("migrations of one database only", &unpaired);
    let directions = |name: &String| match name.strip_suffix("up.sql") {
        Some(dir) => !sqlite.contains(&format!("{dir}down.sql")),
        None => name
            .strip_suffix("down.sql")
            .is_some_and(|dir| !sqlite.contains(&format!("{dir}up.sql"))),
    };
    let one_way: Vec<String> = sqlite
        .iter()
        .filter(|name| directions(name))
        .cloned()
        .collect();
    assert_none("migrations in one direction only", &one_way);
}

#[test]
fn every_template_is_used() {
    let sources: Vec<String> = ["rs", "hbs", "html", "toml", "json"]
        .into_iter()
        .flat_map(with_extension)
        .map(|(_, text)| text)
        .collect();
    let mut unused = Vec::new();
    for path in files() {
        let Ok(name) = path.strip_prefix("templates") else {
            continue;
        };
        let stem = name.file_stem().unwrap().to_str().unwrap();
        if !sources.iter().any(|text| text.contains(stem)) {
            unused.push(path.display().to_string());
        }
    }
    assert_none("templates that nothing names", &unused);
}

#[test]
fn every_dependency_is_accounted_for() {
    let workspace = manifest("")["workspace"]["dependencies"].clone();
    let declared: BTreeSet<String> = workspace
        .as_table()
        .unwrap()
        .keys()
        .filter(|name| !name.starts_with("offercast-"))
        .cloned()
        .collect();
    let text = fs::read_to_string(root().join("docs/DEPENDENCIES.md")).unwrap();
    let explained: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .map(|cell| cell.trim().trim_matches('`').to_owned())
        .filter(|cell| cell != "crate")
        .collect();
    let unexplained: Vec<String> = declared.difference(&explained).cloned().collect();
    assert_none(
        "dependencies without a line in docs/DEPENDENCIES.md",
        &unexplained,
    );
    let gone: Vec<String> = explained.difference(&declared).cloned().collect();
    assert_none("lines in docs/DEPENDENCIES.md without a dependency", &gone);
    let mut used: BTreeSet<String> = BTreeSet::new();
    for member in members().iter().map(String::as_str).chain([""]) {
        let manifest = manifest(member);
        let sections = ["dependencies", "build-dependencies", "dev-dependencies"];
        for section in sections.into_iter().filter_map(|name| manifest.get(name)) {
            used.extend(section.as_table().unwrap().keys().cloned());
        }
    }
    let unused: Vec<String> = declared.difference(&used).cloned().collect();
    assert_none("dependencies that no member uses", &unused);
}

/// The targets of a text's inline links, without code blocks.
fn links(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', ' ']).next().unwrap_or_default();
            targets.push(target.to_owned());
        }
    }
    targets
}

/// The anchors of a text's headings, as forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let heading = |line: &str| {
        let title = line.trim_start_matches('#').trim();
        let kept = title.chars().filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
            _ => None,
        });
        kept.collect()
    };
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(heading).collect()
}

#[test]
fn links_in_documents_resolve() {
    let mut broken = Vec::new();
    for (path, text) in with_extension("md") {
        for target in links(&text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let linked = match file {
                "" => root().join(&path),
                file => root().join(&path).parent().unwrap().join(file),
            };
            let found = linked.exists()
                && (anchor.is_empty()
                    || anchors(&fs::read_to_string(&linked).unwrap()).contains(anchor));
            if !found {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_none("links that lead nowhere", &broken);
}

#[test]
fn no_text_names_a_machine() {
    // In parts, so that this file does not find itself.
    let needles = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/home", "/"),
        concat!("crates", ".io"),
        concat!("registry.npm", "js"),
        concat!("pypi", ".org"),
        concat!("proxy.go", "lang"),
    ];
    let mut violations = Vec::new();
    for path in files() {
        if path == Path::new("Cargo.lock") {
            continue;
        }
        let bytes = fs::read(root().join(&path)).unwrap();
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        for needle in needles.iter().filter(|needle| text.contains(**needle)) {
            violations.push(format!("{}: {needle}", path.display()));
        }
    }
    assert_none("texts that name a machine or a registry", &violations);
}

#[test]
fn decisions_ask_why() {
    let decisions: Vec<(PathBuf, String)> = with_extension("md")
        .into_iter()
        .filter(|(path, _)| path.starts_with("docs/adr"))
        .collect();
    assert!(!decisions.is_empty(), "there are no decisions");
    let mut violations = Vec::new();
    for (path, text) in decisions {
        let title = text.lines().next().unwrap_or_default();
        if !title.contains("Why") || !title.ends_with('?') {
            violations.push(format!("{}: {title}", path.display()));
        }
    }
    assert_none("decisions whose title is not a question", &violations);
}
