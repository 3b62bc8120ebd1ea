//! Values that GraphQL's own types cannot hold on their way to the rules of the nouns, which say what is wrong with them item
//! by item: numbers of more digits than a double has, whole numbers written `5.0` or out of an `Int`'s range, and what stands
//! under the seal of `base::json`.

use super::literals;
use crate::base::error::Result;
use crate::base::json::{self, Stand};
use crate::http::body;
use apollo_compiler::ast::{self, Type};
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::response::serde_json_bytes::Value as Coerced;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node, Schema};
use serde_json::{Map, Value};

/// Levels of a request above an item: the body, its variables, a batch, and a list.
pub const ABOVE_ITEMS: usize = 4;
/// Whole numbers below this are exact in a double: GraphQL takes no larger one for a `Float`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The document with the digits of every number in it. It stays valid: types were checked before.
///
/// # Errors
/// When the kernel gives no randomness for the seal.
pub fn with_digits(document: Valid<ExecutableDocument>) -> Result<Valid<ExecutableDocument>> {
    let mut document = document.into_inner();
    let operations = document.operations.anonymous.iter_mut().chain(document.operations.named.values_mut());
    for operation in operations {
        let operation = operation.make_mut();
        for value in operation.variables.iter_mut().filter_map(|variable| variable.make_mut().default_value.as_mut()) {
            literal(value)?;
        }
        selections(&mut operation.selection_set)?;
    }
    for fragment in document.fragments.values_mut() {
        selections(&mut fragment.make_mut().selection_set)?;
    }
    Ok(Valid::assume_valid(document))
}

fn selections(set: &mut SelectionSet) -> Result<()> {
    for selection in &mut set.selections {
        match selection {
            Selection::Field(field) => {
                let field = field.make_mut();
                field.arguments.iter_mut().try_for_each(|argument| literal(&mut argument.make_mut().value))?;
                selections(&mut field.selection_set)?;
            }
            Selection::InlineFragment(inline) => selections(&mut inline.make_mut().selection_set)?,
            Selection::FragmentSpread(_) => {}
        }
    }
    Ok(())
}

fn literal(value: &mut Node<ast::Value>) -> Result<()> {
    let text = match value.make_mut() {
        ast::Value::List(items) => return items.iter_mut().try_for_each(literal),
        ast::Value::Object(members) => return members.iter_mut().try_for_each(|(_, value)| literal(value)),
        ast::Value::Int(number) => number.as_str().to_owned(),
        ast::Value::Float(number) => number.as_str().to_owned(),
        _ => return Ok(()),
    };
    if let Some(stand_in) = json::stand_in(&text)? {
        *value.make_mut() = ast::Value::String(stand_in);
    }
    Ok(())
}

/// What was taken out of variables before GraphQL looked at them, and where it belongs.
#[derive(Debug, Default)]
pub struct Lifted(Vec<(Vec<Step>, Value)>);

/// A step on the way to a value.
#[derive(Debug, Clone)]
enum Step {
    Member(String),
    Element(usize),
}

/// A walk through the variables.
struct Walk<'s> {
    schema: &'s Schema,
    path: Vec<Step>,
    lifted: Lifted,
    /// Are we within a list? What is wrong there concerns its item alone.
    in_list: bool,
}

/// Takes out of variables what their types cannot hold.
///
/// # Errors
/// When something that belongs to no item cannot be kept.
pub fn lift(schema: &Schema, operation: &Operation, variables: &mut Map<String, Value>) -> Result<Lifted> {
    let known = |name: &str| operation.variables.iter().any(|variable| variable.name == name);
    body::sound(variables.iter().filter(|(name, _)| !known(name)))?;
    let mut walk = Walk { schema, path: Vec::new(), lifted: Lifted::default(), in_list: false };
    for variable in &operation.variables {
        if let Some(value) = variables.get_mut(variable.name.as_str()) {
            walk.in_list = literals::is_lifted(&variable.name);
            walk.member(variable.name.as_str(), &variable.ty, value)?;
        }
    }
    Ok(walk.lifted)
}

