//! A valid operation that is ready to run, and what of it is to go.

use crate::feature::lifecycle::Entry;
use apollo_compiler::executable::{Field, Operation};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

/// A valid operation with the values of its variables.
pub struct Ready<'o> {
    /// The schema.
    pub schema: &'o Valid<Schema>,
    /// The document.
    pub document: &'o Valid<ExecutableDocument>,
    /// The operation to run.
    pub operation: &'o Operation,
    /// Its variables.
    pub variables: &'o Valid<JsonMap>,
    /// What it names that is to go.
    pub retired: Retired<'o>,
}

/// What an operation names that is to go.
#[derive(Default)]
pub struct Retired<'o> {
    /// Each thing once, in the order in which the operation names it.
    pub named: Vec<Entry>,
    /// The fields that are gone, or that use what is gone.
    pub gone: Vec<Gone<'o>>,
}

/// A field that is gone, or that uses what is gone.
pub struct Gone<'o> {
    /// The field.
    pub field: &'o Field,
    /// The keys that lead to it in the answer.
    pub path: Vec<String>,
    /// What is gone.
    pub entry: Entry,
}
