//! What a setting is.

use super::Loaded;
use crate::feature::Rate;

/// What is wrong with a value, in words that follow the setting's name.
pub type Outcome = std::result::Result<(), String>;

/// What a setting's value is, and where it goes.
pub enum Value {
    /// Text.
    Text(fn(&mut Loaded, String)),
    /// Text of a form; the function says what is wrong with it.
    Checked(fn(&mut Loaded, &str) -> Outcome),
    /// A list; in the environment separated by commas. The function says what is wrong with an entry.
    List(fn(&mut Loaded, &[String]) -> Outcome),
    /// A whole number in a range.
    Number(u32, u32, fn(&mut Loaded, u32)),
    /// One of these words; the function is given its place.
    Word(&'static [&'static str], fn(&mut Loaded, usize)),
    /// `N/SECONDS`, or `off`.
    Limit(fn(&mut Loaded, Option<Rate>)),
}

/// One setting. The environment variable is `TANDEM_` and the name in capitals, dots as underscores.
pub struct Setting {
    /// The name in the file: `cors_origins`, `limits.auth`.
    pub name: &'static str,
    /// What it is, with its unit.
    pub help: &'static str,
    /// What holds when it is not set, as the operator would write it.
    pub default: &'static str,
    /// Must its value stay hidden?
    pub secret: bool,
    /// How it is read.
    pub value: Value,
}

/// A setting that everybody may see.
pub const fn setting(name: &'static str, default: &'static str, help: &'static str, value: Value) -> Setting {
    Setting { name, help, default, secret: false, value }
}
