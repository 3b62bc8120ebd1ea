//! What an operation costs and how deep it nests, before anything of it runs.
//!
//! The cost is the sum over its root fields of what the server does for each: a look-up, the objects of a page, a count. Fields of
//! an answer that is made anyway cost next to nothing, as long as they are no more than the answer has: whoever asks for them again
//! and again, under other names, pays each as a look-up. The sum for a root field is taken times its weight.

use crate::feature::graphql::{Page, QUERY_WEIGHT, listed};
use apollo_compiler::ast::Value;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Schema};
use std::collections::HashMap;

/// How many times lighter than a plain query introspection is.
const INTROSPECTION_WEIGHT: f64 = 0.5;
/// What a look-up costs, and a count, and a field beyond those that an answer has. What introspection shows is all made for it.
const LOOK_UP: f64 = 1.0;
/// What a field of an answer costs. The fullest answer, a batch's, has some 300 fields.
const FIELD: f64 = 0.02;
/// So many objects of a page cost as much as a look-up: a client that polls without a limit, as fast as the limit of requests lets
/// it, stays below the limit of points.
const OBJECTS: f64 = 200.0;
/// The field of a page for which its objects are counted.
const COUNT: &str = "totalCount";
/// More than this is told as this: a float that is no whole number of 32 bits has no place in an answer.
const MOST: f64 = 1e9;

/// What an operation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The most fields above a field.
    pub depth: u32,
    /// Its cost, in points.
    pub cost: u32,
}

/// What is known of a root field.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How many times heavier than a plain query it is.
    pub weight: f64,
    /// The page that it shows.
    pub page: Option<Page>,
}

impl Rate {
    /// A look-up of a query.
    pub const PLAIN: Rate = Rate { weight: QUERY_WEIGHT, page: None };
}

/// An operation, and what else its cost depends on.
pub struct Bill<'d> {
    /// The schema.
    pub schema: &'d Schema,
    /// The document.
    pub document: &'d ExecutableDocument,
    /// The operation.
    pub operation: &'d Operation,
    /// The rates of root fields, by name.
    pub rate: &'d dyn Fn(&str) -> Rate,
    /// The variables that are whole numbers, by name; of a list as many objects as it takes.
    pub variable: &'d dyn Fn(&str) -> Option<i64>,
}

impl Bill<'_> {
    /// The figures of the operation, which is valid.
    pub fn figures(&self) -> Figures {
        let part = self.walk().set(&self.operation.selection_set);
        Figures { depth: part.deepest, cost: points(part.cost) }
    }

    /// The cost of one root field, all its selections together.
    pub fn of_root(&self, fields: &[&Field]) -> u32 {
        let mut walk = self.walk();
        let part = fields.iter().fold(Part::default(), |sum, field| sum.and(walk.below(field)));
        points(fields.first().map_or(0.0, |field| self.root(field, part)))
    }

    fn walk(&self) -> Walk<'_> {
        Walk { bill: self, fragments: HashMap::new() }
    }

    /// What a root field costs that has this below it.
    fn root(&self, field: &Field, below: Part) -> f64 {
        if field.name.starts_with("__") {
            return INTROSPECTION_WEIGHT * (LOOK_UP + LOOK_UP * below.fields);
        }
        let rate = (self.rate)(&field.name);
        let page = rate.page.map_or(0.0, |page| self.objects(field, page) / OBJECTS);
        let count = if below.counts { LOOK_UP } else { 0.0 };
        let own = own_fields(self.schema, field.definition.ty.inner_named_type(), &mut Vec::new());
        let again = (below.fields - own).max(0.0);
        rate.weight * (LOOK_UP + page + count + FIELD * (below.fields - again) + LOOK_UP * again)
    }

    /// How many objects a page may have. What is no number of objects will be refused.
    fn objects(&self, field: &Field, page: Page) -> f64 {
        let argument = field.arguments.iter().find(|argument| argument.name == page.argument);
        let asked = match argument.map(|argument| &*argument.value) {
            None | Some(Value::Null) => Some(page.size),
            Some(Value::Variable(name)) => (self.variable)(name).or_else(|| self.preset(name)).or(Some(page.size)),
            Some(Value::List(items)) => Some(listed(items.len())),
            Some(value) => value.to_i32().map(i64::from),
        };
        asked.filter(|asked| (0..=page.most).contains(asked)).unwrap_or(page.most) as f64
    }

    /// The value of a variable that is not sent.
    fn preset(&self, name: &Name) -> Option<i64> {
        let variable = self.operation.variables.iter().find(|variable| variable.name == *name)?;
        variable.default_value.as_ref()?.to_i32().map(i64::from)
    }
}

