//! The one form of JSON of the same value: what requests are compared by.

use super::decimal::Decimal;
use super::seal::{self, Sealed};
use crate::base::error::Result;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::{Number, Value};

/// A value in canonical form, and how many levels below it nulls are as good as nothing. Members are sorted already.
pub struct Canonical<'v>(pub &'v Value, pub u8);

/// Whole numbers below this are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Serialize for Canonical<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let below = self.1.saturating_sub(1);
        match self.0 {
            Value::Object(members) => {
                let kept = members.iter().filter(|(_, value)| self.1 == 0 || !value.is_null());
                serializer.collect_map(kept.map(|(name, value)| (name, Canonical(value, below))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(|item| Canonical(item, below))),
            Value::Number(number) => match small(number) {
                Some(whole) => serializer.serialize_i64(whole),
                None => match Decimal::parse(&number.to_string()).and_then(|number| number.whole()) {
                    Some(whole) => raw(serializer, seal::number(&whole)),
                    None => number.serialize(serializer),
                },
            },
            Value::String(text) => match seal::look(text) {
                Some(Sealed::Number(number)) => {
                    let number = Decimal::parse(number).map_or_else(|| number.to_owned(), |number| number.text());
                    raw(serializer, seal::number(&number))
                }
                _ => serializer.serialize_str(text),
            },
            plain => plain.serialize(serializer),
        }
    }
}

fn small(number: &Number) -> Option<i64> {
    number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < EXACT).map(|n| n as i64)
}

fn raw<S: Serializer>(serializer: S, sealed: Result<String>) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&sealed.map_err(S::Error::custom)?)
}
