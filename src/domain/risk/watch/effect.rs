//! Does advice help? Those who were told what the model says, beside those from whom it was held back: what share of each met another's, with
//! 95 % intervals. Pure.

use serde::Serialize;

/// The normal quantile of a two-sided interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Asks that were treated alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Group {
    /// How many there were.
    pub asks: u64,
    /// How many of them met another's.
    pub met: u64,
}

/// A share, or a difference of two, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// What was counted.
    pub value: f64,
    /// From where on it may truly be.
    pub low: f64,
    /// Up to where.
    pub high: f64,
}

impl Group {
    /// Counts an ask.
    pub fn add(&mut self, met: bool) {
        self.asks += 1;
        self.met += u64::from(met);
    }

    /// The share that met another's (Wilson's interval); nothing of nobody.
    pub fn share(&self) -> Option<Share> {
        let (asks, value) = (self.asks as f64, self.met as f64 / self.asks as f64);
        let (square, all) = (Z * Z, 1.0 + Z * Z / asks);
        let middle = (value + square / (2.0 * asks)) / all;
        let half = Z / all * (value * (1.0 - value) / asks + square / (4.0 * asks * asks)).sqrt();
        (self.asks > 0).then(|| Share { value, low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
    }
}

/// How much larger one share is than another (Newcombe's interval).
pub fn difference(one: &Share, other: &Share) -> Share {
    let value = one.value - other.value;
    let reach = |down: f64, up: f64| down.hypot(up);
    Share {
        value,
        low: value - reach(one.value - one.low, other.high - other.value),
        high: value + reach(one.high - one.value, other.value - other.low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Share, (value, low, high): (f64, f64, f64)) {
        for (found, wanted) in [(found.value, value), (found.low, low), (found.high, high)] {
            assert!((found - wanted).abs() < 5e-5, "{found} is not {wanted}");
        }
    }

    /// The example of Newcombe (1998): 56 of 70 and 48 of 80.
    #[test]
    fn intervals_are_those_of_the_papers() {
        let [one, other] = [(70, 56), (80, 48)].map(|(asks, met)| Group { asks, met }.share().unwrap());
        close(one, (0.8, 0.6918, 0.8770));
        close(other, (0.6, 0.4905, 0.7004));
        close(difference(&one, &other), (0.2, 0.0524, 0.3339));
    }

    #[test]
    fn nobody_has_no_share_and_everybody_has_a_whole_one() {
        assert_eq!(Group::default().share(), None);
        let mut group = Group::default();
        group.add(true);
        let share = group.share().unwrap();
        assert!((share.value, share.high) == (1.0, 1.0) && share.low > 0.2 && share.low < 0.21, "{share:?}");
    }
}
