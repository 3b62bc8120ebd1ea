//! Asking: facts first, then how likely an edit is to meet another's, then what is best. Nothing is written by it.

pub mod advice;
pub mod asked;
pub mod facts;

use crate::base::error::Result;
use crate::domain::risk::columns::Row;
use crate::domain::risk::history::features::{Asked, Counts, Known, before, features, met_rate};
use crate::domain::risk::history::sums;
use crate::domain::risk::marks::mark::Mark;
use crate::domain::risk::marks::store as marks;
use crate::feature::Ctx;
use advice::{Advice, Level, RATES, recommend, wait};
use asked::{Asker, Record};
use facts::{Looked, look};

/// One who asks, with what all of their questions need.
pub struct Asking {
    /// Who asks.
    pub asker: Asker,
    /// The tenant's marks.
    pub live: Vec<Mark>,
    known: Known,
}

/// What a record was answered, and what was known of it.
pub struct Answered {
    /// The answer.
    pub advice: Advice,
    /// What was known; nothing for what has no history.
    pub row: Option<Row>,
}

impl Asking {
    /// Begins to ask.
    pub fn of(ctx: &mut Ctx<'_>, asker: Asker) -> Result<Asking> {
        let tenant = ctx.tenant_id()?;
        let known = sums::known(ctx.db, tenant, asker.user, ctx.now)?;
        Ok(Asking { live: marks::live(ctx.db, tenant)?, asker, known })
    }

    /// What is best for a record.
    pub fn ask(&self, ctx: &mut Ctx<'_>, record: &Record) -> Result<Answered> {
        let Looked { facts, edits, base_at, taken_until } = look(ctx, &self.asker, record, &self.live)?;
        let has_history = record.kind.names().is_some() && !facts.unknown;
        let counted = before(ctx.now, edits.iter());
        let row = has_history.then(|| {
            let (at, device, cursor) = (ctx.now, self.asker.device, record.cursor);
            let open_editors = facts.editors.len();
            features(&Asked { at, device, base_at, cursor, open_editors }, &counted, &self.known)
        });
        let counts = counted.iter().fold(Counts::default(), |counts, edit| counts.with(edit));
        let probability = match () {
            () if facts.behind => Some(1.0),
            () if facts.unknown => Some(0.0),
            () => has_history.then(|| met_rate(counts, self.known.tenant)),
        };
        let level = Level::of(probability.unwrap_or_default());
        let recommendation = recommend(&facts, record.pending, taken_until.is_some(), level);
        let is_wait = recommendation == advice::Recommendation::Wait;
        let advice = Advice {
            kind: record.called(),
            id: record.id.clone(),
            facts,
            probability,
            risk_level: level.word(),
            recommendation: recommendation.word(),
            wait_seconds: taken_until.filter(|_| is_wait).map_or(0, |until| wait(until, ctx.now)),
            reasons: Vec::new(),
            model_version: RATES,
            predicted_at: ctx.now,
        };
        Ok(Answered { advice, row })
    }

    /// The chance that an edit of a record of which nothing is known meets another's.
    pub fn usual(&self) -> f64 {
        met_rate(Counts::default(), self.known.tenant)
    }
}
