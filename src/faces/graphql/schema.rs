//! The schema, put together from the parts of the nouns.

use super::cost::Rate;
use crate::base::error::{Error, Result};
use crate::feature::{Feature, Root};
use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use std::sync::OnceLock;

/// What the parts have in common.
const COMMON: &str = include_str!("schema.graphql");

/// The schema of these nouns, parsed once a process: it is a part of the program. A test of its own validates it.
///
/// # Errors
/// When it is not well-formed, which is a defect.
pub fn of(features: &[&Feature]) -> Result<&'static Valid<Schema>> {
    static SCHEMA: OnceLock<Valid<Schema>> = OnceLock::new();
    match SCHEMA.get() {
        Some(schema) => Ok(schema),
        None => {
            let schema = parse(features)?;
            Ok(SCHEMA.get_or_init(|| Valid::assume_valid(schema)))
        }
    }
}

fn parse(features: &[&Feature]) -> Result<Schema> {
    let mut builder = Schema::builder().adopt_orphan_extensions().parse(COMMON, "schema.graphql");
    for feature in features.iter().filter(|feature| !feature.graph.schema.is_empty()) {
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
    let valid = parse(features)?.validate().map_err(|wrong| Error::Internal(format!("GraphQL's schema: {}", wrong.errors)))?;
    Ok(valid.to_string())
}

/// What is known of a root field for its cost.
pub const fn rate(root: &Root) -> Rate {
    Rate { weight: root.weight, page: root.page }
}

/// The root field of a name.
pub fn root(features: &[&'static Feature], name: &str) -> Option<&'static Root> {
    features.iter().flat_map(|feature| feature.graph.roots).find(|root| root.name == name)
}
