//! Questions and answers in the database. Every statement names the tenant.

use super::rules::{Answer, Placed, Question};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Row};
use crate::feature::{Measure, Trace, version};
use crate::http::paging::Span;
use crate::{columns, params};
use std::collections::HashMap;

/// What of a question takes room.
pub const QUESTION: Measure = Measure::of("questions", &["text", "theme"]);
/// What of an answer does.
pub const ANSWER: Measure = Measure::of("answers", &["text"]);

columns!(questions: "SELECT q.id, q.text, q.theme, q.created_by, u.username, q.created_at, q.stamp, q.version, q.made, q.edited_at \
     FROM questions q JOIN users u ON u.id = q.created_by");

fn question(row: &Row<'_>) -> Result<Question> {
    Ok(Question {
        id: row.get(0)?,
        text: row.get(1)?,
        theme: row.get(2)?,
        created_by_id: row.get(3)?,
        created_by_username: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        version: row.get(7)?,
        answers: Vec::new(),
        trace: Trace { made: row.get(8)?, edited_at: row.get(9)? },
    })
}

columns!(answers: "SELECT a.question, a.id, a.user_id, u.username, a.status, a.text, a.stamp, a.version, a.made, a.edited_at");

fn placed(row: &Row<'_>) -> Result<Placed> {
    let answer = Answer {
        id: row.get(1)?,
        user_id: row.get(2)?,
        username: row.get(3)?,
        status: row.get(4)?,
        text: row.get(5)?,
        updated_at: row.get(6)?,
        version: row.get(7)?,
        trace: Trace { made: row.get(8)?, edited_at: row.get(9)? },
    };
    Ok(Placed { question_id: row.get(0)?, answer })
}

