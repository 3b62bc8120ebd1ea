//! The routes of questions and answers.

use super::rules::{self, Answer, Question};
use super::{ANSWERS, QUESTIONS, store};
use crate::base::error::Result;
use crate::db::Db;
use crate::feature::ctx::{found, load};
use crate::feature::offline::{By, Edit};
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
    let question = begin(ctx, made, &input)?;
    Ok(etag::tagged(Response::json(201, &question)))
}

/// Asks a question.
pub fn begin(ctx: &mut Ctx<'_>, made: Creation, input: &Input) -> Result<Question> {
    let mut question = Question::new(made, ctx.user()?, ctx.stamp()?);
    question.take(input);
    let tenant = ctx.tenant_id()?;
    store::insert(ctx.db, tenant, &question)?;
    ctx.touch_version(QUESTIONS, &question.id, question.version)?;
    found(store::find(ctx.db, tenant, &question.id)?)
}

/// GET `/qna/questions/{id}/`
pub fn question(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find(ctx)?))
}

/// Who may change a question.
pub const EDITS: By = By::Author;
/// Who may delete it.
pub const DELETES: By = By::AuthorOr(Right::Clear);

/// PUT and PATCH `/qna/questions/{id}/`
pub fn update(ctx: &mut Ctx<'_>) -> Result<Response> {
    let question = find(ctx)?;
    EDITS.require(ctx, Some(question.created_by_id))?;
    ctx.require_match(&question)?;
    let (input, edit) = (read(ctx, rules::QUESTION)?, Edit::of(question.version));
    Ok(etag::tagged(Response::json(200, &change(ctx, question, &input, edit)?)))
}

/// Changes a question.
pub fn change(ctx: &mut Ctx<'_>, mut question: Question, input: &Input, edit: Edit) -> Result<Question> {
    question.take(input);
    (question.version, question.updated_at, question.trace.edited_at) = (edit.version, ctx.stamp()?, edit.at);
    store::update(ctx.db, ctx.tenant_id()?, &question)?;
    ctx.touch_version(QUESTIONS, &question.id, question.version)?;
    Ok(question)
}

/// DELETE `/qna/questions/{id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let question = find(ctx)?;
    DELETES.require(ctx, Some(question.created_by_id))?;
    ctx.require_match(&question)?;
    remove(ctx, &question, question.version + 1)?;
    Ok(Response::empty(204))
}

/// Deletes a question, with its answers.
pub fn remove(ctx: &mut Ctx<'_>, question: &Question, version: i64) -> Result<()> {
    store::delete(ctx.db, ctx.tenant_id()?, &question.id)?;
    for answer in &question.answers {
        ctx.bury_own(ANSWERS, &answer.id, answer.version + 1, answer.user_id)?;
    }
    ctx.bury_own(QUESTIONS, &question.id, version, question.created_by_id)
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
    let own = question.answers.into_iter().find(|answer| answer.user_id == user);
    let answer = match own {
        Some(answer) => {
            let edit = Edit::of(answer.version);
            change_answer(ctx, answer, &input, edit)?
        }
        None => begin_answer(ctx, &question.id, made, &input)?,
    };
    Ok(Response::json(200, &json!({ "answer": answer })))
}

/// GET `/sync/answers/{id}/`
pub fn one_answer(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    Ok(Response::json(200, &found(store::find_answer(ctx.db, tenant, &id)?)?))
}

/// Writes the caller's first answer to a question.
pub fn begin_answer(ctx: &mut Ctx<'_>, question: &str, made: Creation, input: &Input) -> Result<Answer> {
    let (tenant, mut answer) = (ctx.tenant_id()?, Answer::new(made, ctx.user()?, ctx.stamp()?));
    answer.take(input);
    store::insert_answer(ctx.db, tenant, question, &answer)?;
    ctx.touch_version(ANSWERS, &answer.id, answer.version)?;
    Ok(found(store::find_answer(ctx.db, tenant, &answer.id)?)?.answer)
}

/// Changes an answer.
pub fn change_answer(ctx: &mut Ctx<'_>, mut answer: Answer, input: &Input, edit: Edit) -> Result<Answer> {
    answer.take(input);
    (answer.version, answer.updated_at, answer.trace.edited_at) = (edit.version, ctx.stamp()?, edit.at);
    store::update_answer(ctx.db, ctx.tenant_id()?, &answer)?;
    ctx.touch_version(ANSWERS, &answer.id, answer.version)?;
    Ok(answer)
}

/// Deletes an answer.
pub fn remove_answer(ctx: &mut Ctx<'_>, id: &str, version: i64) -> Result<()> {
    store::delete_answer(ctx.db, ctx.tenant_id()?, id)?;
    ctx.bury_version(ANSWERS, id, version)
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
