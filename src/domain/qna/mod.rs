//! Questions that the partners ask each other, and each one's answer.

mod api;
mod graphql;
mod offline;
mod rules;
mod store;

use crate::base::error::Result;
use crate::feature::creation::REFUSES as MADE;
use crate::feature::{Access, Ctx, Feature, Kind, Load, News, Restore, Right, Route, Wakes, Without, contract, written};
use rules::{Answer, Placed, Question};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: KINDS,
    graph: graphql::GRAPH,
    offline: offline::OFFLINE,
    hears: Some(hears),
    restored: Restore::of_tenants(store::restored),
    ..Feature::new("qna", ROUTES)
};

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::AccountEnding { user } => api::rename(ctx, *user),
        _ => Ok(()),
    }
}

/// Questions in the feed.
const QUESTIONS: &str = "qna_questions";
/// Answers in the feed.
const ANSWERS: &str = "qna_answers";

const KINDS: &[Kind] = &[
    Kind {
        name: QUESTIONS,
        since: 1,
        load: Load::Own(api::load_questions),
        object: contract::of::<Question>,
        own: api::own_question,
        measure: Some(store::QUESTION),
        wakes: Wakes::HighWhenNew,
    },
    Kind {
        name: ANSWERS,
        since: 1,
        load: Load::Own(api::load_answers),
        object: contract::of::<Placed>,
        own: |o, user| written(o, &["user_id"], user),
        measure: Some(store::ANSWER),
        wakes: Wakes::High,
    },
];

const LIST: Access = Access::Member(Without::Empty);
const NEW: Access = Access::Member(Without::Invalid);
const ONE: Access = Access::Member(Without::NotFound);

const ROUTES: &[Route] = &[
    Route::get("/qna/questions/", LIST, api::list, "The couple's questions with their answers, newest change first")
        .lists::<Question>(),
    Route::post("/qna/questions/", NEW, api::create, "Ask a question")
        .takes(rules::NEW_QUESTION)
        .gives::<Question>(201)
        .gives::<Question>(200)
        .refuses(MADE),
    Route::get("/qna/questions/{id}/", ONE, api::question, "One question with its answers").gives::<Question>(200),
    Route::get("/sync/questions/{id}/", ONE, api::question, "One question, as uploads call it").gives::<Question>(200),
    Route::get("/sync/answers/{id}/", ONE, api::one_answer, "One answer, as uploads call it").gives::<Placed>(200),
    Route::put("/qna/questions/{id}/", ONE, api::update, "Replace one's own question")
        .takes(rules::QUESTION)
        .gives::<Question>(200)
        .refuses(&[403]),
    Route::patch("/qna/questions/{id}/", ONE, api::update, "Change one's own question")
        .takes(rules::QUESTION)
        .gives::<Question>(200)
        .refuses(&[403]),
    Route::delete("/qna/questions/{id}/", ONE, api::delete, "Delete a question and its answers")
        .needs(Right::Clear)
        .gives_nothing()
        .refuses(&[403]),
    Route::post("/qna/questions/{id}/answer/", ONE, api::answer, "Answer a question, or change one's answer")
        .takes(rules::NEW_ANSWER)
        .gives_under::<Answer>(200, "answer")
        .refuses(&[409, 410, 412]),
];