/// How many questions a tenant has.
pub fn count(db: &mut Db, tenant: i64) -> Result<i64> {
    let found = db.one("SELECT COUNT(*) FROM questions WHERE tenant = ?", params![tenant], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// A part of the questions with their answers, behind this stamp and id, newest change first.
pub fn part(db: &mut Db, tenant: i64, after: &(i64, String), span: Span) -> Result<Vec<Question>> {
    let sql = questions!("WHERE q.tenant = ? AND (q.stamp, q.id) < (?, ?) ORDER BY q.stamp DESC, q.id DESC LIMIT ? OFFSET ?");
    let mut questions = db.all(sql, params![tenant, after.0, &after.1, span.limit, span.offset], question)?;
    let mut answers = answers_of_part(db, tenant, after, span)?;
    for question in &mut questions {
        question.answers = answers.remove(&question.id).unwrap_or_default();
    }
    Ok(questions)
}

/// The answers to a part of the questions, by question, in one query.
fn answers_of_part(db: &mut Db, tenant: i64, after: &(i64, String), span: Span) -> Result<HashMap<String, Vec<Answer>>> {
    let sql = answers!(
        "FROM (SELECT tenant, id FROM questions WHERE tenant = ? AND (stamp, id) < (?, ?) ORDER BY stamp DESC, id DESC LIMIT ? OFFSET ?) q \
         JOIN answers a ON a.tenant = q.tenant AND a.question = q.id JOIN users u ON u.id = a.user_id \
         WHERE a.tenant = ? ORDER BY a.created_at, a.id"
    );
    let mut answers: HashMap<String, Vec<Answer>> = HashMap::new();
    let bound = params![tenant, after.0, &after.1, span.limit, span.offset, tenant];
    for Placed { question_id, answer } in db.all(sql, bound, placed)? {
        answers.entry(question_id).or_default().push(answer);
    }
    Ok(answers)
}

/// One question with its answers.
pub fn find(db: &mut Db, tenant: i64, id: &str) -> Result<Option<Question>> {
    let sql = questions!("WHERE q.tenant = ? AND q.id = ?");
    let Some(mut question) = db.one(sql, params![tenant, id], question)? else { return Ok(None) };
    question.answers = answers(db, tenant, id)?;
    Ok(Some(question))
}

/// A question's answers, first given first.
fn answers(db: &mut Db, tenant: i64, question: &str) -> Result<Vec<Answer>> {
    let sql = answers!(
        "FROM answers a JOIN users u ON u.id = a.user_id WHERE a.tenant = ? AND a.question = ? ORDER BY a.created_at, a.id"
    );
    db.all(sql, params![tenant, question], |row| Ok(placed(row)?.answer))
}

/// Writes a new question.
pub fn insert(db: &mut Db, tenant: i64, question: &Question) -> Result<()> {
    let sql = "INSERT INTO questions (id, tenant, created_by, text, theme, version, created_at, stamp, made, edited_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Question { id, text, theme, version, created_by_id, created_at, updated_at, trace, .. } = question;
    let (by, made, at) = (*created_by_id, &trace.made, trace.edited_at);
    let values = params![id, tenant, by, text, theme, *version, *created_at, *updated_at, made, at];
    db.run(sql, values).map(drop)
}

/// Writes what changed of a question.
pub fn update(db: &mut Db, tenant: i64, question: &Question) -> Result<()> {
    let sql = "UPDATE questions SET text = ?, theme = ?, version = ?, stamp = ?, edited_at = ? WHERE tenant = ? AND id = ?";
    let Question { id, text, theme, version, updated_at, trace, .. } = question;
    let values = params![text, theme, *version, *updated_at, trace.edited_at, tenant, id];
    db.run(sql, values).map(drop)
}

/// Deletes a question; its answers go with it.
pub fn delete(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    db.run("DELETE FROM questions WHERE tenant = ? AND id = ?", params![tenant, id]).map(drop)
}

/// One answer, with the question that it answers.
pub fn find_answer(db: &mut Db, tenant: i64, id: &str) -> Result<Option<Placed>> {
    let sql = answers!("FROM answers a JOIN users u ON u.id = a.user_id WHERE a.tenant = ? AND a.id = ?");
    db.one(sql, params![tenant, id], placed)
}

/// Writes a new answer.
pub fn insert_answer(db: &mut Db, tenant: i64, question: &str, answer: &Answer) -> Result<()> {
    let sql = "INSERT INTO answers (id, tenant, question, user_id, status, text, version, created_at, stamp, made, \
         edited_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Answer { id, user_id, status, text, version, updated_at: at, trace, .. } = answer;
    let (made, edited_at) = (&trace.made, trace.edited_at);
    db.run(sql, params![id, tenant, question, *user_id, status, text, *version, *at, *at, made, edited_at]).map(drop)
}

/// Writes what changed of an answer.
pub fn update_answer(db: &mut Db, tenant: i64, answer: &Answer) -> Result<()> {
    let sql = "UPDATE answers SET status = ?, text = ?, version = ?, stamp = ?, edited_at = ? WHERE tenant = ? AND id = ?";
    let Answer { id, status, text, version, updated_at, trace, .. } = answer;
    db.run(sql, params![status, text, *version, *updated_at, trace.edited_at, tenant, id]).map(drop)
}

/// Every tenant in which a user asked or answered.
pub fn tenants_of(db: &mut Db, user: i64) -> Result<Vec<i64>> {
    let sql = "SELECT tenant FROM questions WHERE created_by = ? UNION SELECT tenant FROM answers WHERE user_id = ?";
    db.all(sql, params![user, user], |row| row.get(0))
}

/// The questions that show a user's name, as who asked or who answered.
pub fn naming(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<String>> {
    let sql = "SELECT id FROM questions WHERE tenant = ? AND created_by = ? \
         UNION SELECT question FROM answers WHERE tenant = ? AND user_id = ?";
    db.all(sql, params![tenant, user, tenant, user], |row| row.get(0))
}

/// Moves a question to a stamp.
pub fn restamp(db: &mut Db, tenant: i64, id: &str, stamp: Timestamp) -> Result<()> {
    let sql = "UPDATE questions SET edited_at = COALESCE(edited_at, stamp), stamp = ? WHERE tenant = ? AND id = ?";
    db.run(sql, params![stamp, tenant, id]).map(drop)
}

/// A user's answers in a tenant, by their ids.
pub fn answers_of(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<String>> {
    db.all("SELECT id FROM answers WHERE tenant = ? AND user_id = ?", params![tenant, user], |row| row.get(0))
}

/// Moves a user's answers in a tenant to a stamp.
pub fn restamp_answers(db: &mut Db, tenant: i64, user: i64, stamp: Timestamp) -> Result<()> {
    let sql = "UPDATE answers SET edited_at = COALESCE(edited_at, stamp), stamp = ? WHERE tenant = ? AND user_id = ?";
    db.run(sql, params![stamp, tenant, user]).map(drop)
}

/// A backup has taken the store's place: no version that devices saw in the time that is lost is met again.
pub fn restored(db: &mut Db, tenant: i64) -> Result<()> {
    let raise = params![version::LOST, tenant, version::RAISED];
    db.run("UPDATE questions SET version = version + ? WHERE tenant = ? AND version <= ?", raise)?;
    db.run("UPDATE answers SET version = version + ? WHERE tenant = ? AND version <= ?", raise).map(drop)
}

/// Deletes an answer.
pub fn delete_answer(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    db.run("DELETE FROM answers WHERE tenant = ? AND id = ?", params![tenant, id]).map(drop)
}

/// A user's answer to a question, by its id.
pub fn own_answer(db: &mut Db, tenant: i64, question: &str, user: i64) -> Result<Option<String>> {
    let sql = "SELECT id FROM answers WHERE tenant = ? AND question = ? AND user_id = ?";
    db.one(sql, params![tenant, question, user], |row| row.get(0))
}
