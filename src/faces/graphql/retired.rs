//! What an operation names that is to go: told beside its answer, and from the last day on refused where it is named.

use super::ready::{Gone, Ready, Retired};
use super::{errors, schema};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::feature::lifecycle::{Entry, State, Target, merged};
use crate::feature::{Ctx, House};
use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::{InputValueDefinition, Type, Value as Literal};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::resolvers::{FieldError, ResolveInfo};
use apollo_compiler::response::{GraphQLError, JsonValue};
use apollo_compiler::schema::ExtendedType;
use serde_json::{Map, Value, json};

/// The most warnings that an answer carries.
const MOST: usize = 20;
/// What the errors of fields that are gone begin with, on their way through the execution.
const MARK: &str = "gone: ";

/// Looks through an operation. Where nothing of GraphQL is to go, that costs nothing.
///
/// # Errors
/// When the schema is not well-formed, which is a defect.
pub fn look<'o>(ctx: &Ctx<'_>, ready: &Ready<'o>) -> Result<Retired<'o>> {
    let entries = entries(ctx.house)?;
    let mut walk = Walk { ready, entries, now: ctx.now, path: Vec::new(), found: Retired::default() };
    if !walk.entries.is_empty() {
        walk.all(&ready.operation.selection_set, &mut Vec::new());
    }
    Ok(walk.found)
}

fn entries(house: &House) -> Result<Vec<Entry>> {
    let declared = house.lifecycle.entries.iter().filter(|entry| matches!(entry.target, Target::Graphql(_))).cloned();
    let all: Vec<Entry> = declared.chain(schema::deprecated(house.features)?).collect();
    Ok(merged(&all))
}

struct Walk<'w, 'o> {
    ready: &'w Ready<'o>,
    entries: Vec<Entry>,
    now: Timestamp,
    /// The keys that lead to the field that is looked at.
    path: Vec<String>,
    found: Retired<'o>,
}

