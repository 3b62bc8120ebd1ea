//! What a question and an answer may look like.

use crate::base::time::Timestamp;
use crate::feature::creation::ID;
use crate::feature::walk::chain;
use crate::feature::{Creation, Made, Trace};
use crate::http::input::{Field, Input, Shape};
use crate::http::paging::Keyed;
use schemars::JsonSchema;
use serde::Serialize;

/// The longest question, in characters: a few pages.
const MAX_QUESTION: usize = 10_000;
/// The longest theme, in characters: the width of its column.
const MAX_THEME: usize = 64;
/// The longest answer, in characters: twice a question.
const MAX_ANSWER: usize = 20_000;

/// What an answer may be.
const STATUSES: &[&str] = &["ANSWERED", "NEEDS_TIME", "CLARIFY"];

/// The fields of a question.
pub const QUESTION: &[Field] = &[Field::text("text", MAX_QUESTION).required(), Field::name("theme", MAX_THEME)];

/// The fields of an answer.
pub const ANSWER: &[Field] = &[Field::new("status", Shape::Choice(STATUSES)), Field::text("text", MAX_ANSWER)];

/// The fields of an answer that comes without its question around it.
pub const PLACED_ANSWER: &[Field] = &chain::<_, { 1 + ANSWER.len() }>(&[&[Field::name("question_id", 36).required()], ANSWER]);

/// What a new question may hold.
pub const NEW_QUESTION: &[Field] = &chain::<_, { 1 + QUESTION.len() }>(&[&[ID], QUESTION]);

/// What the POST of an answer may hold.
pub const NEW_ANSWER: &[Field] = &chain::<_, { 1 + ANSWER.len() }>(&[&[ID], ANSWER]);

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Question {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// What is asked.
    pub text: String,
    /// What it is about.
    pub theme: String,
    /// Grows with each edit of it; an answer has its own.
    pub version: i64,
    /// Who asked: they alone may change it.
    pub created_by_id: i64,
    /// Their user name, as the account has it now.
    pub created_by_username: String,
    /// When it was asked.
    pub created_at: Timestamp,
    /// The stamp of its own last change; an answer has its own.
    pub updated_at: Timestamp,
    /// The answers, first given first.
    pub answers: Vec<Answer>,
    /// See there.
    #[serde(skip)]
    #[schemars(skip)]
    pub trace: Trace,
}

impl Made for Question {
    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn maker(&self) -> Option<i64> {
        Some(self.created_by_id)
    }
}

impl Question {
    /// A question with the contract's defaults. The store knows the asker's user name.
    pub fn new(made: Creation, created_by_id: i64, at: Timestamp) -> Question {
        let (text, theme, created_by_username, answers) = (String::new(), String::new(), String::new(), Vec::new());
        let Creation { id, trace, version, .. } = made;
        Question { id, text, theme, version, created_by_id, created_by_username, created_at: at, updated_at: at, answers, trace }
    }

    /// Takes what was sent and is sound.
    pub fn take(&mut self, input: &Input) {
        input.set("text", &mut self.text);
        input.set("theme", &mut self.theme);
    }
}

impl Keyed for Question {
    fn key(&self) -> Vec<String> {
        vec![self.updated_at.0.to_string(), self.id.clone()]
    }
}

/// One user's answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Answer {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// Who answers.
    pub user_id: i64,
    /// Their user name, as the account has it now.
    pub username: String,
    /// ANSWERED, NEEDS_TIME or CLARIFY.
    #[schemars(extend("enum" = STATUSES))]
    pub status: String,
    /// What they say.
    pub text: String,
    /// Grows with each edit.
    pub version: i64,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
    /// See there.
    #[serde(skip)]
    #[schemars(skip)]
    pub trace: Trace,
}

impl Answer {
    /// An answer with the contract's defaults. The store knows the user name.
    pub fn new(made: Creation, user_id: i64, at: Timestamp) -> Answer {
        let Creation { id, trace, version, .. } = made;
        let (username, status, text) = (String::new(), "ANSWERED".to_owned(), String::new());
        Answer { id, user_id, username, status, text, version, updated_at: at, trace }
    }

    /// Takes what was sent and is sound.
    pub fn take(&mut self, input: &Input) {
        input.set("status", &mut self.status);
        input.set("text", &mut self.text);
    }
}

/// An answer outside its question, as the feed shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PlacedAnswer")]
pub struct Placed {
    /// The question that it answers.
    #[schemars(extend("format" = "uuid"))]
    pub question_id: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

impl Made for Placed {
    fn trace(&self) -> &Trace {
        &self.answer.trace
    }

    fn maker(&self) -> Option<i64> {
        Some(self.answer.user_id)
    }
}
