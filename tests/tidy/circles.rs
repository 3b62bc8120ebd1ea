//! No file knows another that knows it, at whatever distance: whoever reads one need not read the other first.
//!
//! A folder's head (`mod.rs`) declares the files in it, and they may use what it says: that is no circle.

use super::layers::paths;
use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The files that each file names, by their modules: `domain/goals/api`.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The module of a file of the library.
fn module(path: &str) -> Option<String> {
    let name = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let aside = name == "lib" || name.starts_with("bin/") || name.ends_with("/tests");
    (!aside).then(|| name.strip_suffix("/mod").unwrap_or(name).to_owned())
}

fn parent(module: &str) -> &str {
    module.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The file that a path leads to, begun in a module: the longest part of it that is one.
fn file<'f>(files: &'f BTreeSet<String>, from: &str, path: &str) -> Option<&'f String> {
    let (mut at, mut found) = (from.to_owned(), None);
    for part in path.split("::").filter(|part| !part.is_empty()) {
        at = if at.is_empty() { part.to_owned() } else { format!("{at}/{part}") };
        let Some(file) = files.get(&at) else { break };
        found = Some(file);
    }
    found
}

/// What a file names, each path with the module that it begins in.
fn named(module: &str, code: &str) -> Vec<(String, String)> {
    let mut named: Vec<(String, String)> = paths(code, "crate::").into_iter().map(|path| (String::new(), path)).collect();
    for path in paths(code, "super::") {
        let (mut from, mut rest) = (parent(module), path.as_str());
        while let Some(above) = rest.strip_prefix("super::") {
            (from, rest) = (parent(from), above);
        }
        named.push((from.to_owned(), rest.to_owned()));
    }
    let own = code.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("use "));
    named.extend(own.map(|path| (module.to_owned(), path.split(['{', ';', ' ']).next().unwrap_or_default().to_owned())));
    named
}

fn imports(files: &[(String, String)]) -> Imports {
    let modules: BTreeSet<String> = files.iter().filter_map(|(path, _)| module(path)).collect();
    let mut imports = Imports::new();
    for (path, text) in files {
        let Some(module) = module(path) else { continue };
        let named = named(&module, &Source::of(text).code);
        let files = named.iter().filter_map(|(from, path)| file(&modules, from, path));
        let others = files.filter(|other| **other != module && !module.starts_with(&format!("{other}/"))).cloned();
        imports.insert(module.clone(), others.collect());
    }
    imports
}

/// A walk that comes back to where it has been.
fn circle(imports: &Imports, walk: &mut Vec<String>, done: &mut BTreeSet<String>) -> Option<String> {
    let here = walk.last()?.clone();
    for next in imports.get(&here).into_iter().flatten().filter(|next| !done.contains(*next)).collect::<Vec<_>>() {
        if let Some(at) = walk.iter().position(|before| before == next) {
            return Some(format!("{} -> {next}", walk[at..].join(" -> ")));
        }
        walk.push(next.clone());
        if let Some(found) = circle(imports, walk, done) {
            return Some(found);
        }
        walk.pop();
    }
    done.insert(here);
    None
}

/// The first circle, if there is one.
pub fn first(files: &[(String, String)]) -> Option<String> {
    let (imports, mut done) = (imports(files), BTreeSet::new());
    imports.keys().find_map(|file| circle(&imports, &mut vec![file.clone()], &mut done))
}

#[test]
fn no_file_knows_another_that_knows_it() {
    let files = super::files();
    assert_eq!(first(&files), None);
    let sample = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let head = sample("src/a/mod.rs", "mod b;\nmod c;\nuse b::B;");
    let to_b = sample("src/a/c.rs", "use super::{A, b::B};");
    assert_eq!(first(&[head.clone(), to_b.clone(), sample("src/a/b.rs", "use super::A; // use super::c::C;")]), None);
    let back = sample("src/a/b.rs", "fn f() { crate::a::c::g() }");
    assert_eq!(first(&[head, to_b, back]).as_deref(), Some("a/b -> a/c -> a/b"), "the rule does not see a circle");
}
