//! The schema, put together from the parts of the nouns.

use super::cost::Rate;
use super::parts;
use crate::base::error::{Error, Result};
use crate::feature::lifecycle::{Entry, Source, Target};
use crate::feature::{Feature, Root};
use apollo_compiler::Schema;
use apollo_compiler::ast::{DirectiveList, FieldDefinition};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the parts have in common.
const COMMON: &str = include_str!("schema.graphql");

/// The schema of these nouns, parsed once a process: it is a part of the program. A test of its own validates it.
///
/// # Errors
/// When it is not well-formed, which is a defect.
pub fn of(features: &[&Feature]) -> Result<&'static Valid<Schema>> {
    match WHOLE.get() {
        Some(schema) => Ok(schema),
        None => {
            let schema = of_parts(features, features)?;
            Ok(WHOLE.get_or_init(|| Valid::assume_valid(schema)))
        }
    }
}

static WHOLE: OnceLock<Valid<Schema>> = OnceLock::new();
/// Has a document been asked of this process? A process that is there for one parses what that one needs.
static LIVES: AtomicBool = AtomicBool::new(false);

/// A schema that a document can be read by.
pub enum Fit {
    /// All of it.
    Whole(&'static Valid<Schema>),
    /// The parts that the document needs.
    Part(Box<Valid<Schema>>),
}

impl Fit {
    /// Is more of it to be had?
    pub const fn is_part(&self) -> bool {
        matches!(self, Fit::Part(_))
    }
}

impl Deref for Fit {
    type Target = Valid<Schema>;

    fn deref(&self) -> &Valid<Schema> {
        match self {
            Fit::Whole(schema) => schema,
            Fit::Part(schema) => schema,
        }
    }
}

/// The schema for a document: the parts that it needs, where the process has not come by all of them yet.
///
/// # Errors
/// When it is not well-formed, which is a defect.
pub fn fit(features: &[&Feature], document: &str) -> Result<Fit> {
    let parts = if LIVES.swap(true, Ordering::Relaxed) { None } else { parts::needed(features, document) };
    match parts {
        Some(parts) => Ok(Fit::Part(Box::new(Valid::assume_valid(of_parts(&parts, features)?)))),
        None => of(features).map(Fit::Whole),
    }
}

/// The parts of some of these nouns.
///
/// # Errors
/// When they are not well-formed, which is a defect.
pub fn of_parts(some: &[&Feature], features: &[&Feature]) -> Result<Schema> {
    let mut builder = Schema::builder().adopt_orphan_extensions().parse(COMMON, "schema.graphql");
    for feature in some.iter().filter(|feature| !feature.graph.schema.is_empty()) {
        builder = match feature.graph.fill {
            Some(fill) => builder.parse(fill(feature.graph.schema, features), feature.name),
            None => builder.parse(feature.graph.schema, feature.name),
        };
    }
    builder.build().map_err(|wrong| Error::Internal(format!("GraphQL's schema: {}", wrong.errors)))
}

/// The schema of these nouns in the schema definition language, validated.
///
/// # Errors
/// What is wrong with it, which is a defect.
pub fn text(features: &[&Feature]) -> Result<String> {
    let valid = of_parts(features, features)?
        .validate()
        .map_err(|wrong| Error::Internal(format!("GraphQL's schema: {}", wrong.errors)))?;
    Ok(valid.to_string())
}

/// What is known of a root field for its cost.
pub const fn rate(root: &Root) -> Rate {
    Rate { weight: root.weight, page: root.page }
}

/// What the schema itself says is deprecated. It is parsed only where it says so of anything.
///
/// # Errors
/// When it is not well-formed, which is a defect.
pub fn deprecated(features: &[&Feature]) -> Result<Vec<Entry>> {
    let says = |text: &str| text.contains(DIRECTIVE);
    if !says(COMMON) && !features.iter().any(|feature| says(feature.graph.schema)) {
        return Ok(Vec::new());
    }
    let schema = of(features)?;
    let marked = coordinates(schema).into_iter().filter_map(|(coordinate, directives)| {
        let directive = directives.get(&DIRECTIVE[1..])?;
        let reason = directive.specified_argument_by_name("reason").and_then(|reason| reason.as_str()).map(str::to_owned);
        let target = Target::Graphql(coordinate);
        let (since, sunset, successor, link, source) = (None, None, None, None, Source::Schema);
        Some(Entry { target, since, sunset, successor, link, reason, source })
    });
    Ok(marked.collect())
}

/// How the schema marks what is deprecated.
const DIRECTIVE: &str = "@deprecated";

/// Does the schema have what a coordinate names?
///
/// # Errors
/// When it is not well-formed, which is a defect.
pub fn has(features: &[&Feature], coordinate: &str) -> Result<bool> {
    Ok(coordinates(of(features)?).iter().any(|(known, _)| known == coordinate))
}

/// Every field, argument, input field and value of an enumeration, with its directives.
fn coordinates(schema: &Schema) -> Vec<(String, &DirectiveList)> {
    let mut all = Vec::new();
    for (name, definition) in &schema.types {
        match definition {
            ExtendedType::Object(object) => object.fields.values().for_each(|field| of_field(name, field, &mut all)),
            ExtendedType::Interface(interface) => interface.fields.values().for_each(|field| of_field(name, field, &mut all)),
            ExtendedType::Enum(words) => {
                all.extend(words.values.iter().map(|(word, value)| (format!("{name}.{word}"), &value.directives)));
            }
            ExtendedType::InputObject(input) => {
                all.extend(input.fields.iter().map(|(member, field)| (format!("{name}.{member}"), &field.directives)));
            }
            ExtendedType::Scalar(_) | ExtendedType::Union(_) => {}
        }
    }
    all
}

fn of_field<'s>(owner: &str, field: &'s FieldDefinition, all: &mut Vec<(String, &'s DirectiveList)>) {
    all.push((format!("{owner}.{}", field.name), &field.directives));
    all.extend(field.arguments.iter().map(|one| (format!("{owner}.{}({}:)", field.name, one.name), &one.directives)));
}

/// The root field of a name.
pub fn root(features: &[&'static Feature], name: &str) -> Option<&'static Root> {
    features.iter().flat_map(|feature| feature.graph.roots).find(|root| root.name == name)
}
