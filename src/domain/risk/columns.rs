//! What a model looks at: a table of columns, and how each is read. One function for asking and for training.

/// How many columns there are.
pub const WIDTH: usize = COLUMNS.len();

/// What is known at an ask, column by column.
pub type Row = [f64; WIDTH];

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, which never changes: apps have sentences by it.
    pub name: &'static str,
    /// What its values are.
    pub scale: Scale,
    /// Where the chance of meeting another's edit goes as the value grows, as far as anybody would expect.
    pub direction: Direction,
    /// How often its value is another.
    pub pace: Pace,
}

/// How often the value of a column is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// From ask to ask.
    Ask,
    /// Once a day, for a user or for all.
    Day,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// How many: from 0 on.
    Count,
    /// Hours since something: from 0 on.
    Hours,
    /// A share, 0 to 1.
    Share,
    /// A smoothed rate, 0 to 1.
    Rate,
}

/// Where a chance goes as a value grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Up.
    Rising,
    /// Down.
    Falling,
}

/// The longest time that is told apart, in hours: a year, which also stands for never.
pub const LONGEST: f64 = 8_760.0;
/// Rates are kept this far from 0 and 1, where their log-odds are infinite.
const EDGE: f64 = 0.0001;

use Direction::{Falling, Rising};
use Pace::{Ask, Day};

/// Every column, in the order of a [`Row`].
pub const COLUMNS: [Column; 11] = [
    column("hours_since_base", Scale::Hours, Rising, Ask),
    column("hours_since_other", Scale::Hours, Falling, Ask),
    column("edits_30d", Scale::Count, Rising, Ask),
    column("editors_30d", Scale::Count, Rising, Ask),
    column("own_share", Scale::Share, Falling, Ask),
    column("open_editors", Scale::Count, Rising, Ask),
    column("user_rate", Scale::Rate, Rising, Day),
    column("record_rate", Scale::Rate, Rising, Ask),
    column("user_met", Scale::Rate, Rising, Day),
    column("record_met", Scale::Rate, Rising, Ask),
    column("team_7d", Scale::Count, Rising, Day),
];

const fn column(name: &'static str, scale: Scale, direction: Direction, pace: Pace) -> Column {
    Column { name, scale, direction, pace }
}

impl Scale {
    /// May a value be one of this scale?
    pub fn allows(self, value: f64) -> bool {
        let most = match self {
            Scale::Count | Scale::Hours => f64::MAX,
            Scale::Share | Scale::Rate => 1.0,
        };
        (0.0..=most).contains(&value)
    }

    /// The value as models look at it: logarithms, because the tenth hour tells more than the thousandth.
    fn read(self, value: f64) -> f64 {
        match self {
            Scale::Count => value.ln_1p(),
            Scale::Hours => value.min(LONGEST).ln_1p(),
            Scale::Share => value,
            Scale::Rate => {
                let rate = value.clamp(EDGE, 1.0 - EDGE);
                (rate / (1.0 - rate)).ln()
            }
        }
    }
}

/// The columns of an ask as models look at them.
pub fn read(known: Row) -> Row {
    std::array::from_fn(|place| COLUMNS[place].scale.read(known[place]))
}
