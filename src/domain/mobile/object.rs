//! An object of an answer, as it is on its way there: what an upload of a thousand records is answered is put together once.

use crate::base::json;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// An object, or null where there is none any more.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// As JSON.
    Json(Value),
    /// Its members in the order of their names, as JSON would have them.
    Members(Vec<(Cow<'static, str>, Value)>),
}

impl Object {
    /// An object of these fields and of what is told of it, which counts where both have a name; of `blanks` what neither has is null.
    pub fn of(
        fields: Map<String, Value>,
        told: Vec<(&'static str, Value)>,
        blanks: impl Iterator<Item = &'static str>,
    ) -> Object {
        let is_told = |name: &str| told.iter().any(|(told, _)| *told == name);
        let blank = |name: &&str| !fields.contains_key(*name) && !is_told(name);
        let mut members: Vec<(Cow<'static, str>, Value)> = Vec::with_capacity(fields.len() + told.len() + BLANKS);
        members.extend(blanks.filter(blank).map(|name| (Cow::Borrowed(name), Value::Null)));
        let own = fields.into_iter().filter(|(name, _)| !is_told(name));
        members.extend(own.map(|(name, value)| (Cow::Owned(name), value)));
        members.extend(told.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)));
        members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Object::Members(members)
    }

    /// About how many bytes it has as JSON; see [`json::size`].
    pub fn size(&self) -> usize {
        match self {
            Object::Json(value) => json::size(value),
            Object::Members(members) => json::size_of(members.iter().map(|(name, member)| (&**name, member))),
        }
    }
}

/// So many fields of a record are mostly not set.
const BLANKS: usize = 16;

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Object::Json(value) => value.serialize(serializer),
            Object::Members(members) => serializer.collect_map(members.iter().map(|(name, member)| (name, member))),
        }
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        Value::deserialize(deserializer).map(Object::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_written_as_json_has_them() {
        let fields = json!({"b": "\"x\"", "version": 7, "e": [1, null]});
        let of = |fields: &Value| {
            let told = vec![("version", json!(2)), ("a", json!("told"))];
            Object::of(fields.as_object().unwrap().clone(), told, ["d", "b", "a"].into_iter())
        };
        let object = of(&fields);
        let whole = json!({"a": "told", "b": "\"x\"", "d": null, "e": [1, null], "version": 2});
        assert_eq!(json::write(&object).unwrap(), json::write(&whole).unwrap());
        assert_eq!(
            (object.size(), of(&json!({})).size()),
            (json::size(&whole), json::size(&json!({"a": "told", "b": null, "d": null, "version": 2})))
        );
        assert_eq!(json::read::<Object>(json::write(&object).unwrap().as_bytes()).unwrap(), Object::Json(whole));
    }
}
