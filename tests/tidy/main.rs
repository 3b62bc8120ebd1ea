//! The rules of the house, held by reading the project as text: what may import what, where SQL may stand, how long a
//! file may be, what must be registered. Every rule is also seen to fail on a broken sample (`samples.rs`).
//!
//! A package of its own that depends on nothing, so that it runs in a second, on each save: `cargo test --test tidy`. What
//! needs the product compiled to be known is in `tests/registry.rs`.

mod circles;
mod layers;
mod links;
mod samples;
mod source;
mod sql;
mod tables;
mod texts;
mod words;

use std::fs;
use std::path::Path;

/// Says what is wrong in a file, given its path from the top and its text.
pub type Check = fn(path: &str, text: &str) -> Vec<String>;

/// A rule of the house.
pub struct Rule {
    /// What must hold.
    pub says: &'static str,
    /// Which files it looks at.
    pub covers: fn(path: &str) -> bool,
    /// What is wrong in one of them.
    pub check: Check,
}

const fn rule(says: &'static str, covers: fn(&str) -> bool, check: Check) -> Rule {
    Rule { says, covers, check }
}

/// Every rule about single files.
pub const RULES: &[Rule] = &[
    rule("imports point down", is_product, layers::imports_point_down),
    rule("no noun imports another, and no face", is_product, layers::nouns_keep_apart),
    rule("a path never climbs out of its layer by super", is_product, layers::no_climbing),
    rule("rules touch nothing outside", is_product, layers::rules_are_pure),
    rule("SQL stands in stores, guards and the database layer", is_product, sql::stands_where_it_may),
    rule("SQL is portable", |path| is_product(path) || is_migration(path), sql::is_portable),
    rule("a statement of a tenant's noun names the tenant", is_product, sql::names_the_tenant),
    rule("columns stand once a store", is_product, sql::columns_stand_once),
    rule("a table has one owner, and readers that were reviewed", is_product, tables::have_one_owner),
    rule("a kind of row in a shared table has one owner", is_product, tables::share_by_kind),
    rule("the driver is named in one place", is_product, words::names_no_driver),
    rule("JSON of clients passes base/json", is_product, words::keeps_numbers_whole),
    rule("product code does not panic", is_product, words::does_not_panic),
    rule("nothing is left to do", |_| true, words::leaves_nothing_to_do),
    rule("no path of the machine that it was written on", |_| true, words::names_no_machine),
    rule("a file has at most 400 lines", is_rust, words::is_short),
    rule("a link in a document finds its file", |path| path.ends_with(".md"), links::lead_somewhere),
    rule("the head of a file says what it is for", |path| is_rust(path) || is_migration(path), words::has_a_head),
];

/// What may lie at the top.
const TOP: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "cgi-bin",
    "clients",
    "deploy",
    "docs",
    "sql",
    "src",
    "tests",
    // Settings of tools that look for them here.
    ".ci",
    ".cargo",
    ".clippy.toml",
    ".gitignore",
    ".rustfmt.toml",
];
/// What lies there and is no part of the project.
const NOT_OURS: &[&str] = &[".git", "target"];

/// Rust of the product.
fn is_product(path: &str) -> bool {
    is_rust(path) && (path.starts_with("src/") || path.starts_with("cgi-bin/"))
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn is_migration(path: &str) -> bool {
    path.starts_with("sql/") && path.ends_with(".sql")
}

/// The project's top: this package lies two folders below it.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn top() -> &'static Path {
    Path::new(PROJECT)
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every text file of the project by its path from the top.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for name in names(top()).into_iter().filter(|name| !NOT_OURS.contains(&name.as_str())) {
        collect(&name, &mut files);
    }
    files
}

fn collect(path: &str, files: &mut Vec<(String, String)>) {
    let full = top().join(path);
    if full.is_dir() {
        names(&full).iter().for_each(|name| collect(&format!("{path}/{name}"), files));
    } else if let Ok(text) = String::from_utf8(fs::read(&full).unwrap()) {
        files.push((path.to_owned(), text));
    }
}

#[test]
fn the_house_is_tidy() {
    let files = files();
    let mut wrong = Vec::new();
    for rule in RULES {
        let covered: Vec<_> = files.iter().filter(|(path, _)| (rule.covers)(path)).collect();
        assert!(!covered.is_empty(), "\"{}\" looks at nothing", rule.says);
        for (path, text) in covered {
            wrong.extend((rule.check)(path, text).iter().map(|what| format!("{path}: {what} ({})", rule.says)));
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

/// Names that are not in the list.
fn strangers<'n>(names: &'n [String], known: &[&str]) -> Vec<&'n String> {
    names.iter().filter(|name| !known.contains(&name.as_str())).collect()
}

#[test]
fn the_top_level_holds_what_it_may() {
    let known = [TOP, NOT_OURS].concat();
    assert_eq!(strangers(&names(top()), &known), Vec::<&String>::new(), "the top level is full");
    assert_eq!(strangers(&["src".into(), "notes.txt".into()], &known), ["notes.txt"], "the rule does not see a stranger");
}

/// Folders of nouns that the registry does not hold.
fn unregistered(nouns: &[String], registry: &str) -> Vec<String> {
    let code = source::Source::of(registry).code;
    nouns.iter().filter(|noun| !code.contains(&format!("&{noun}::FEATURE,"))).cloned().collect()
}

#[test]
fn every_noun_is_registered() {
    let folder = top().join("src/domain");
    let nouns: Vec<String> = names(&folder).into_iter().filter(|name| folder.join(name).is_dir()).collect();
    let registry = fs::read_to_string(folder.join("mod.rs")).unwrap();
    assert!(nouns.len() > 5 && unregistered(&nouns, &registry).is_empty(), "{:?}", unregistered(&nouns, &registry));
    let broken = registry.replace("&goals::FEATURE,", "// &goals::FEATURE,");
    assert_eq!(unregistered(&nouns, &broken), ["goals"], "the rule does not see what is missing");
}

/// Migrations that the program does not hold under their own name, in their place.
fn unlisted(migrations: &[String], list: &str) -> Vec<String> {
    let entry = |(n, file): (usize, &String)| {
        let name = file.trim_end_matches(".sql");
        format!("Migration {{ version: {}, name: \"{name}\", sql: include_str!(\"../../sql/{file}\"), oldest: ", n + 1)
    };
    let entries = migrations.iter().enumerate().map(entry);
    let mut from = 0;
    let mut missing = |entry: &String| match list[from..].find(entry.as_str()) {
        Some(at) => {
            from += at;
            false
        }
        None => true,
    };
    entries.filter(|entry| missing(entry)).collect()
}

#[test]
fn every_migration_is_listed() {
    let migrations = names(&top().join("sql"));
    let list = fs::read_to_string(top().join("src/db/migrate.rs")).unwrap();
    assert!(migrations.len() > 1 && unlisted(&migrations, &list).is_empty(), "{:?}", unlisted(&migrations, &list));
    assert_eq!(unlisted(&migrations, &list.replace("name: \"0001_core\"", "name: \"0001\"")).len(), 1);
    let more = [migrations, vec!["9999_more.sql".to_owned()]].concat();
    assert_eq!(unlisted(&more, &list).len(), 1, "the rule does not see what is missing");
}
