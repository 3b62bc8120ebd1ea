//! What must not be written, and how long a file may be.

use super::source::Source;
use std::path::Path;

/// The most lines of a file.
const LINES: usize = 400;
/// Files that may be longer, and why: tables. Reviewed, one by one.
const LONG: &[(&str, &str)] = &[];

/// What ends a program where an outcome was wanted.
const PANICS: &[&str] =
    &[".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!("];

/// Marks of unfinished work. In two pieces each, so that this file has none.
const MARKS: &[(&str, &str)] = &[("TO", "DO"), ("FIX", "ME"), ("HA", "CK"), ("for", " now")];

/// Folders of whoever sits at a machine.
const PERSONAL: &[(&str, &str)] = &[("/ro", "ot/"), ("/t", "mp/"), ("/Us", "ers/"), ("C:", "\\")];

/// Where everybody has folders: a path below names a machine by two of its parts, else by one.
const COMMON: &[&str] = &["home", "opt", "srv", "var", "usr", "mnt", "media", "data"];

/// The drivers' words, and the file or folder that may hold them.
const DRIVERS: [(&str, &[&str]); 4] = [
    ("src/db/sqlite.rs", &["rusqlite", "libsqlite3"]),
    ("src/db/mysql/", &["use mysql", "mysql_common", "::mysql::"]),
    ("src/net/client.rs", &["ureq"]),
    ("src/net/mailer.rs", &["lettre"]),
];
/// The one line in which SQLite's rows pass.
const SEAM: &str = "src/db/row.rs";

/// What reads and writes JSON as serde does, which rounds the numbers that 64 bits do not hold.
const ROUNDING: &[&str] = &[
    "serde_json::from_slice",
    "serde_json::from_str",
    "serde_json::from_reader",
    "serde_json::to_vec",
    "serde_json::to_string",
    "serde_json::to_writer",
];

/// Files that may, and why. Reviewed, one by one.
const ROUNDED: &[(&str, &str)] = &[
    ("src/base/json/", "it is where numbers are kept whole"),
    ("src/http/body.rs", "the text was sifted by base/json before"),
    ("src/http/input/value.rs", "the text was sifted by base/json just before"),
    ("src/http/precondition.rs", "one member of an answer is looked at, and nothing is written"),
    ("src/faces/graphql/errors.rs", "the sentence of a problem is looked at"),
    ("src/app/guard/idempotency.rs", "the head of a kept answer is ours: status, media type, tag"),
    ("src/feature/lifecycle/file.rs", "the operator's file: texts and days"),
    ("src/app/work", "rows of ours: numbers of jobs"),
    ("src/domain/auth/keyed.rs", "a fact of ours: how far the keys of names are"),
    ("src/domain/devices/snapshots/store.rs", "figures of ours, in 64 bits"),
    ("src/cli/", "answers are looked at by the operator's program, and none is stored"),
];

fn found<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Vec<String> {
    let lines =
        |word: &'w str| text.lines().enumerate().filter(move |(_, line)| line.contains(word)).map(move |(n, _)| (n, word));
    words.into_iter().flat_map(lines).map(|(n, word)| format!("line {}: {word}", n + 1)).collect()
}

fn join(pairs: &[(&str, &str)]) -> Vec<String> {
    pairs.iter().map(|(a, b)| format!("{a}{b}")).collect()
}

/// A file that is all tests.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs")
}

/// A panic is a 500 for somebody: outcomes are values.
pub fn does_not_panic(path: &str, text: &str) -> Vec<String> {
    if is_test(path) { Vec::new() } else { found(&Source::of(text).code, PANICS.iter().copied()) }
}

/// What is not done is not there.
pub fn leaves_nothing_to_do(path: &str, text: &str) -> Vec<String> {
    // The list of common passwords and licences are not ours to word.
    let ours = !path.ends_with(".txt") && path != "Cargo.lock";
    let marks = join(MARKS);
    if ours { found(text, marks.iter().map(String::as_str)) } else { Vec::new() }
}

/// Whoever builds this has another machine.
pub fn names_no_machine(_: &str, text: &str) -> Vec<String> {
    let mut paths = join(PERSONAL);
    paths.extend(machine(Path::new(env!("CARGO_MANIFEST_DIR"))));
    found(text, paths.iter().map(String::as_str))
}

/// What paths of this machine begin with, from the project's own.
fn machine(project: &Path) -> Option<String> {
    let mut parts = project.components().skip(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let first = parts.next()?;
    let common = COMMON.contains(&first.as_str());
    Some(if common { format!("/{first}/{}/", parts.next()?) } else { format!("/{first}/") })
}

/// Another driver is another file, not a change everywhere.
pub fn names_no_driver(path: &str, text: &str) -> Vec<String> {
    let code = Source::of(text).code;
    let elsewhere = DRIVERS.iter().filter(|(place, _)| !path.starts_with(place));
    let named: Vec<String> = elsewhere.flat_map(|(_, words)| found(&code, words.iter().copied())).collect();
    let seam = path == SEAM && named.len() <= 1;
    if seam { Vec::new() } else { named }
}

/// A number of a client comes out as it went in.
pub fn keeps_numbers_whole(path: &str, text: &str) -> Vec<String> {
    if is_test(path) || ROUNDED.iter().any(|(place, _)| path.starts_with(place)) {
        return Vec::new();
    }
    found(&Source::of(text).code, ROUNDING.iter().copied())
}

/// What is longer has more than one subject.
pub fn is_short(path: &str, text: &str) -> Vec<String> {
    let (lines, reviewed) = (text.lines().count(), LONG.iter().any(|(long, _)| *long == path));
    match (lines > LINES, reviewed) {
        (true, false) => vec![format!("{lines} lines")],
        (false, true) => vec!["is short again: take it off the list".to_owned()],
        _ => Vec::new(),
    }
}

/// Whoever opens a file learns first what it is for.
pub fn has_a_head(path: &str, text: &str) -> Vec<String> {
    let mark = if path.ends_with(".sql") { "-- " } else { "//! " };
    if text.starts_with(mark) { Vec::new() } else { vec![format!("does not begin with {mark}")] }
}

#[test]
fn a_machine_is_known_by_the_project_s_path() {
    let of = |path| machine(Path::new(path));
    assert_eq!(of("/home/ana/tandem").as_deref(), Some("/home/ana/"));
    assert_eq!(of("/build/tandem").as_deref(), Some("/build/"));
}
