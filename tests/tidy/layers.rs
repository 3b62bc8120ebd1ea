//! What may import what (the layers are named in `src/lib.rs`).

use super::source::Source;

/// Each layer and the ones below it that it may know.
const LAYERS: &[(&str, &[&str])] = &[
    ("bin", &["transport", "cli", "app"]),
    ("transport", &["http", "base"]),
    ("cli", &["app", "faces", "domain", "feature", "http", "db", "net", "base"]),
    ("app", &["faces", "domain", "feature", "http", "db", "net", "base"]),
    ("faces", &["domain", "feature", "http", "db", "net", "base"]),
    ("domain", &["feature", "http", "db", "net", "base"]),
    ("feature", &["http", "db", "net", "base"]),
    ("http", &["base"]),
    ("db", &["base"]),
    ("net", &["base"]),
    ("base", &[]),
];

/// Macros are exported at the crate's root; each belongs to the layer that defines it.
const MACROS: &[(&str, &str)] = &[("params", "db"), ("columns", "db"), ("texts", "base")];

/// Layers whose folders know nothing of each other.
const APART: &[&str] = &["domain", "faces"];

/// Folders of them that may know another one: the folder, the other, why. Reviewed, one by one.
const ACQUAINTED: &[(&str, &str, &str)] = &[
    ("graphql", "pages", "a browser that opens the endpoint is shown the page to try queries"),
    ("versions", "graphql", "what the schema marks as deprecated is listed with everything else"),
];

/// The layer of a file; the crate's root, which declares them all, has none.
fn layer(path: &str) -> Option<&str> {
    if path.starts_with("cgi-bin/") {
        return Some("bin");
    }
    let name = path.strip_prefix("src/")?.split('/').next()?.trim_end_matches(".rs");
    (name != "lib").then_some(name)
}

/// The noun, or the face, whose folder a file lies in.
fn noun(path: &str) -> Option<&str> {
    let below = APART.iter().find_map(|layer| path.strip_prefix(&format!("src/{layer}/")))?;
    below.split_once('/').map(|(noun, _)| noun)
}

/// What follows a root in paths: `crate::a::b` and `crate::{a::b, c}` give `a::b`, `a::b` and `c`.
pub fn paths(code: &str, root: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(root) {
        let rest = &code[at + root.len()..];
        match rest.strip_prefix('{') {
            Some(group) => paths.extend(branches(group)),
            None => paths.push(path(rest)),
        }
    }
    paths
}

/// The path at the start of a text.
fn path(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect()
}

/// The paths at the top of a group, up to its closing brace.
fn branches(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut branches) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        let ends = depth == 0 && matches!(c, ',' | '}');
        if ends {
            branches.push(path(&group[start..at]));
            start = at + 1;
        }
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    branches
}

/// The layers that a file imports from, with the paths that say so.
fn imports(text: &str) -> Vec<(String, String)> {
    let code = Source::of(text).code;
    let all = [paths(&code, "crate::"), paths(&code, "tandem::")].concat();
    let layer = |path: &String| {
        let first = path.split("::").next().unwrap_or_default();
        MACROS.iter().find(|(name, _)| *name == first).map_or(first, |(_, layer)| layer).to_owned()
    };
    all.into_iter().filter(|path| !path.is_empty()).map(|path| (layer(&path), path)).collect()
}

/// Bins know transport, cli and app; those know what lies below them, and so on down to base.
pub fn imports_point_down(path: &str, text: &str) -> Vec<String> {
    let Some(own) = layer(path) else { return Vec::new() };
    let Some((_, known)) = LAYERS.iter().find(|(name, _)| *name == own) else { return vec![format!("no layer {own}")] };
    let wrong = imports(text).into_iter().filter(|(layer, _)| layer != own && !known.contains(&layer.as_str()));
    wrong.map(|(_, import)| format!("{own} imports {import}")).collect()
}

/// What two nouns, or two faces, share lies in a layer below them, and what a noun has for another it tells as news.
pub fn nouns_keep_apart(path: &str, text: &str) -> Vec<String> {
    let Some(own) = noun(path) else { return Vec::new() };
    let mut wrong = Vec::new();
    let siblings = layer(path).filter(|layer| APART.contains(layer)).unwrap_or_default();
    for (_, import) in imports(text).into_iter().filter(|(layer, _)| layer == siblings) {
        let other = import.split("::").nth(1).unwrap_or_default();
        let reviewed = ACQUAINTED.iter().any(|(folder, known, _)| (*folder, *known) == (own, other));
        if other != own && !reviewed {
            wrong.push(format!("{own} imports {import}"));
        }
    }
    wrong
}

/// An import from another layer or noun says its whole path, where the other rules see it.
pub fn no_climbing(path: &str, text: &str) -> Vec<String> {
    let code = Source::of(text).code;
    let folder = path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    let root = layer(path).is_some_and(|layer| folder == format!("src/{layer}"))
        || noun(path).is_some_and(|noun| APART.iter().any(|layer| folder == format!("src/{layer}/{noun}")));
    let climbs = code.contains("super::super") || (root && code.contains("super::"));
    climbs.then(|| "write the path from crate:: on".to_owned()).into_iter().collect()
}

/// What rules never touch: files, the machine, the database, the clock, randomness, a request.
const IMPURE: &[&str] = &[
    "rustix::",
    "std::fs",
    "std::io",
    "std::env",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now(",
    "Timestamp::now(",
    "id::bytes",
    "id::number(",
    "Ctx",
    "Db",
];

/// Rules are functions of what they are given: a test needs no folder, no database and no request.
pub fn rules_are_pure(path: &str, text: &str) -> Vec<String> {
    if !path.ends_with("/rules.rs") {
        return Vec::new();
    }
    let code = Source::of(text).code;
    let grouped: Vec<String> = paths(&code, "std::").into_iter().map(|path| format!("std::{path}")).collect();
    let impure = |word: &&&str| names(&code, word) || grouped.iter().any(|path| path.starts_with(**word));
    let mut wrong: Vec<String> = IMPURE.iter().filter(impure).map(|word| format!("rules touch {word}")).collect();
    wrong
        .extend(imports(text).into_iter().filter(|(layer, _)| layer == "db").map(|(_, import)| format!("rules import {import}")));
    wrong
}

/// Does code hold a name, and not only a longer one that contains it?
fn names(code: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let whole = |at: usize| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        !before.ends_with(part) && (name.ends_with([':', '(']) || !after.starts_with(part))
    };
    code.match_indices(name).any(|(at, _)| whole(at))
}
