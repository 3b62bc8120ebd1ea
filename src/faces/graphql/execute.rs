//! Running an operation: root fields are answered by the nouns, what lies below by the JSON that they gave.

use super::cost::{self, Bill};
use super::ready::Ready;
use super::retired;
use super::{errors, schema};
use crate::base::error::{Error, Refused, Result, refuse};
use crate::base::text;
use crate::feature::graphql::TYPE_NAME;
use crate::feature::{Access, Asked, Ctx, Root, Without};
use apollo_compiler::ast::Type;
use apollo_compiler::executable::Selection;
use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{ExecutionResponse, GraphQLError, JsonValue, ResponseDataPathSegment};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

/// What an answer may hold, in bytes: with the objects that it shows and the text that is made of it less than the 128 MiB that
/// no request takes more than.
const ROOM: usize = 24 * 1024 * 1024;
/// What a field of an answer takes beside its text.
const FIELD: usize = 96;
/// A text of which an answer without room holds no more.
const SHORT: usize = 32;

/// Runs an operation. What rules refuse stands among the answer's errors, with the rest of the data.
///
/// # Errors
/// Whatever else goes wrong, and what concerns the caller rather than a field: nothing is shown then. What mutations
/// before it have written is found again under their keys.
pub fn run(ctx: &mut Ctx<'_>, ready: &Ready<'_>) -> Result<ExecutionResponse> {
    let top = Top {
        type_name: ready.operation.object_type(),
        ctx: RefCell::new(ctx),
        ready,
        failures: RefCell::default(),
        room: Cell::new(ROOM),
    };
    let run = Execution::new(ready.schema, ready.document)
        .operation(ready.operation)
        .coerced_variable_values(ready.variables)
        .enable_schema_introspection(true)
        .execute_sync(&top);
    let mut response = run.map_err(|error| Error::Internal(format!("GraphQL: {}", error.message())))?;
    if top.room.get() == 0 {
        return refuse(Refused::AnswerTooLarge, &text::ANSWER_TOO_LARGE);
    }
    let Top { ctx, failures, .. } = top;
    let (ctx, mut failures) = (ctx.into_inner(), failures.into_inner());
    let nothing_done = response.data.as_ref().is_none_or(|data| data.values().all(|value| *value == JsonValue::Null));
    if let Some(place) = failures.iter().position(|(_, error)| concerns_the_caller(error, nothing_done)) {
        return Err(failures.swap_remove(place).1);
    }
    for error in &mut response.errors {
        match ready.retired.marked(&error.message) {
            Some(entry) => retired::explain(error, entry),
            None => explain(ctx, error, &failures)?,
        }
    }
    Ok(response)
}

/// Is this for the whole request to tell, by its status?
fn concerns_the_caller(error: &Error, nothing_done: bool) -> bool {
    match error {
        Error::Refused(refusal) => {
            nothing_done
                && matches!(
                    refusal.kind,
                    Refused::Unauthenticated(_) | Refused::TooMany(_) | Refused::InProgress | Refused::AnswerTooLarge
                )
        }
        _ => true,
    }
}

/// Gives an error its code. One that no rule explains is a value that does not fit the schema.
fn explain(ctx: &Ctx<'_>, error: &mut GraphQLError, failures: &[(String, Error)]) -> Result<()> {
    let [ResponseDataPathSegment::Field(key)] = error.path.as_slice() else { return Err(unexplained(error)) };
    match failures.iter().find(|(failed, _)| failed == key.as_str()) {
        Some((_, Error::Refused(refusal))) => {
            error.message = refusal.detail.render(ctx.request.language).into_owned();
            let told = errors::extensions(refusal, ctx.request.language);
            error.extensions = told.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            Ok(())
        }
        _ => Err(unexplained(error)),
    }
}

fn unexplained(error: &GraphQLError) -> Error {
    Error::Internal(format!("GraphQL: {} at {:?}", error.message, error.path))
}

/// `Query` or `Mutation`.
struct Top<'t, 'c> {
    type_name: &'t str,
    ctx: RefCell<&'t mut Ctx<'c>>,
    ready: &'t Ready<'t>,
    /// What went wrong, by the key of its root field.
    failures: RefCell<Vec<(String, Error)>>,
    /// What the answer may still hold, in bytes; 0 once it was too large.
    room: Cell<usize>,
}

