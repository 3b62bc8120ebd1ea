//! Numbers that are written into a document where the schema has an `Int` or a `Float` that does not hold them. Within a list they
//! become variables before the document is validated, so that their items are refused and not the document; a whole number
//! written `5.0` is an `Int` everywhere.

use crate::base::error::{Error, Result};
use crate::base::json;
use apollo_compiler::ast::{
    Definition, DirectiveList, Document, Field, IntValue, OperationDefinition, Selection, Type, Value, VariableDefinition,
};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};
use serde_json::Map;

/// The beginning of the names of such variables. A document that has names like these is refused as one that declares them twice.
const PREFIX: &str = "__number";

/// Is this a variable that stands for a number of a list?
pub fn is_lifted(variable: &str) -> bool {
    variable.starts_with(PREFIX)
}

/// Takes such numbers out of the arguments of root fields.
///
/// # Errors
/// When the kernel gives no randomness for the seal.
pub fn lift(schema: &Schema, document: &mut Document, variables: &mut Map<String, serde_json::Value>) -> Result<()> {
    for definition in &mut document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            let operation = operation.make_mut();
            let mut walk = Walk { schema, variables, declared: Vec::new() };
            walk.operation(operation)?;
            let declared = walk.declared;
            operation.variables.extend(declared);
        }
    }
    Ok(())
}

struct Walk<'w> {
    schema: &'w Schema,
    variables: &'w mut Map<String, serde_json::Value>,
    declared: Vec<Node<VariableDefinition>>,
}

impl Walk<'_> {
    fn operation(&mut self, operation: &mut OperationDefinition) -> Result<()> {
        let root = self.schema.root_operation(operation.operation_type).cloned();
        for selection in &mut operation.selection_set {
            if let (Selection::Field(field), Some(root)) = (selection, &root)
                && field.arguments.iter().any(|argument| has_number(&argument.value))
            {
                self.field(root, field.make_mut())?;
            }
        }
        Ok(())
    }

    fn field(&mut self, root: &Name, field: &mut Field) -> Result<()> {
        let Ok(definition) = self.schema.type_field(root, &field.name) else { return Ok(()) };
        for argument in &mut field.arguments {
            if let Some(known) = definition.argument_by_name(&argument.name) {
                self.value(&known.ty, &mut argument.make_mut().value, false)?;
            }
        }
        Ok(())
    }

    fn value(&mut self, ty: &Type, value: &mut Node<Value>, in_list: bool) -> Result<()> {
        if !has_number(value) {
            return Ok(());
        }
        // One value is a list of one.
        if ty.is_list() && !matches!(**value, Value::List(_)) {
            return self.value(ty.item_type(), value, true);
        }
        match (value.make_mut(), self.schema.types.get(ty.inner_named_type())) {
            (Value::List(items), _) if ty.is_list() => {
                items.iter_mut().try_for_each(|item| self.value(ty.item_type(), item, true))
            }
            (Value::Object(members), Some(ExtendedType::InputObject(input))) => {
                for (name, member) in members {
                    if let Some(field) = input.fields.get(name) {
                        self.value(&field.ty, member, in_list)?;
                    }
                }
                Ok(())
            }
            (number, _) => self.number(ty, number, in_list),
        }
    }

    fn number(&mut self, ty: &Type, value: &mut Value, in_list: bool) -> Result<()> {
        let Some(digits) = misfit(ty.inner_named_type(), value) else { return Ok(()) };
        if let Some(whole) = whole(ty.inner_named_type(), &digits) {
            *value = Value::Int(whole);
        } else if in_list {
            let name = Name::new(&format!("{PREFIX}{}", self.variables.len())).map_err(Error::internal)?;
            self.variables.insert(name.to_string(), sent(&digits)?);
            let ty = Node::new(ty.clone());
            let declared =
                VariableDefinition { name: name.clone(), ty, default_value: None, directives: DirectiveList::default() };
            self.declared.push(Node::new(declared));
            *value = Value::Variable(name);
        }
        Ok(())
    }
}

/// A number as if it had been sent in a variable.
fn sent(digits: &str) -> Result<serde_json::Value> {
    match json::stand_in(digits)? {
        Some(stand_in) => Ok(stand_in.into()),
        None => json::read(digits.as_bytes()),
    }
}

/// Most documents have none: they are not copied.
fn has_number(value: &Value) -> bool {
    match value {
        Value::Int(_) | Value::Float(_) => true,
        Value::List(items) => items.iter().any(|item| has_number(item)),
        Value::Object(members) => members.iter().any(|(_, member)| has_number(member)),
        _ => false,
    }
}

/// The digits of a number that its type does not hold.
fn misfit(name: &str, value: &Value) -> Option<String> {
    match (name, value) {
        ("Int", Value::Float(float)) => Some(float.as_str().to_owned()),
        ("Int", Value::Int(int)) => int.try_to_i32().is_err().then(|| int.as_str().to_owned()),
        ("Float", Value::Int(int)) => int.try_to_f64().is_err().then(|| int.as_str().to_owned()),
        ("Float", Value::Float(float)) => float.try_to_f64().is_err().then(|| float.as_str().to_owned()),
        _ => None,
    }
}

/// A whole number that was written otherwise.
fn whole(name: &str, digits: &str) -> Option<IntValue> {
    let value = digits.parse::<f64>().ok().filter(|value| name == "Int" && value.fract() == 0.0)?;
    let fits = f64::from(i32::MIN) <= value && value <= f64::from(i32::MAX);
    fits.then(|| IntValue::from(value as i32))
}
