//! The routes of questions and answers.

use super::rules::{self, Answer, Question};
use super::{ANSWERS, QUESTIONS, store};
use crate::base::error::{Refused, Result, refuse};
use crate::base::text;
use crate::db::Db;
use crate::feature::ctx::{found, load};
use crate::feature::{Creation, Ctx, Met, Right, written};
use crate::http::input::{Field, Input};
use crate::http::paging::Page;
use crate::http::{Response, etag, precondition};
use serde_json::{Value, json};

/// GET `/qna/questions/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    let page = Page::of(ctx.request, store::count(ctx.db, tenant)?)?;
    let questions = store::part(ctx.db, tenant, &page.after.newest()?, page.span())?;
    Ok(page.answer(ctx.request, questions))
}

/// POST `/qna/questions/`
pub fn create(ctx: &mut Ctx<'_>) -> Result<Response> {
    let input = read(ctx, rules::QUESTION)?;
    let made = Creation::read(ctx, QUESTIONS, "", &input)?;
    if let Some(question) = made.meet(ctx, QUESTIONS, store::find)?.again()? {
        return Ok(etag::tagged(Response::json(200, &question)));
    }
    let mut question = Question::new(made, ctx.user()?, ctx.stamp()?);
    question.take(&input);
    let tenant = ctx.tenant_id()?;
    store::insert(ctx.db, tenant, &question)?;
    ctx.touch_version(QUESTIONS, &question.id, question.version)?;
    let question = found(store::find(ctx.db, tenant, &question.id)?)?;
    Ok(etag::tagged(Response::json(201, &question)))
}

/// GET `/qna/questions/{id}/`
pub fn question(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find(ctx)?))
}

/// PUT and PATCH `/qna/questions/{id}/`
pub fn update(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut question = find(ctx)?;
    if question.created_by_id != ctx.user()? {
        return refuse(Refused::Forbidden, &text::FORBIDDEN);
    }
    ctx.require_match(&question)?;
    question.take(&read(ctx, rules::QUESTION)?);
    (question.version, question.updated_at, question.trace.edited_at) = (question.version + 1, ctx.stamp()?, None);
    store::update(ctx.db, ctx.tenant_id()?, &question)?;
    ctx.touch_version(QUESTIONS, &question.id, question.version)?;
    Ok(etag::tagged(Response::json(200, &question)))
}

/// DELETE `/qna/questions/{id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let question = find(ctx)?;
    if question.created_by_id != ctx.user()? && !ctx.tenant()?.may(Right::Clear) {
        return refuse(Refused::Forbidden, &text::FORBIDDEN);
    }
    ctx.require_match(&question)?;
    store::delete(ctx.db, ctx.tenant_id()?, &question.id)?;
    for answer in &question.answers {
        ctx.bury_version(ANSWERS, &answer.id, answer.version + 1)?;
    }
    ctx.bury_version(QUESTIONS, &question.id, question.version + 1)?;
    Ok(Response::empty(204))
}

/// POST `/qna/questions/{id}/answer/`: each user has one answer, which a second POST changes. `If-Match` names the
/// question with its answers, as its own route shows it, by its tag, or the answer by its version. `If-None-Match: *` and
/// `If-Unmodified-Since` are about the answer.
pub fn answer(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (question, user) = (find(ctx)?, ctx.user()?);
    let input = read(ctx, rules::ANSWER)?;
    let made = Creation::read(ctx, ANSWERS, &question.id, &input)?;
    match made.meet(ctx, ANSWERS, store::find_answer)? {
        Met::Other(placed) if placed.question_id == question.id && placed.answer.user_id == user => {}
        met => {
            if let Some(placed) = met.again()? {
                return Ok(Response::json(200, &json!({ "answer": placed.answer })));
            }
        }
    }
    let own = question.answers.iter().find(|answer| answer.user_id == user);
    let version = own.map(|answer| answer.version);
    precondition::require_unchanged(ctx.request, version, || Response::json(200, &question).body)?;
    if let Some(answer) = own {
        precondition::require_unmodified(ctx.request, answer.updated_at)?;
        precondition::require_absent(ctx.request)?;
    }
    let id = give(ctx, question, made, &input)?;
    let placed = found(store::find_answer(ctx.db, ctx.tenant_id()?, &id)?)?;
    ctx.touch_version(ANSWERS, &id, placed.answer.version)?;
    Ok(Response::json(200, &json!({ "answer": placed.answer })))
}

/// Writes the caller's answer, new or changed; answers its id.
fn give(ctx: &mut Ctx<'_>, question: Question, made: Creation, input: &Input) -> Result<String> {
    let (tenant, user, stamp) = (ctx.tenant_id()?, ctx.user()?, ctx.stamp()?);
    if let Some(mut answer) = question.answers.into_iter().find(|answer| answer.user_id == user) {
        answer.take(input);
        (answer.version, answer.updated_at, answer.trace.edited_at) = (answer.version + 1, stamp, None);
        store::update_answer(ctx.db, tenant, &answer)?;
        return Ok(answer.id);
    }
    let mut answer = Answer::new(made, user, stamp);
    answer.take(input);
    store::insert_answer(ctx.db, tenant, &question.id, &answer)?;
    Ok(answer.id)
}

/// A user's name changes: so do their questions and answers, and the questions that show those answers, also where they are
/// no longer.
pub fn rename(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    for tenant in store::tenants_of(ctx.db, user)? {
        let stamp = ctx.stamp_in(tenant)?;
        for id in store::naming(ctx.db, tenant, user)? {
            store::restamp(ctx.db, tenant, &id, stamp)?;
            ctx.touch_in(tenant, QUESTIONS, &id)?;
        }
        store::restamp_answers(ctx.db, tenant, user, stamp)?;
        for id in store::answers_of(ctx.db, tenant, user)? {
            ctx.touch_in(tenant, ANSWERS, &id)?;
        }
    }
    Ok(())
}

fn find(ctx: &mut Ctx<'_>) -> Result<Question> {
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    found(store::find(ctx.db, tenant, &id)?)
}

fn read(ctx: &mut Ctx<'_>, fields: &[Field]) -> Result<Input> {
    let mut input = ctx.input(fields)?;
    input.finish()?;
    Ok(input)
}

/// A user's own question, with their own answer to it.
pub fn own_question(question: Value, user: i64) -> Option<Value> {
    let mut question = written(question, &["created_by_id"], user)?;
    if let Some(answers) = question["answers"].as_array_mut() {
        answers.retain(|answer| answer["user_id"] == user);
    }
    Some(question)
}

/// Questions for the feed.
pub fn load_questions(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, store::find)
}

/// Answers for the feed.
pub fn load_answers(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, store::find_answer)
}
