//! What an operation costs and how deep it nests, before anything of it runs.
//!
//! The cost is the sum over its fields of 1 + 2 · depth, times the weight of the root field above them. A root field has
//! depth 0. Fragments count wherever they are spread, aliases like any field, lists like single objects: their pages are
//! bounded.

use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name};
use std::collections::HashMap;

/// How many times lighter than a plain query introspection is.
const INTROSPECTION_WEIGHT: f64 = 0.5;
/// How much heavier a field is for each field above it.
const PER_LEVEL: f64 = 2.0;

/// What an operation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The most fields above a field.
    pub depth: u32,
    /// Its cost, in points.
    pub cost: u32,
}

/// What a part of an operation comes to, as if it stood at the root.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    /// Its fields, weighted.
    fields: f64,
    /// Their depths, weighted.
    depths: f64,
    deepest: u32,
}

impl Part {
    fn and(self, other: Part) -> Part {
        let deepest = self.deepest.max(other.deepest);
        Part { fields: self.fields + other.fields, depths: self.depths + other.depths, deepest }
    }

    /// The same, below one more field.
    fn lowered(self) -> Part {
        Part { depths: self.depths + self.fields, deepest: self.deepest.saturating_add(1), ..self }
    }

    /// The cost in whole points.
    fn cost(self) -> u32 {
        (self.fields + PER_LEVEL * self.depths).ceil() as u32
    }

    fn times(self, weight: f64) -> Part {
        Part { fields: self.fields * weight, depths: self.depths * weight, ..self }
    }
}

/// The figures of an operation of a valid document; `weigh` knows the weights of root fields by name.
pub fn figures(document: &ExecutableDocument, operation: &Operation, weigh: &dyn Fn(&str) -> f64) -> Figures {
    let mut walk = Walk { document, root: operation.object_type(), weigh, fragments: HashMap::new() };
    let part = walk.set(&operation.selection_set);
    Figures { depth: part.deepest, cost: part.cost() }
}

/// The cost of one root field, all its selections together.
pub fn of_root(document: &ExecutableDocument, root: &Name, fields: &[&Field], weight: f64) -> u32 {
    let mut walk = Walk { document, root, weigh: &|_| weight, fragments: HashMap::new() };
    fields.iter().fold(Part::default(), |sum, field| sum.and(walk.field(field))).times(weight).cost()
}

/// Each fragment is looked into once, however often it is spread: spreads that double at each level would take for ever.
struct Walk<'d> {
    document: &'d ExecutableDocument,
    root: &'d Name,
    weigh: &'d dyn Fn(&str) -> f64,
    fragments: HashMap<&'d Name, Part>,
}

impl<'d> Walk<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Part {
        set.selections.iter().fold(Part::default(), |sum, selection| sum.and(self.selection(set, selection)))
    }

    fn selection(&mut self, set: &'d SelectionSet, selection: &'d Selection) -> Part {
        match selection {
            Selection::Field(field) if set.ty == *self.root => {
                let weight = if field.name.starts_with("__") { INTROSPECTION_WEIGHT } else { (self.weigh)(&field.name) };
                self.field(field).times(weight)
            }
            Selection::Field(field) => self.field(field),
            Selection::InlineFragment(inline) => self.set(&inline.selection_set),
            Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
        }
    }

    fn field(&mut self, field: &'d Field) -> Part {
        let own = Part { fields: 1.0, ..Part::default() };
        if field.selection_set.is_empty() { own } else { own.and(self.set(&field.selection_set).lowered()) }
    }

    fn fragment(&mut self, name: &'d Name) -> Part {
        if let Some(known) = self.fragments.get(name) {
            return *known;
        }
        let part = self.document.fragments.get(name).map_or(Part::default(), |fragment| self.set(&fragment.selection_set));
        self.fragments.insert(name, part);
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apollo_compiler::Schema;
    use apollo_compiler::validation::Valid;

    const SCHEMA: &str =
        "type Query { a: A b: Int } type A { a: A x: Int y: Int l: [A!]! } type Mutation { heavy: A light: Int }";

    fn of(query: &str) -> (u32, u32) {
        let schema: Valid<Schema> = Schema::parse_and_validate(SCHEMA, "s").unwrap();
        let document = ExecutableDocument::parse_and_validate(&schema, query, "q").unwrap();
        let weigh = |name: &str| match name {
            "heavy" => 2.5,
            "light" => 2.0,
            _ => 1.0,
        };
        let figures = figures(&document, document.operations.get(None).unwrap(), &weigh);
        (figures.depth, figures.cost)
    }

    #[test]
    fn a_field_costs_one_and_two_for_each_field_above_it() {
        assert_eq!(of("{ b }"), (0, 1));
        assert_eq!(of("{ a { x } }"), (1, 1 + 3));
        assert_eq!(of("{ a { x y a { x } l { y } } }"), (2, 1 + 3 * 4 + 5 * 2));
    }

    #[test]
    fn aliases_count_and_so_does_each_spread_of_a_fragment() {
        assert_eq!(of("{ one: b two: b three: b }"), (0, 3));
        assert_eq!(of("{ a { ...f a { ...f } } } fragment f on A { x y }"), (2, 1 + 3 * 2 + 3 + 5 * 2));
        assert_eq!(of("{ ... on Query { b } ...q } fragment q on Query { a { ... { x } } }"), (1, 1 + 1 + 3));
        assert_eq!(of("query($no: Boolean = false) { b @include(if: $no) }"), (0, 1), "what may be left out counts");
    }

    #[test]
    fn the_root_field_weighs() {
        assert_eq!(of("mutation { heavy { x } }"), (1, 10));
        assert_eq!(of("mutation { heavy { x } light }"), (1, 12));
        assert_eq!(of("{ __typename b }"), (0, 2), "one and a half, rounded up");
        assert_eq!(of("{ __schema { types { name } } }"), (2, 5), "half of 1 + 3 + 5, rounded up");
        assert_eq!(of("mutation { ...m } fragment m on Mutation { light }"), (0, 2));
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
