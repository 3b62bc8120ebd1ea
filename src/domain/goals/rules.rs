//! What a goal and an action may look like.

use crate::base::time::Timestamp;
use crate::feature::creation::ID;
use crate::feature::walk::chain;
use crate::feature::{Creation, Made, Trace};
use crate::http::input::{Field, Input, Shape};
use crate::http::paging::Keyed;
use schemars::JsonSchema;
use serde::Serialize;

/// The longest title of a goal and text of an action, in characters.
const MAX_TITLE: usize = 255;
/// The longest reason, in characters: a few pages.
const MAX_WHY: usize = 10_000;
/// User ids have 48 bits.
const MAX_USER: i64 = (1 << crate::base::id::USER_ID_BITS) - 1;

/// Where a goal stands.
const STATUSES: &[&str] = &["ACTIVE", "DONE", "PAUSED"];

/// The most actions of a goal: a goal is shown with all of them.
pub const MAX_ACTIONS: usize = 500;

/// The fields of a goal.
pub const GOAL: &[Field] = &[
    Field::name("title", MAX_TITLE).required(),
    Field::text("why_for_us", MAX_WHY),
    Field::new("status", Shape::Choice(STATUSES)),
    Field::new("target_date", Shape::Date).nullable(),
    Field::new("owner", Shape::Int(1, MAX_USER)).nullable(),
];

/// The fields of an action.
pub const ACTION: &[Field] = &[Field::name("text", MAX_TITLE).required(), Field::new("done", Shape::Bool)];

/// The fields of an action that comes without its goal around it.
pub const PLACED_ACTION: &[Field] = &chain::<_, { 1 + ACTION.len() }>(&[&[Field::name("goal_id", 36).required()], ACTION]);

/// What a new goal may hold.
pub const NEW_GOAL: &[Field] = &chain::<_, { 1 + GOAL.len() }>(&[&[ID], GOAL]);

/// What a new action may hold.
pub const NEW_ACTION: &[Field] = &chain::<_, { 1 + ACTION.len() }>(&[&[ID], ACTION]);

/// A goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Goal {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// What is to be reached.
    pub title: String,
    /// Why.
    pub why_for_us: String,
    /// ACTIVE, DONE or PAUSED.
    #[schemars(extend("enum" = STATUSES))]
    pub status: String,
    /// The day it should be reached, `YYYY-MM-DD`.
    #[schemars(extend("format" = "date"))]
    pub target_date: Option<String>,
    /// Which member looks after it.
    pub owner: Option<i64>,
    /// Grows with each edit of it; an action has its own.
    pub version: i64,
    /// Who set it.
    pub created_by_id: i64,
    /// When.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
    /// The actions that lead to it, oldest first.
    pub actions: Vec<Action>,
    /// See there.
    #[serde(skip)]
    #[schemars(skip)]
    pub trace: Trace,
}

impl Goal {
    /// A goal with the contract's defaults.
    pub fn new(made: Creation, created_by_id: i64, at: Timestamp) -> Goal {
        let Creation { id, trace, version, .. } = made;
        let (title, why_for_us, status) = (String::new(), String::new(), "ACTIVE".to_owned());
        let (target_date, owner, actions) = (None, None, Vec::new());
        Goal {
            id,
            title,
            why_for_us,
            status,
            target_date,
            owner,
            version,
            created_by_id,
            created_at: at,
            updated_at: at,
            actions,
            trace,
        }
    }

    /// Takes what was sent and is sound.
    pub fn take(&mut self, input: &Input) {
        input.set("title", &mut self.title);
        input.set("why_for_us", &mut self.why_for_us);
        input.set("status", &mut self.status);
        input.set("target_date", &mut self.target_date);
        input.set("owner", &mut self.owner);
    }
}

impl Made for Goal {
    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn maker(&self) -> Option<i64> {
        Some(self.created_by_id)
    }
}

impl Keyed for Goal {
    fn key(&self) -> Vec<String> {
        vec![self.updated_at.0.to_string(), self.id.clone()]
    }
}

/// A step towards a goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Action {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// The goal it leads to.
    #[schemars(extend("format" = "uuid"))]
    pub goal_id: String,
    /// What is to be done.
    pub text: String,
    /// Is it done?
    pub done: bool,
    /// Grows with each edit.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
    /// See there.
    #[serde(skip)]
    #[schemars(skip)]
    pub trace: Trace,
}

impl Made for Action {
    fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Nobody signs an action.
    fn maker(&self) -> Option<i64> {
        None
    }
}

impl Keyed for Action {
    fn key(&self) -> Vec<String> {
        vec![self.created_at.0.to_string(), self.id.clone()]
    }
}

impl Action {
    /// An action with the contract's defaults.
    pub fn new(made: Creation, goal_id: String, at: Timestamp) -> Action {
        let Creation { id, trace, version, .. } = made;
        Action { id, goal_id, text: String::new(), done: false, version, created_at: at, updated_at: at, trace }
    }

    /// Takes what was sent and is sound.
    pub fn take(&mut self, input: &Input) {
        input.set("text", &mut self.text);
        input.set("done", &mut self.done);
    }
}
