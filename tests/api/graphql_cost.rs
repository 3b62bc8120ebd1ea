//! What GraphQL's operations cost: the fullest answer of each, and what a phone does in a while.

use super::Phone;
use super::graphql::{data, send};
use crate::servers::{Kind, Options, Server};
use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, OperationType};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

/// The schema that the server has, by a test of its own.
const SCHEMA: &str = include_str!("../graphql/schema.graphql");
/// What the fullest answer of a mutation may cost, of the 1,000 points of five minutes.
const MUTATION: u64 = 100;
/// Queries that read all that there is, which a phone asks for once, and those that name up to a hundred objects.
const WHOLE: [&str; 2] = ["archiveExport", "conflictRisk"];
/// The same of a query: as many as five minutes' requests.
const QUERY: u64 = 10;

fn server(settings: &[(&str, &str)]) -> Server {
    let env = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { workers: 1, env, ..Options::default() })
}

fn schema() -> Valid<Schema> {
    Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap()
}

/// Everything that an answer of this type has.
fn full(schema: &Schema, ty: &str) -> String {
    let fields = match schema.types.get(ty) {
        Some(ExtendedType::Object(_)) => fields(schema, ty, ""),
        Some(ExtendedType::Union(union)) => {
            let member = |name: &str| format!("... on {name} {{ {} }} ", fields(schema, name, name));
            union.members.iter().map(|name| member(name)).collect()
        }
        _ => return String::new(),
    };
    format!("{{ __typename {fields} }}")
}

/// The fields of an object. Members of a union may have fields of one name and different types, so each has a name of its own.
fn fields(schema: &Schema, name: &str, alias: &str) -> String {
    let known = |field: &FieldDefinition| if alias.is_empty() { String::new() } else { format!("{alias}_{}: ", field.name) };
    let fields = schema.get_object(name).unwrap().fields.values();
    fields.map(|field| format!("{}{} {} ", known(field), field.name, full(schema, field.ty.inner_named_type()))).collect()
}

/// The fullest operation of each root field.
fn fullest(of: OperationType) -> Vec<(String, String)> {
    let schema = schema();
    let root = schema.get_object(schema.root_operation(of).unwrap()).unwrap();
    let operation = |field: &FieldDefinition| {
        let given = field.arguments.iter().filter(|argument| argument.is_required());
        let (declared, passed): (Vec<_>, Vec<_>) =
            given.map(|argument| (format!("${}: {}", argument.name, argument.ty), format!("{0}: ${0}", argument.name))).unzip();
        let list = |open: &str, parts: &[String], close: &str| {
            if parts.is_empty() { String::new() } else { format!("{open}{}{close}", parts.join(", ")) }
        };
        format!(
            "{of} {} {{ {}{} {} }}",
            list("(", &declared, ")"),
            field.name,
            list("(", &passed, ")"),
            full(&schema, field.ty.inner_named_type())
        )
    };
    root.fields.values().map(|field| (field.name.to_string(), operation(field))).collect()
}

/// What an operation costs, as a server says that allows next to nothing.
fn cost(phone: &Phone, query: &str) -> u64 {
    let told = send(phone, query, json!({})).expect(400).json();
    told["errors"][0]["extensions"]["cost"].as_u64().unwrap_or_else(|| panic!("{query}: {told}"))
}

#[test]
fn the_fullest_answer_of_each_root_field_is_within_what_a_phone_has() {
    let server = server(&[("TANDEM_GRAPHQL_COST", "1"), ("TANDEM_LIMITS_COST", "off")]);
    let phone = Phone::single(&server);
    for (of, most) in [(OperationType::Mutation, MUTATION), (OperationType::Query, QUERY)] {
        let operations = fullest(of);
        assert!(operations.len() >= 3);
        for (name, query) in operations {
            let cost = cost(&phone, &query);
            let most = if WHOLE.contains(&name.as_str()) { MUTATION } else { most };
            assert!((2..=most).contains(&cost), "{name} costs {cost}");
        }
    }
}

#[test]
fn a_phone_lives_on_the_defaults() {
    let server = server(&[]);
    let phone = Phone::single(&server);
    let operations = fullest(OperationType::Mutation);
    let named = |name: &str| operations.iter().find(|(known, _)| known == name).map(|(_, query)| query.clone()).unwrap();
    let (batch, voice, changes) = (named("syncBatch"), named("syncVoiceData"), fullest(OperationType::Query));
    let changes = &changes.iter().find(|(name, _)| name == "changes").unwrap().1;
    for round in 0..5 {
        let key = |what: &str| format!("a-key-for-{what}-number-{round}");
        let item = json!({"verificationId": format!("v{round}"), "timestamp": "2026-01-05T10:00:00Z", "verified": true});
        let sent = json!({"data": [item], "idempotencyKey": key("voice"), "deviceId": "d"});
        assert_eq!(data(&phone, &voice, sent)["syncVoiceData"]["syncedItems"], 1);
        let sent = json!({"batch": {"idempotencyKey": key("batch"), "deviceId": "d", "clientTimestamp": "2026-01-05T10:00:00Z",
            "records": (0..200).map(|n| json!({"domain": "JOURNAL", "mobileId": format!("00000000-0000-4000-8000-{:012}", round * 200 + n),
                "operation": "CREATE", "data": {"title": "t"}})).collect::<Vec<Value>>()}});
        assert_eq!(data(&phone, &batch, sent)["syncBatch"]["success"], true);
        for _ in 0..10 {
            data(&phone, changes, json!({}));
        }
    }
}
