//! Questions and answers in the uploads.

use super::{ANSWERS, QUESTIONS, api, rules, store};
use crate::base::error::{Refusal, Result, not_found};
use crate::base::text::{self, Message};
use crate::feature::offline::{By, Draft, Held, no_parent};
use crate::feature::{Ctx, Names, Offline, texts};

/// See [`Offline`].
pub const OFFLINE: &[Offline] = &[
    Offline {
        names: Names { name: "question", path: "questions", list: QUESTIONS },
        fields: rules::QUESTION,
        texts: store::QUESTION.texts,
        parent: None,
        edits: api::EDITS,
        deletes: api::DELETES,
        find: |db, tenant, id| Held::of(store::find(db, tenant, id)?),
        twin: Offline::NO_TWIN,
        write: write_question,
        delete: delete_question,
    },
    Offline {
        names: Names { name: "answer", path: "answers", list: ANSWERS },
        fields: rules::PLACED_ANSWER,
        texts: store::ANSWER.texts,
        parent: Some(("question_id", "question")),
        edits: By::Author,
        deletes: By::Author,
        find: |db, tenant, id| Held::of(store::find_answer(db, tenant, id)?),
        // One a user and question.
        twin: |ctx, fields| {
            let (tenant, user) = (ctx.tenant_id()?, ctx.user()?);
            let question = fields.get("question_id").and_then(|question| question.as_str());
            question.map_or(Ok(None), |question| store::own_answer(ctx.db, tenant, question, user))
        },
        write: write_answer,
        delete: api::remove_answer,
    },
];

fn write_question(ctx: &mut Ctx<'_>, draft: &Draft) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    match store::find(ctx.db, tenant, &draft.id)? {
        Some(question) => api::change(ctx, question, &draft.input, draft.edit).map(drop),
        None => api::begin(ctx, draft.creation(), &draft.input).map(drop),
    }
}

fn delete_question(ctx: &mut Ctx<'_>, id: &str, version: i64) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    let question = store::find(ctx.db, tenant, id)?.ok_or_else(not_found)?;
    api::remove(ctx, &question, version)
}

fn write_answer(ctx: &mut Ctx<'_>, draft: &Draft) -> Result<()> {
    let (tenant, parent) = (ctx.tenant_id()?, draft.input.text("question_id").unwrap_or_default().to_owned());
    if let Some(placed) = store::find_answer(ctx.db, tenant, &draft.id)? {
        if placed.question_id != parent {
            return Err(Refusal::field("question_id", Message::plain(&texts::FIXED_PARENT)).into());
        }
        return api::change_answer(ctx, placed.answer, &draft.input, draft.edit).map(drop);
    }
    // One that was deleted comes back only where there is no other by now.
    let user = ctx.user()?;
    if let Some(other) = store::own_answer(ctx.db, tenant, &parent, user)? {
        return Err(Refusal::field("question_id", Message::plain(&text::EXISTS)).and("existing_id", other).into());
    }
    match store::find(ctx.db, tenant, &parent)? {
        Some(question) => api::begin_answer(ctx, &question.id, draft.creation(), &draft.input).map(drop),
        None => Err(no_parent(ctx, "question_id", QUESTIONS, &parent)?.into()),
    }
}
