//! Which parts of the schema a document needs. To parse all of it takes most of the time that a CGI process spends on a small
//! query, and a document names few nouns.
//!
//! A part is needed that has a root field or a type which the document names, and so is each part that has a type which a needed
//! part names: so all that can be reached from the document is there, with each field, argument and member that it has. A union that
//! parts add to, or a type that they extend, brings those parts along. What asks about the schema itself needs all of it.

use crate::feature::Feature;

/// What begins a definition in the schema definition language, and what adds to one.
const DEFINES: [&str; 6] = ["type", "input", "enum", "union", "interface", "scalar"];
const EXTENDS: &str = "extend";
/// Types that every part may add to without being needed for it: each has root fields of its own.
const ROOTS: [&str; 2] = ["Query", "Mutation"];
/// The fields that tell of the schema itself.
const META: [&str; 2] = ["__schema", "__type"];

/// The features whose parts a document needs; `None` where it needs all.
pub fn needed<'f>(features: &[&'f Feature], document: &str) -> Option<Vec<&'f Feature>> {
    let asked: Vec<&str> = words(document).collect();
    if META.iter().any(|field| asked.contains(field)) {
        return None;
    }
    let parts: Vec<Part<'f>> =
        features.iter().filter(|feature| !feature.graph.schema.is_empty()).map(|one| Part::of(one)).collect();
    let mut is_needed: Vec<bool> = parts.iter().map(|part| part.is_named(&asked)).collect();
    // Both roots exist whatever is asked of them.
    let both = parts.iter().enumerate().filter(|(_, part)| ROOTS.iter().all(|root| part.extends.contains(root)));
    if let Some((least, _)) = both.min_by_key(|(_, part)| part.feature.graph.schema.len()) {
        is_needed[least] = true;
    }
    while let Some(next) = parts.iter().enumerate().position(|(at, part)| !is_needed[at] && part.serves(&parts, &is_needed)) {
        is_needed[next] = true;
    }
    let chosen = parts.iter().zip(&is_needed).filter(|(_, needed)| **needed).map(|(part, _)| part.feature);
    Some(chosen.collect())
}

/// A noun's part of the schema.
struct Part<'f> {
    feature: &'f Feature,
    /// The types that it makes.
    defines: Vec<&'static str>,
    /// The types of others, and the roots, that it adds to.
    extends: Vec<&'static str>,
}

impl<'f> Part<'f> {
    fn of(feature: &'f Feature) -> Part<'f> {
        let heads = || feature.graph.schema.lines().map(|line| line.split_ascii_whitespace());
        let named = |mut words: std::str::SplitAsciiWhitespace<'static>| {
            words.next().filter(|word| DEFINES.contains(word)).and_then(|_| words.next())
        };
        let extended = |mut words: std::str::SplitAsciiWhitespace<'static>| {
            words.next().filter(|word| *word == EXTENDS).and_then(|_| named(words))
        };
        Part { feature, defines: heads().filter_map(named).collect(), extends: heads().filter_map(extended).collect() }
    }

    /// Does a document name a root field or a type of it?
    fn is_named(&self, asked: &[&str]) -> bool {
        let names = self.feature.graph.roots.iter().map(|root| root.name).chain(self.defines.iter().copied());
        names.into_iter().any(|name| asked.contains(&name))
    }

    /// Has it what one of the needed parts names, or does it add to what one of them makes?
    fn serves(&self, parts: &[Part<'_>], is_needed: &[bool]) -> bool {
        let needed = || parts.iter().zip(is_needed).filter(|(_, needed)| **needed).map(|(part, _)| part);
        let adds = self.extends.iter().any(|name| needed().any(|part| part.defines.contains(name)));
        // What is said of a definition stands in lines of its own; who adds to a type does not need it.
        let is_said = |line: &&str| !line.trim_start().starts_with('"') && !line.starts_with(EXTENDS);
        let lines = |part: &Part<'_>| part.feature.graph.schema.lines().filter(is_said);
        adds || needed().any(|part| lines(part).flat_map(words).any(|word| self.defines.contains(&word)))
    }
}

/// The names in a text, and what else looks like one.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FEATURES;
    use crate::faces::graphql::schema;
    use std::collections::BTreeMap;

    /// A root's field in the schema definition language, if there is one of this name.
    fn field(schema: &apollo_compiler::Schema, root: &str, name: &str) -> Option<String> {
        let field: &apollo_compiler::ast::FieldDefinition = schema.type_field(root, name).ok()?;
        Some(field.to_string())
    }

    fn names(document: &str) -> Option<Vec<&'static str>> {
        needed(FEATURES, document).map(|parts| parts.iter().map(|part| part.name).collect())
    }

    #[test]
    fn a_document_needs_few_parts() {
        let none = names("{ __typename }").unwrap();
        assert!(none.len() < 3, "{none:?}");
        let goals = names("query Mine { goals(limit: 5) { results { id title } } }").unwrap();
        assert!(goals.contains(&"goals") && goals.len() < 6, "{goals:?}");
        assert_eq!(names("{ __schema { types { name } } }"), None);
        assert_eq!(names("{ __type(name: \"Goal\") { name } }"), None);
    }

    /// By its names, each type that can be reached from a field of a root, in the schema definition language.
    fn reached(schema: &apollo_compiler::Schema, field: &str) -> BTreeMap<String, String> {
        let mut types = BTreeMap::new();
        let roots = ROOTS.iter().filter_map(|root| self::field(schema, root, field));
        let mut next: Vec<String> = roots.flat_map(|field| words(&field).map(str::to_owned).collect::<Vec<_>>()).collect();
        while let Some(name) = next.pop() {
            let Some(known) = schema.types.get(name.as_str()) else { continue };
            types.entry(name).or_insert_with(|| {
                let text = known.to_string();
                next.extend(words(&text).map(str::to_owned));
                text
            });
        }
        types
    }

    #[test]
    fn whatever_a_document_reaches_is_as_in_the_whole_schema() {
        let whole = schema::of(FEATURES).unwrap();
        let mut fields = 0;
        for root in FEATURES.iter().flat_map(|feature| feature.graph.roots) {
            let parts = needed(FEATURES, root.name).unwrap();
            let part = schema::of_parts(&parts, FEATURES).unwrap();
            let there = |schema: &apollo_compiler::Schema| ROOTS.map(|name| field(schema, name, root.name));
            assert_eq!(there(&part), there(whole), "{}", root.name);
            let without_roots = |mut types: BTreeMap<String, String>| {
                ROOTS.iter().for_each(|root| drop(types.remove(*root)));
                types
            };
            assert_eq!(without_roots(reached(&part, root.name)), without_roots(reached(whole, root.name)), "{}", root.name);
            fields += 1;
        }
        assert!(fields > 30);
    }
}