impl ObjectValue for Top<'_, '_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> std::result::Result<ResolvedValue<'a>, FieldError> {
        self.ready.retired.refuse(info)?;
        match self.resolve(info) {
            Ok(value) => Ok(Shape { ready: self.ready, room: &self.room }.of(&info.field_definition().ty, Cow::Owned(value))),
            Err(error) => {
                let key = info.field_selections().first().map_or_else(String::new, |field| field.response_key().to_string());
                self.failures.borrow_mut().push((key, error));
                Err(FieldError { message: String::new() })
            }
        }
    }
}

impl Top<'_, '_> {
    fn resolve(&self, info: &ResolveInfo<'_>) -> Result<Value> {
        let mut ctx = self.ctx.borrow_mut();
        let root = schema::root(ctx.house.features, info.field_name());
        let root = root.ok_or_else(|| Error::Internal(format!("GraphQL: nothing answers {}", info.field_name())))?;
        if self.ready.operation.is_query()
            && let Some(without) = without(&ctx, root)?
        {
            return Ok(without);
        }
        let portion = ctx.request.portion.get();
        (root.resolve)(&mut ctx, &asked(self.ready, info, root, portion))
    }
}

/// What a user without a couple is answered. Mutations admit their caller themselves.
fn without(ctx: &Ctx<'_>, root: &Root) -> Result<Option<Value>> {
    match root.access {
        Access::Member(kind) if ctx.caller()?.tenant.is_none() => match kind {
            Without::Empty => Ok(Some(Asked::empty())),
            Without::NotFound => Ok(Some(Value::Null)),
            Without::NoCouple | Without::Invalid => refuse(Refused::NotFound, &text::NO_COUPLE),
        },
        _ => Ok(None),
    }
}

fn asked(ready: &Ready<'_>, info: &ResolveInfo<'_>, root: &Root, portion: i64) -> Asked {
    let mut arguments = Map::new();
    for definition in &info.field_definition().arguments {
        if let Some(value) = info.arguments().get(definition.name.as_str()).filter(|value| !value.is_null()) {
            arguments.insert(snake_case(&definition.name), canonical(ready.schema, &definition.ty, value));
        }
    }
    let mut fields = Vec::new();
    for field in info.field_selections() {
        list(ready.document, &field.selection_set.selections, "", &mut fields);
    }
    let sent = |name: &str| ready.variables.get(name);
    let variable = |name: &str| sent(name).and_then(|value| cost::objects(value.as_i64(), value.as_array().map(Vec::len)));
    let bill = Bill {
        schema: ready.schema,
        document: ready.document,
        operation: ready.operation,
        rate: &|_| schema::rate(root),
        variable: &variable,
    };
    let points = bill.of_root(info.field_selections());
    Asked { arguments, fields, points, portion }
}

/// The paths of every field below, fragments opened.
fn list(document: &ExecutableDocument, selections: &[Selection], above: &str, fields: &mut Vec<String>) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                let path = format!("{above}{}", field.name);
                list(document, &field.selection_set.selections, &format!("{path}."), fields);
                fields.push(path);
            }
            Selection::InlineFragment(inline) => list(document, &inline.selection_set.selections, above, fields),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.fragment_name) {
                    list(document, &fragment.selection_set.selections, above, fields);
                }
            }
        }
    }
}

/// `createdById` as REST and the rules write it.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// An argument in the form of REST. JSON of the client's own stays as it is.
fn canonical(schema: &Schema, ty: &Type, value: &JsonValue) -> Value {
    match (value, schema.types.get(ty.inner_named_type())) {
        (JsonValue::Array(items), _) => items.iter().map(|item| canonical(schema, ty.item_type(), item)).collect(),
        (JsonValue::Object(members), Some(ExtendedType::InputObject(input))) => {
            let sent = members.iter().filter(|(_, value)| !value.is_null());
            let member = |(name, value): (&_, &JsonValue)| {
                let name: &apollo_compiler::response::serde_json_bytes::ByteString = name;
                let field = input.fields.get(name.as_str())?;
                Some((snake_case(name.as_str()), canonical(schema, &field.ty, value)))
            };
            Value::Object(sent.filter_map(member).collect())
        }
        (JsonValue::String(word), Some(ExtendedType::Enum(_))) => Value::String(word.as_str().to_ascii_lowercase()),
        _ => serde_json::to_value(value).unwrap_or_default(),
    }
}

