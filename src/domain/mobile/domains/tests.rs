//! What must hold of every domain, whatever its rules are.

use super::{Domain, RECORDS, TELEMETRY, all, are_distinct, known, named, of_path, records};
use crate::domain::mobile::FEATURE;
use crate::domain::mobile::records::fields::OWN;
use crate::domain::mobile::records::tables::Table;
use crate::feature::Names;
use crate::http::Method;

/// The routes that a domain must have.
fn wanted(domain: Domain) -> Vec<(Method, String)> {
    let path = domain.names().path;
    match domain {
        Domain::Telemetry(_) => vec![(Method::Post, format!("/sync/{path}/"))],
        Domain::Records(_) => {
            vec![
                (Method::Post, format!("/sync/{path}/sync/")),
                (Method::Get, format!("/sync/{path}/changes/")),
                (Method::Get, format!("/sync/{path}/{{id}}/")),
            ]
        }
    }
}

#[test]
fn every_domain_has_its_routes_and_each_leads_to_it() {
    for domain in all() {
        for (method, path) in wanted(domain) {
            let found: Vec<_> = FEATURE.routes.iter().filter(|route| route.method == method && route.path == path).collect();
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!(of_path(found[0].path).unwrap().names(), domain.names());
        }
    }
    assert!(of_path("/sync/batch/").is_err());
}

#[test]
fn every_domain_of_records_has_its_kind() {
    for table in RECORDS {
        let names = &table.entry.names;
        let kinds: Vec<_> = FEATURE.kinds.iter().filter(|kind| names.words().iter().any(|word| kind.is(word))).collect();
        assert_eq!(kinds.iter().map(|kind| kind.name).collect::<Vec<_>>(), [names.list]);
        assert_eq!(kinds[0].names(), Some(names));
    }
}

#[test]
fn every_domain_has_its_word_and_its_type_in_graphql() {
    let schema = FEATURE.graph.fill.unwrap()(FEATURE.graph.schema, &[]);
    let words = schema.split("enum SyncDomainEnum {").nth(1).unwrap().split('}').next().unwrap();
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    assert_eq!(words, all().map(|domain| domain.names().name).collect::<Vec<_>>());
    let defined = |name: &str| ["type", "input"].iter().any(|what| schema.contains(&format!("\n{what} {name} {{")));
    assert!(all().all(|domain| defined(domain.entry().graph.name)));
    let shown: Vec<_> = FEATURE.graph.shown.iter().map(|shown| (shown.kind, shown.type_name)).collect();
    assert_eq!(shown, RECORDS.iter().map(|t| (t.entry.names.list, t.entry.graph.name)).collect::<Vec<_>>());
    let count = |end: &str| schema.lines().filter(|line| line.ends_with(end)).count();
    assert_eq!(count("DataInput]"), TELEMETRY.len());
    assert_eq!(count("SyncResult: SyncResponseType"), TELEMETRY.len() + 1);
    assert!(!schema.contains("\n  # The"), "a place in the schema was not filled");
}

#[test]
fn a_domain_is_found_by_each_of_its_names() {
    for domain in all() {
        for word in domain.names().words() {
            assert_eq!(named(word).unwrap().names(), domain.names());
        }
    }
    for table in RECORDS {
        assert!(table.entry.names.words().iter().all(|word| records(word).unwrap().name() == table.name()));
        assert!(known(&[]).split(", ").any(|name| name == table.name()));
    }
    assert!(named("nothing").is_none() && records("voice").is_none());
}

/// A domain with these names and nothing else.
fn called(name: &'static str, path: &'static str, list: &'static str) -> Table {
    let mut table = super::journal::DOMAIN;
    table.entry.names = Names { name, path, list };
    table
}

#[test]
fn a_domain_that_is_called_as_another_is_does_not_compile() {
    let add = |table: Table| {
        let mut all = vec![super::attendance::DOMAIN, super::task::DOMAIN];
        all.push(table);
        are_distinct(&all, TELEMETRY)
    };
    assert!(add(called("expense", "expenses", "expense_list")));
    assert!(add(called("tas", "taskss", "activit")), "a part of a name is another name");
    for domain in [&super::attendance::DOMAIN.entry, &super::task::DOMAIN.entry, &TELEMETRY[0].entry] {
        for taken in domain.names.words() {
            assert!(!add(called(taken, "expenses", "expense_list")), "{taken}");
            assert!(!add(called("expense", taken, "expense_list")), "{taken}");
            assert!(!add(called("expense", "expenses", taken)), "{taken}");
        }
    }
}

#[test]
fn operations_and_results_are_nobody_elses() {
    let operations: Vec<_> = all().map(|domain| domain.entry().operation).chain(["syncBatch", "resolveConflict"]).collect();
    let results: Vec<_> = TELEMETRY.iter().map(|rules| rules.result).chain(["records_sync_result"]).collect();
    for words in [operations, results] {
        assert!(words.iter().enumerate().all(|(place, word)| !words[..place].contains(word)), "{words:?}");
    }
}

#[test]
fn the_rules_of_records_name_fields_of_their_own() {
    for table in RECORDS {
        let field = |name: &str| table.fields.iter().any(|field| field.name == name);
        assert!(table.fields.iter().all(|f| !OWN.contains(&f.name)), "{} has a field of the envelope", table.name());
        assert!(table.defaults.iter().all(|(name, _)| field(name)) && table.dated.is_none_or(field));
        assert!(table.orders.iter().all(|(start, end)| field(start) && field(end)));
        let first = table.machine.as_ref().map(|machine| (machine.field, machine.states[0].0));
        assert!(first.is_none_or(|first| field(first.0) && table.defaults.contains(&first)), "{}", table.name());
    }
}
