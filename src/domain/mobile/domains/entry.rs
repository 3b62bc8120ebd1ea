//! What an entry of the table of domains says of every domain, whatever its items are.

use crate::feature::Names;

/// A domain beside its rules. All of it is values: nothing hangs on the domain's place in a list.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it is called. In GraphQL it has the name of bodies, in capitals.
    pub names: Names,
    /// The upload of a list of its items: the operation that an idempotency key belongs to, the same through every face.
    pub operation: &'static str,
    /// The summary of that upload.
    pub summary: &'static str,
    /// Its type in GraphQL.
    pub graph: GraphType,
}

/// The type that a domain's items have in GraphQL: of telemetry the input, of records the object.
#[derive(Debug, Clone, Copy)]
pub struct GraphType {
    /// Its name.
    pub name: &'static str,
    /// What it is, in the schema definition language; empty where several domains share a type of the noun's own schema.
    pub schema: &'static str,
}

/// The type of every record whose domain has none of its own.
pub const RECORD: GraphType = GraphType { name: "SyncRecord", schema: "" };