impl Walk<'_> {
    fn member(&mut self, name: &str, ty: &Type, value: &mut Value) -> Result<()> {
        self.path.push(Step::Member(name.to_owned()));
        self.value(ty, value)?;
        self.path.pop();
        Ok(())
    }

    fn value(&mut self, ty: &Type, value: &mut Value) -> Result<()> {
        if ty.is_list() && !value.is_null() {
            return self.list(ty, value);
        }
        let name = ty.inner_named_type();
        let known = self.schema.types.get(name);
        if !self.in_list && !matches!((known, &*value), (Some(ExtendedType::InputObject(_)), Value::Object(_))) {
            body::sound([(&String::new(), &*value)].into_iter())?;
        }
        let stand_in = match (known, &mut *value) {
            (Some(ExtendedType::InputObject(input)), Value::Object(members)) => {
                for (name, value) in members {
                    if let Some(field) = input.fields.get(name.as_str()) {
                        self.member(name, &field.ty, value)?;
                    }
                }
                return Ok(());
            }
            (Some(ExtendedType::Scalar(_)), value) if self.in_list => scalar(name, value),
            (Some(ExtendedType::Scalar(_)), value) => {
                plain(name, value);
                None
            }
            (Some(ExtendedType::Enum(words)), value) => words.values.keys().next().and_then(|word| word_of(word, value)),
            (_, value) => json::is_sealed(value).then_some(Value::Null),
        };
        if let Some(stand_in) = stand_in {
            self.lifted.0.push((self.path.clone(), std::mem::replace(value, stand_in)));
        }
        Ok(())
    }

    /// One value is a list of one (GraphQL, October 2021, §3.11).
    fn list(&mut self, ty: &Type, value: &mut Value) -> Result<()> {
        let outer = std::mem::replace(&mut self.in_list, true);
        let items = match value {
            Value::Array(items) => items.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for (number, item) in items.iter_mut().enumerate() {
            self.path.push(Step::Element(number));
            self.value(ty.item_type(), item)?;
            self.path.pop();
        }
        self.in_list = outer;
        Ok(())
    }
}

/// What a scalar takes in the place of a value that its rules shall see; `None` when it may stay.
fn scalar(name: &str, value: &Value) -> Option<Value> {
    let stand = json::stand(value);
    match name {
        "Int" => {
            let fits = value.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
            (json::digits(value).is_some() && !fits || stand == Stand::Fault).then(|| 0.into())
        }
        "Float" => {
            let fits = value.is_f64() || value.as_f64().is_some_and(|number| number.abs() < EXACT);
            (json::digits(value).is_some() && !fits || stand == Stand::Fault).then(|| 0.into())
        }
        "ID" => (stand == Stand::Number || value.is_u64() && !value.is_i64()).then(|| "".into()),
        "Boolean" => (stand == Stand::Fault).then(|| false.into()),
        _ => None,
    }
}

/// Of no item: a number is as near to its value as GraphQL has it, and GraphQL says whether it fits.
fn plain(name: &str, value: &mut Value) {
    match json::digits(value).filter(|_| json::stand(value) == Stand::Number) {
        Some(digits) if name == "ID" => *value = digits.into(),
        Some(digits) if ["Int", "Float", "String", "Boolean"].contains(&name) => {
            *value = digits.parse::<f64>().unwrap_or_default().into()
        }
        _ => {}
    }
}

fn word_of(word: &str, value: &Value) -> Option<Value> {
    (json::stand(value) == Stand::Fault).then(|| word.into())
}

