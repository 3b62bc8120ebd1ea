//! Texts stand where they are said: `base/text.rs` keeps those of several nouns, guards and faces.

use super::source::Source;

/// The texts that everybody may say.
const SHARED: &str = "src/base/text.rs";

/// The names that a file defines between `texts! {` and its end.
fn defined(text: &str) -> Vec<String> {
    let code = Source::of(text).code;
    let table = code.split_once("\ntexts! {").and_then(|(_, rest)| rest.split_once("\n}")).map_or("", |(table, _)| table);
    table.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name.to_owned()).collect()
}

/// The noun that a file belongs to; another folder of the product counts as one.
fn owner(path: &str) -> &str {
    let inside = path.strip_prefix("src/domain/").or_else(|| path.strip_prefix("src/")).unwrap_or(path);
    inside.split('/').next().unwrap_or_default()
}

/// Shared texts that one noun alone says, or nobody.
fn lonely(files: &[(String, String)]) -> Vec<String> {
    let shared = files.iter().find(|(path, _)| path == SHARED).map_or("", |(_, text)| text);
    let mut lonely = Vec::new();
    for name in defined(shared) {
        let says = |(_, text): &&(String, String)| text.contains(&format!("text::{name}"));
        let mut owners: Vec<&str> = files.iter().filter(says).map(|(path, _)| owner(path)).collect();
        owners.dedup();
        // What any field may be refused for, and any request, is said in one place for all nouns.
        let one = match owners.as_slice() {
            [] => true,
            [only] => !matches!(*only, "http" | "base"),
            _ => false,
        };
        if one {
            lonely.push(format!("{name}: {owners:?}"));
        }
    }
    lonely
}

#[test]
fn a_text_of_one_noun_stands_with_the_noun() {
    let mut files = super::files();
    files.retain(|(path, _)| super::is_product(path));
    assert!(files.iter().any(|(path, text)| path == SHARED && defined(text).len() > 9), "no shared texts were found");
    assert_eq!(lonely(&files), Vec::<String>::new(), "these belong into the texts.rs of the one that says them");
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let table =
        "//! x\ntexts! {\n    OURS: \"a\", \"b\", \"c\";\n    GOALS: \"a\", \"b\", \"c\";\n    UNSAID: \"a\", \"b\", \"c\";\n}\n";
    let says = |path: &str, name: &str| file(path, &format!("fn f() {{ g(&text::{name}) }}"));
    let broken = [
        file(SHARED, table),
        says("src/domain/goals/api.rs", "GOALS"),
        says("src/domain/goals/rules.rs", "GOALS"),
        says("src/domain/goals/api.rs", "OURS"),
        says("src/domain/qna/api.rs", "OURS"),
    ];
    assert_eq!(lonely(&broken), ["GOALS: [\"goals\"]", "UNSAID: []"], "the rule does not see what one noun alone says");
}