impl<'o> Walk<'_, 'o> {
    /// Every field below; each fragment once.
    fn all(&mut self, set: &'o SelectionSet, opened: &mut Vec<&'o str>) {
        let document: &'o ExecutableDocument = self.ready.document;
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.path.push(field.response_key().to_string());
                    self.field(&set.ty, field);
                    self.all(&field.selection_set, opened);
                    self.path.pop();
                }
                Selection::InlineFragment(inline) => self.all(&inline.selection_set, opened),
                Selection::FragmentSpread(spread) if !opened.contains(&spread.fragment_name.as_str()) => {
                    opened.push(&spread.fragment_name);
                    if let Some(fragment) = document.fragments.get(&spread.fragment_name) {
                        self.all(&fragment.selection_set, opened);
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, owner: &str, field: &'o Field) {
        let coordinate = format!("{owner}.{}", field.name);
        for argument in &field.arguments {
            self.name(&format!("{coordinate}({}:)", argument.name), field);
            let definition = field.definition.arguments.iter().find(|one| one.name == argument.name);
            if let Some(definition) = definition {
                self.literal(&definition.ty, &argument.value, field);
            }
        }
        self.name(&coordinate, field);
    }

    /// What a value names: members of inputs, and words of enumerations.
    fn literal(&mut self, ty: &'o Type, value: &'o Literal, field: &'o Field) {
        match value {
            Literal::Variable(name) => {
                let variables: &'o _ = self.ready.variables;
                if let Some(value) = variables.get(name.as_str()) {
                    self.sent(ty, value, field);
                }
            }
            Literal::Enum(word) => self.name(&format!("{}.{word}", ty.inner_named_type()), field),
            Literal::List(items) => items.iter().for_each(|item| self.literal(ty.item_type(), item, field)),
            Literal::Object(members) => {
                for (name, value) in members {
                    if let Some(ty) = self.member(ty, name, field) {
                        self.literal(ty, value, field);
                    }
                }
            }
            _ => {}
        }
    }

    /// The same of a variable.
    fn sent(&mut self, ty: &'o Type, value: &'o JsonValue, field: &'o Field) {
        let schema = self.ready.schema;
        match (value, schema.types.get(ty.inner_named_type())) {
            (JsonValue::Array(items), _) => items.iter().for_each(|item| self.sent(ty.item_type(), item, field)),
            (JsonValue::Object(members), Some(ExtendedType::InputObject(_))) => {
                for (name, value) in members {
                    if let Some(ty) = self.member(ty, name.as_str(), field) {
                        self.sent(ty, value, field);
                    }
                }
            }
            (JsonValue::String(word), Some(ExtendedType::Enum(_))) => {
                self.name(&format!("{}.{}", ty.inner_named_type(), word.as_str()), field);
            }
            _ => {}
        }
    }

    /// Names a member of an input; answers its type.
    fn member(&mut self, ty: &Type, name: &str, field: &'o Field) -> Option<&'o Type> {
        let schema: &'o apollo_compiler::Schema = self.ready.schema;
        let ExtendedType::InputObject(input) = schema.types.get(ty.inner_named_type())? else { return None };
        let definition: &'o InputValueDefinition = input.fields.get(name)?;
        self.name(&format!("{}.{name}", ty.inner_named_type()), field);
        Some(&definition.ty)
    }

    /// Notes what is to go under this coordinate, if it is.
    fn name(&mut self, coordinate: &str, field: &'o Field) {
        let is_it = |entry: &&Entry| matches!(&entry.target, Target::Graphql(known) if known == coordinate);
        let Some(entry) = self.entries.iter().find(is_it) else { return };
        let mutates = self.ready.operation.is_mutation();
        // Mutations take unsent work.
        let open = mutates && entry.drain_until().is_some_and(|until| self.now < until);
        if entry.state(self.now) == State::Gone && !open {
            let noted = self.found.gone.iter().any(|known| std::ptr::eq(known.field, field));
            let gone = || Gone { field, path: self.path.clone(), entry: entry.clone() };
            self.found.gone.extend((!noted).then(gone));
        }
        if !self.found.named.iter().any(|known| known.target == entry.target) {
            self.found.named.push(entry.clone());
        }
    }
}

impl Retired<'_> {
    /// Refuses a field that is gone, or uses what is: the answer has null in its place, or above it, as the types' rules carry it.
    ///
    /// # Errors
    /// Then.
    pub fn refuse(&self, info: &ResolveInfo<'_>) -> std::result::Result<(), FieldError> {
        let asked = |field: &Field| info.field_selections().iter().any(|asked| std::ptr::eq(*asked, field));
        match self.gone.iter().find(|gone| asked(gone.field)) {
            Some(Gone { entry, .. }) => Err(FieldError { message: format!("{MARK}{}", entry.target) }),
            None => Ok(()),
        }
    }

    /// The entry that such an error tells of, if it is one.
    pub fn marked(&self, message: &str) -> Option<&Entry> {
        // The execution says before it that it was a resolver's.
        let (_, target) = message.split_once(MARK)?;
        self.gone.iter().map(|gone| &gone.entry).find(|entry| entry.target.to_string() == target)
    }

    /// Is anything that the operation names gone?
    pub fn is_gone(&self) -> bool {
        !self.gone.is_empty()
    }

    /// What it names that is to go, as far as it is told.
    pub fn targets(&self) -> impl Iterator<Item = String> {
        self.named.iter().take(MOST).map(|entry| entry.target.to_string())
    }

    /// The errors of an operation of which nothing is done, because of what is gone in it.
    pub fn refusals(&self) -> Vec<Value> {
        let refusal = |Gone { entry, path, .. }: &Gone<'_>| {
            let mut error = errors::error(&message(entry), told(entry));
            error["path"] = json!(path);
            error
        };
        self.gone.iter().take(MOST).map(refusal).collect()
    }

    /// What stands beside the answer, if anything that was named is to go.
    pub fn warnings(&self) -> Option<Value> {
        let warning = |entry: &Entry| {
            let (replacement, field) = (entry.successor.as_ref().map(bare), bare(&entry.target));
            json!({"field": field, "message": message(entry), "replacement": replacement, "sunset": entry.sunset})
        };
        (!self.named.is_empty())
            .then(|| json!({"deprecationWarnings": self.named.iter().take(MOST).map(warning).collect::<Vec<_>>()}))
    }
}

/// Says in an error of a field what is gone.
pub fn explain(error: &mut GraphQLError, entry: &Entry) {
    error.message = message(entry);
    error.extensions = told(entry).into_iter().map(|(name, value)| (name.into(), value.into())).collect();
}

/// A coordinate as GraphQL writes it.
fn bare(target: &Target) -> String {
    let written = target.to_string();
    written.strip_prefix("graphql:").map(str::to_owned).unwrap_or(written)
}

/// Why something should not be used, in a sentence for developers.
fn message(entry: &Entry) -> String {
    let instead = entry.successor.as_ref().map_or_else(String::new, |successor| format!(" Use {} instead.", bare(successor)));
    let reason = entry.reason.clone().unwrap_or_else(|| format!("{} is deprecated.", bare(&entry.target)));
    format!("{reason}{instead}")
}

/// What a program is told of something that is gone.
fn told(entry: &Entry) -> Map<String, Value> {
    let told = json!({"code": errors::SUNSET, "target": entry.target, "sunset": entry.sunset, "successor": entry.successor, "link": entry.link});
    told.as_object().cloned().unwrap_or_default()
}