impl Lifted {
    /// Puts everything back to where it was.
    #[must_use]
    pub fn restore(self, variables: Valid<JsonMap>) -> Valid<JsonMap> {
        let mut variables = JsonValue::Object(variables.into_inner());
        for (path, value) in self.0 {
            let place = path.iter().try_fold(&mut variables, |place, step| match step {
                Step::Member(name) => place.get_mut(name.as_str()),
                Step::Element(number) => place.get_mut(*number),
            });
            if let Some(place) = place {
                *place = value.into();
            }
        }
        match variables {
            Coerced::Object(variables) => Valid::assume_valid(variables),
            _ => Valid::assume_valid(JsonMap::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apollo_compiler::request::coerce_variable_values;

    const SCHEMA: &str = "scalar JSON enum Word { A B } input Item { n: Int f: Float! id: ID w: Word on: Boolean any: JSON } \
         type Query { q(items: [Item], any: JSON): Int }";

    /// The variables as the rules see them.
    fn coerced(items: &str) -> std::result::Result<Value, String> {
        let schema = Schema::parse_and_validate(SCHEMA, "s").unwrap();
        let document = ExecutableDocument::parse_and_validate(
            &schema,
            "query($items: [Item], $any: JSON) { q(items: $items, any: $any) }",
            "q",
        );
        let document = document.unwrap();
        let operation = document.operations.get(None).unwrap();
        let mut sent = body::items(items.as_bytes(), ABOVE_ITEMS, 1).unwrap();
        let lifted = lift(&schema, operation, &mut sent).map_err(|error| error.to_string())?;
        let sent = sent.into_iter().map(|(name, value)| (name.into(), value.into())).collect::<JsonMap>();
        let coerced = coerce_variable_values(&schema, operation, &sent).map_err(|error| error.message().to_string())?;
        Ok(serde_json::to_value(&*lifted.restore(coerced)).unwrap())
    }

    #[test]
    fn what_a_type_cannot_hold_reaches_the_rules_of_its_item() {
        let value = coerced(
            r#"{"items":[{"n":5.0,"f":18446744073709551616,"id":123456789012345678901,"any":0.12345678901234567890123},{"n":1,"f":1}]}"#,
        );
        let text = json::write(&value.unwrap()).unwrap();
        let expected = r#"{"items":[{"any":0.12345678901234567890123,"f":18446744073709551616,"id":123456789012345678901,"n":5.0},{"f":1,"n":1}]}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn what_cannot_be_kept_stays_with_its_item() {
        for bad in [
            r#""f":1e400"#,
            r#""f":1,"w":"\ud83d""#,
            r#""f":1,"n":-1e999"#,
            r#""f":1,"id":"\udc00""#,
            r#""f":1,"any":{"a":["\ud83d"]}"#,
        ] {
            let value = coerced(&format!(r#"{{"items":[{{{bad}}},{{"f":2}}]}}"#)).unwrap();
            assert!(json::fault(&value["items"][0]).is_some() && json::fault(&value["items"][1]).is_none(), "{bad}");
        }
        let one = coerced(r#"{"items":{"f":1e400}}"#).unwrap();
        assert!(json::fault(&one["items"][0]).is_some(), "one item is a list of one");
    }

    #[test]
    fn what_cannot_be_kept_of_no_item_is_refused_with_the_whole() {
        assert!(coerced(r#"{"any":"\ud83d"}"#).is_err() && coerced(r#"{"other":1e400}"#).is_err());
        let wrong = coerced(r#"{"items":[{"f":"text"}]}"#).unwrap_err();
        assert!(wrong.contains("could not coerce"), "what else does not fit is GraphQL's to say: {wrong}");
    }

    #[test]
    fn a_literal_keeps_its_digits() {
        let schema = Schema::parse_and_validate(SCHEMA, "s").unwrap();
        let query = "{ q(any: {a: [1.00000000000000000000001, 1]}) }";
        let document = with_digits(ExecutableDocument::parse_and_validate(&schema, query, "q").unwrap()).unwrap();
        let field = document.operations.get(None).unwrap().root_fields(&document).next().unwrap().clone();
        let items = field.arguments[0].value.as_object().unwrap()[0].1.as_list().unwrap();
        let sealed = Value::from(items[0].as_str().unwrap());
        assert_eq!((json::digits(&sealed).as_deref(), items[1].as_str()), (Some("1.00000000000000000000001"), None));
    }
}