/// So many objects a variable asks for, which holds this number, or a list of this length.
pub fn objects(number: Option<i64>, length: Option<usize>) -> Option<i64> {
    number.or_else(|| length.map(listed))
}

fn points(cost: f64) -> u32 {
    cost.min(MOST).ceil() as u32
}

/// How many fields an answer of this type has, each once, types' names included. A type within itself adds nothing.
fn own_fields<'s>(schema: &'s Schema, name: &'s Name, above: &mut Vec<&'s Name>) -> f64 {
    if above.contains(&name) {
        return 0.0;
    }
    above.push(name);
    let count = match schema.types.get(name) {
        Some(ExtendedType::Object(object)) => {
            let below = object.fields.values().map(|field| 1.0 + own_fields(schema, field.ty.inner_named_type(), above));
            1.0 + below.sum::<f64>()
        }
        Some(ExtendedType::Union(union)) => {
            1.0 + union.members.iter().map(|member| own_fields(schema, member, above)).sum::<f64>()
        }
        _ => 0.0,
    };
    above.pop();
    count
}

/// What a part of an operation comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    /// Its fields below root fields.
    fields: f64,
    deepest: u32,
    /// Are objects to be counted?
    counts: bool,
    /// What its root fields cost.
    cost: f64,
}

impl Part {
    fn and(self, other: Part) -> Part {
        Part {
            fields: self.fields + other.fields,
            deepest: self.deepest.max(other.deepest),
            counts: self.counts || other.counts,
            cost: self.cost + other.cost,
        }
    }
}

/// Each fragment is looked into once, however often it is spread: spreads that double at each level would take for ever.
struct Walk<'d> {
    bill: &'d Bill<'d>,
    fragments: HashMap<&'d Name, Part>,
}