/// An object below the root: its members in the form of REST.
struct Object<'v> {
    shape: Shape<'v>,
    type_name: Cow<'v, str>,
    members: Cow<'v, Map<String, Value>>,
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> std::result::Result<ResolvedValue<'a>, FieldError> {
        self.shape.ready.retired.refuse(info)?;
        match self.members.get(&snake_case(info.field_name())) {
            Some(value) => Ok(self.shape.of(&info.field_definition().ty, Cow::Borrowed(value))),
            None => Err(self.unknown_field_error(info)),
        }
    }
}

/// How values become what the schema has.
#[derive(Clone, Copy)]
struct Shape<'v> {
    ready: &'v Ready<'v>,
    room: &'v Cell<usize>,
}

impl<'v> Shape<'v> {
    fn of(self, ty: &'v Type, value: Cow<'v, Value>) -> ResolvedValue<'v> {
        let name = ty.inner_named_type();
        match (value, self.ready.schema.types.get(name)) {
            (Cow::Borrowed(Value::Array(items)), _) if ty.is_list() => {
                let items = if self.takes(items.len() * FIELD) { items.as_slice() } else { &[] };
                ResolvedValue::list(items.iter().map(move |item| self.of(ty.item_type(), Cow::Borrowed(item))))
            }
            // What a root field gives is nobody else's.
            (Cow::Owned(Value::Array(items)), _) if ty.is_list() => {
                let items = if self.takes(items.len() * FIELD) { items } else { Vec::new() };
                ResolvedValue::list(items.into_iter().map(move |item| self.of(ty.item_type(), Cow::Owned(item))))
            }
            (Cow::Borrowed(Value::Object(members)), Some(ExtendedType::Object(_) | ExtendedType::Union(_))) => {
                let type_name = Cow::Borrowed(members.get(TYPE_NAME).and_then(Value::as_str).unwrap_or(name));
                ResolvedValue::object(Object { shape: self, type_name, members: Cow::Borrowed(members) })
            }
            (Cow::Owned(Value::Object(members)), Some(ExtendedType::Object(_))) => {
                ResolvedValue::object(Object { shape: self, type_name: Cow::Borrowed(name), members: Cow::Owned(members) })
            }
            (value, Some(ExtendedType::Enum(_))) => ResolvedValue::leaf(word(&value)),
            (value, _) if name == "ID" => ResolvedValue::leaf(id(&value)),
            (value, _) if name == "Int" => ResolvedValue::leaf(int(value.into_owned())),
            (value, _) if self.takes(weight(&value)) => ResolvedValue::leaf(value.into_owned()),
            (value, _) => ResolvedValue::leaf(thin(&value)),
        }
    }

    /// Counts what the answer holds. Once it is too large it holds next to nothing more, and is not sent.
    fn takes(self, bytes: usize) -> bool {
        let left = self.room.get().saturating_sub(bytes);
        self.room.set(left);
        left > 0
    }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    let below = match value {
        Value::String(text) => text.len(),
        Value::Array(elements) => elements.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, member)| name.len() + FIELD + weight(member)).sum(),
        _ => 0,
    };
    FIELD + below
}

/// Something of the same type that takes next to nothing.
fn thin(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > SHORT => "".into(),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(Map::new()),
        other => other.clone(),
    }
}

/// A word of an enumeration: in capitals here, in small letters elsewhere.
fn word(value: &Value) -> JsonValue {
    value.as_str().map_or(JsonValue::Null, |word| word.to_ascii_uppercase().into())
}

/// GraphQL's `Int` has 32 bits: a count beyond them is the most that it can say.
fn int(value: Value) -> Value {
    value.as_i64().map_or(value, |number| i32::try_from(number).unwrap_or(i32::MAX).into())
}

/// An id is a string here: users' are numbers in REST, larger than GraphQL's `Int`.
fn id(value: &Value) -> JsonValue {
    match value {
        Value::Number(number) => number.to_string().into(),
        other => other.clone().into(),
    }
}
