//! Questions and answers through GraphQL.

use super::{ANSWERS, LIST, ONE, QUESTIONS, store};
use crate::base::error::Result;
use crate::feature::graphql::WINDOWED;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("question", ONE, question), Root::query("questions", LIST, questions).paged(WINDOWED)],
    shown: &[
        Shown { kind: QUESTIONS, type_name: "Question", complete: |_, question| place(question) },
        Shown::plain(ANSWERS, "Answer"),
    ],
    ..Graph::NONE
};

/// Tells each answer of a question which question it answers: an answer has one type here, wherever it stands.
fn place(question: &mut Value) {
    let id = question["id"].clone();
    for answer in question.get_mut("answers").and_then(Value::as_array_mut).into_iter().flatten() {
        answer["question_id"] = id.clone();
    }
}

fn question(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    let mut question = asked.object(|id| store::find(ctx.db, tenant, id))?;
    place(&mut question);
    Ok(question)
}

fn questions(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let (tenant, window) = (ctx.tenant_id()?, asked.window()?);
    let questions = store::part(ctx.db, tenant, &window.after.newest()?, window.span())?;
    let mut page = asked.connection(&window, questions, || store::count(ctx.db, tenant))?;
    page["nodes"].as_array_mut().into_iter().flatten().for_each(place);
    Ok(page)
}
