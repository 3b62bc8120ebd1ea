//! An upload, on its way to the guards.

/// How an upload passes the guards: what it is, the key that it claims, and what it costs.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The operation that its key belongs to, the same through every face.
    pub operation: &'static str,
    /// Its idempotency key, if it has one.
    pub key: Option<String>,
    /// The request in canonical form: JSON with sorted members.
    pub request: Vec<u8>,
    /// Its cost in points; see the limits of GraphQL.
    pub points: u32,
    /// The epoch of the store that its device knows, if it says so.
    pub epoch: Option<String>,
}
