//! Whether advice helps, in words and as JSON: those who were told what the model says, beside those from whom it was held back.

use crate::base::error::Result;
use crate::cli::out;
use crate::domain::risk::watch::effect::{Group, Share, difference};
use crate::domain::risk::watch::outcomes::Seen;
use serde_json::{Value, json};

/// How much more of those who were told met another's than of the others; less than 0 is what advice is for.
fn apart(told: &Group, held: &Group) -> Option<Share> {
    told.share().zip(held.share()).map(|(told, held)| difference(&told, &held))
}

/// Is a difference more than chance makes?
fn is_more_than_chance(apart: &Share) -> bool {
    apart.high < 0.0 || apart.low > 0.0
}

pub fn as_json(seen: &Seen, holdout: u32) -> Value {
    let Seen { told, held, .. } = seen;
    let group = |group: &Group| json!({"asks": group.asks, "met": group.met, "share": group.share()});
    let apart = apart(told, held);
    let fewer = apart.filter(|apart| apart.value != 0.0).map(|apart| if apart.value < 0.0 { "told" } else { "held_out" });
    json!({
        "holdout": holdout, "told": group(told), "held_out": group(held), "difference": apart, "fewer_met": fewer,
        "more_than_chance": apart.as_ref().map(is_more_than_chance),
    })
}

/// Who is told facts alone, and for how long.
fn held_back(holdout: u32) -> String {
    match holdout {
        0 => "risk.holdout is 0: everybody is told what the model says, and whether that helps is not measured any more."
            .to_owned(),
        share => format!(
            "So that it can be measured whether the model helps, facts alone are told for {share} of 100 pairs of a device and a record \
             (risk.holdout). They are drawn anew at 00:00 UTC each day, so nobody stays among them; edits of the last 45 days are counted."
        ),
    }
}

pub fn say(seen: &Seen, holdout: u32) -> Result<()> {
    out::line(held_back(holdout))?;
    let Seen { told, held, .. } = seen;
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let group = |group: &Group| {
        group.share().map_or_else(
            || "none".to_owned(),
            |Share { value, low, high }| {
                format!("{} of {}, {} (with 95 %: {} to {})", group.met, group.asks, percent(value), percent(low), percent(high))
            },
        )
    };
    out::line(format!(
        "Marked edits that met another's: where the model was told {}; where facts alone were told {}.",
        group(told),
        group(held)
    ))?;
    out::line(
        apart(told, held)
            .map_or_else(|| "Whether advice helps cannot be said before there are both.".to_owned(), |apart| compared(&apart)),
    )
}

/// Which of both had fewer, by how much, and whether that is more than chance.
fn compared(apart: &Share) -> String {
    let points = |value: f64| {
        let side = if value < 0.0 { "fewer" } else { "more" };
        format!("{:.1} {side}", value.abs() * 100.0)
    };
    let which = match apart.value {
        value if value < 0.0 => {
            format!("Where the model was told, fewer met another's, by {:.1} percentage points", -value * 100.0)
        }
        value if value > 0.0 => {
            format!("Where facts alone were told, fewer met another's, by {:.1} percentage points", value * 100.0)
        }
        _ => "Both met another's as often".to_owned(),
    };
    let meaning = match (is_more_than_chance(apart), apart.value < 0.0) {
        (true, true) => "that is more than chance: advice helps",
        (true, false) => "that is more than chance: advice does harm, and `tandem risk off` has nobody told",
        (false, _) => "that may be chance",
    };
    format!("{which} (with 95 %: from {} to {} where it was told); {meaning}.", points(apart.low), points(apart.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said((told_met, told): (u64, u64), (held_met, held): (u64, u64)) -> String {
        let of = |met, asks| Group { asks, met };
        compared(&apart(&of(told_met, told), &of(held_met, held)).unwrap())
    }

    #[test]
    fn the_sentence_says_which_group_had_fewer_by_how_many_points_and_whether_that_is_chance() {
        let helps = said((48, 800), (56, 280));
        assert!(
            helps.starts_with("Where the model was told, fewer met another's, by 14.0 percentage points (with 95 %: from 19."),
            "{helps}"
        );
        assert!(helps.contains(" fewer to ") && helps.ends_with("that is more than chance: advice helps."), "{helps}");
        let harms = said((56, 280), (48, 800));
        assert!(harms.starts_with("Where facts alone were told, fewer met another's, by 14.0 percentage points"), "{harms}");
        assert!(harms.contains(" more to ") && harms.contains("advice does harm"), "{harms}");
        let chance = said((1, 10), (2, 10));
        assert!(
            chance.contains("by 10.0 percentage points") && chance.contains(" fewer to ") && chance.contains(" more where"),
            "{chance}"
        );
        assert!(chance.ends_with("that may be chance."), "{chance}");
        assert!(said((1, 10), (1, 10)).starts_with("Both met another's as often"));
    }
}
