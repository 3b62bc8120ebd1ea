//! What is best, from what is known. Pure.

use super::facts::Facts;
use crate::base::time::{SECOND, Timestamp};
use crate::base::word;
use crate::domain::risk::marks::mark::LASTS;
use schemars::JsonSchema;
use serde::Serialize;

/// What the advice rests on, where no model is active.
pub const RATES: &str = "rates";
/// From which probability on an edit is risky, and very, where no model says.
const MEDIUM: f64 = 0.2;
const HIGH: f64 = 0.5;

/// How risky an edit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Go on.
    Low,
    /// Something may be met.
    Medium,
    /// Something will be.
    High,
}

impl Level {
    /// Every level with its word.
    pub const ALL: [(Level, &str); 3] = [(Level::Low, "low"), (Level::Medium, "medium"), (Level::High, "high")];

    /// The level of a probability, by where the active model says that they begin.
    pub fn of(probability: f64, levels: Option<(f64, f64)>) -> Level {
        let (medium, high) = levels.unwrap_or((MEDIUM, HIGH));
        if probability >= high {
            Level::High
        } else if probability >= medium {
            Level::Medium
        } else {
            Level::Low
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        word::of(&Level::ALL, &self)
    }
}

/// What is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recommendation {
    /// Edit.
    GoOn,
    /// Fetch what is new, or send at once what was edited.
    SyncNow,
    /// Another edits the same.
    Wait,
    /// What waits to be sent meets what is there.
    MergeFirst,
}

impl Recommendation {
    /// Every recommendation with its word.
    pub const ALL: [(Recommendation, &str); 4] = [
        (Recommendation::GoOn, "go_on"),
        (Recommendation::SyncNow, "sync_now"),
        (Recommendation::Wait, "wait"),
        (Recommendation::MergeFirst, "merge_first"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        word::of(&Recommendation::ALL, &self)
    }
}

/// What was asked about a record.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Advice {
    /// What the record is.
    pub kind: &'static str,
    /// Which it is.
    pub id: String,
    /// What is known beyond doubt.
    pub facts: Facts,
    /// How likely an edit is to meet another's; 1 where the asker is behind already, null for what has no history, and where only facts
    /// are told.
    pub probability: Option<f64>,
    /// How risky an edit is.
    #[schemars(extend("enum" = word::list(&Level::ALL)))]
    pub risk_level: &'static str,
    /// What is best.
    #[schemars(extend("enum" = word::list(&Recommendation::ALL)))]
    pub recommendation: &'static str,
    /// Where that is to wait: how many seconds, at most 300.
    pub wait_seconds: i64,
    /// Why the probability is what it is, the largest reason first; none without a model.
    pub reasons: Vec<Reason>,
    /// What the probability rests on: a model, by its version; `rates`, where none is active; `facts` alone, where one is and was not asked:
    /// facts decide, the kind has no history, or the model is held back, now and then, to see whether it helps.
    pub model_version: String,
    /// When it was asked.
    pub predicted_at: Timestamp,
}

/// Why a probability is what it is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "AdviceReason")]
pub struct Reason {
    /// What was looked at.
    pub feature: &'static str,
    /// What it is.
    pub value: f64,
    /// How much it raises the log-odds.
    pub effect: f64,
}

/// The first that holds.
pub fn recommend(facts: &Facts, pending: bool, is_taken: bool, level: Level) -> Recommendation {
    match () {
        () if pending && (facts.deleted || facts.behind) => Recommendation::MergeFirst,
        () if facts.behind => Recommendation::SyncNow,
        () if is_taken => Recommendation::Wait,
        () if level == Level::High => Recommendation::SyncNow,
        () => Recommendation::GoOn,
    }
}

/// How many seconds another's mark lasts, from an instant on.
pub fn wait(until: Timestamp, now: Timestamp) -> i64 {
    ((until.0 - now.0).clamp(0, LASTS) + SECOND - 1) / SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_holds_decides() {
        use Recommendation::{GoOn, MergeFirst, SyncNow, Wait};
        let facts = |behind, deleted| Facts { behind, deleted, ..Facts::default() };
        let cases = [
            (facts(true, false), true, true, Level::High, MergeFirst),
            (facts(false, true), true, false, Level::Low, MergeFirst),
            (facts(true, true), false, true, Level::High, SyncNow),
            (facts(false, false), true, true, Level::High, Wait),
            (facts(false, false), true, false, Level::High, SyncNow),
            (facts(false, true), false, false, Level::Medium, GoOn),
        ];
        for (facts, pending, is_taken, level, wanted) in cases {
            assert_eq!(recommend(&facts, pending, is_taken, level), wanted, "{facts:?}");
        }
    }

    #[test]
    fn levels_begin_where_they_say() {
        let levels = [0.0, 0.199, 0.2, 0.499, 0.5, 1.0].map(|probability| Level::of(probability, None).word());
        assert_eq!(levels, ["low", "low", "medium", "medium", "high", "high"]);
        assert_eq!([0.1, 0.3].map(|probability| Level::of(probability, Some((0.1, 0.3)))), [Level::Medium, Level::High]);
    }

    #[test]
    fn nobody_waits_longer_than_a_mark_lasts() {
        let now = Timestamp(1_000_000);
        assert_eq!([-1, 0, 1, 1_000, 1_001, 900_000].map(|left| wait(now.plus(left), now)), [0, 0, 1, 1, 2, 300]);
    }
}