impl<'d> Walk<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Part {
        set.selections.iter().fold(Part::default(), |sum, selection| sum.and(self.selection(set, selection)))
    }

    fn selection(&mut self, set: &'d SelectionSet, selection: &'d Selection) -> Part {
        match selection {
            Selection::Field(field) if set.ty == *self.bill.operation.object_type() => {
                let below = self.below(field);
                Part { cost: self.bill.root(field, below), deepest: below.deepest, ..Part::default() }
            }
            Selection::Field(field) => {
                let below = self.below(field);
                Part { fields: below.fields + 1.0, counts: below.counts || field.name == COUNT, ..below }
            }
            Selection::InlineFragment(inline) => self.set(&inline.selection_set),
            Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
        }
    }

    fn below(&mut self, field: &'d Field) -> Part {
        if field.selection_set.is_empty() {
            return Part::default();
        }
        let part = self.set(&field.selection_set);
        Part { deepest: part.deepest.saturating_add(1), ..part }
    }

    fn fragment(&mut self, name: &'d Name) -> Part {
        if let Some(known) = self.fragments.get(name) {
            return *known;
        }
        let part = self.bill.document.fragments.get(name).map_or(Part::default(), |fragment| self.set(&fragment.selection_set));
        self.fragments.insert(name, part);
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apollo_compiler::validation::Valid;

    const SCHEMA: &str = "type Query { a: A b: Int list(first: Int): List asked(ids: [Int!]!): Int } type List { nodes: [A!]! totalCount: Int! } \
         type A { a: A x: Int y: Int l: [A!]! } type Mutation { heavy: A light: Int }";
    const PAGE: Page = Page { argument: "first", size: 50, most: 200 };

    fn of(query: &str) -> (u32, u32) {
        let schema: Valid<Schema> = Schema::parse_and_validate(SCHEMA, "s").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, query, "q").unwrap();
        let rate = |name: &str| match name {
            "heavy" => Rate { weight: 2.5, page: None },
            "list" => Rate { weight: 100.0, page: Some(PAGE) },
            "asked" => Rate { weight: 1.0, page: Some(Page { argument: "ids", size: 5_000, most: 5_000 }) },
            _ => Rate::PLAIN,
        };
        let variable = |name: &str| (name == "sent").then_some(200);
        let operation = document.operations.get(None).unwrap();
        let bill = Bill { schema: &schema, document: &document, operation, rate: &rate, variable: &variable };
        let figures = bill.figures();
        (figures.depth, figures.cost)
    }

    #[test]
    fn root_fields_cost_and_the_fields_of_their_answers_next_to_nothing() {
        assert_eq!(of("{ b }"), (0, 1));
        assert_eq!(of("{ one: b two: b three: b }"), (0, 3));
        assert_eq!(of("{ a { x y l { __typename } __typename } }"), (2, 2), "1.1, rounded up");
        assert_eq!(of("query($no: Boolean = false) { b @include(if: $no) }"), (0, 1), "what may be left out counts");
        assert_eq!(of("{ ... on Query { b } ...q } fragment q on Query { a { ... { x } } }"), (1, 3));
    }

    #[test]
    fn what_is_asked_about_one_by_one_costs_by_its_number() {
        assert_eq!(of("{ asked(ids: [1]) }"), (0, 2), "1.25, rounded up");
        assert_eq!(of("{ asked(ids: [1, 2, 3, 4, 5, 6, 7, 8]) }"), (0, 3));
        assert_eq!(of("query($some: [Int!]!) { asked(ids: $some) }"), (0, 26), "as the most, where nobody says");
    }

    #[test]
    fn a_field_that_is_asked_for_again_costs_as_much_as_a_look_up() {
        let again = |times: usize| format!("{{ a {{ {} }} }}", (0..times).map(|n| format!("x{n}: x ")).collect::<String>());
        assert_eq!(of(&again(5)), (1, 2), "the answer has five fields");
        assert_eq!(of(&again(105)), (1, 102));
        let spread = format!("{{ a {{ {} }} }} fragment f on A {{ x y }}", "...f ".repeat(50));
        assert_eq!(of(&spread), (1, 97), "each spread counts");
    }

    #[test]
    fn a_page_costs_by_its_size_and_its_count() {
        assert_eq!(of("{ list { nodes { x } } }").1, 100 + 25 + 4);
        assert_eq!(of("{ list(first: 200) { nodes { x } } }").1, 100 + 100 + 4);
        assert_eq!(of("{ list(first: 0) { totalCount } }").1, 100 + 100 + 2);
        for variable in ["$sent: Int", "$preset: Int = 200", "$sent: Int = 1"] {
            let name = variable.split(':').next().unwrap();
            assert_eq!(of(&format!("query({variable}) {{ list(first: {name}) {{ nodes {{ x }} }} }}")).1, 204, "{variable}");
        }
        assert_eq!(of("query($left: Int) { list(first: $left) { nodes { x } } }").1, 129);
        for odd in ["-1", "201"] {
            assert_eq!(of(&format!("{{ list(first: {odd}) {{ nodes {{ x }} }} }}")).1, 204, "{odd}");
        }
    }

    #[test]
    fn the_root_field_weighs() {
        assert_eq!(of("mutation { heavy { x } }"), (1, 3), "2.5 times 1.02");
        assert_eq!(of("mutation { heavy { x } light }"), (1, 4));
        assert_eq!(of("{ __typename b }"), (0, 2), "one and a half, rounded up");
        assert_eq!(of("{ __schema { types { name } } }"), (2, 2), "half of three, rounded up");
        assert_eq!(of("mutation { ...m } fragment m on Mutation { light }"), (0, 1));
    }

    #[test]
    fn spreads_that_double_at_each_level_take_no_time() {
        let mut query = "{ a { ...f0 } } ".to_owned();
        for n in 0..20 {
            query += &format!("fragment f{n} on A {{ one: a {{ ...f{0} }} two: a {{ ...f{0} }} }} ", n + 1);
        }
        query += "fragment f20 on A { x }";
        let (depth, cost) = of(&query);
        assert_eq!(depth, 21);
        assert!(cost > 1 << 20, "{cost}");
    }
}
