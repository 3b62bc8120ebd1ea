//! Numbers by their value: what JSON's grammar writes, digit by digit, however large.

use serde_json::Number;

/// The most significant digits of a number that is kept: more than any database, sensor or currency has.
pub const MAX_DIGITS: usize = 100;
/// The largest exponent of a number that is kept, and the smallest below zero: a double's.
pub const MAX_EXPONENT: i64 = 308;
/// A number is kept as it was written up to this many bytes: its digits, and the zeros that its exponent can stand for.
const MAX_TEXT: usize = 500;
/// An exponent beyond this is as good as this.
const FAR: i64 = 1_000_000_000;
/// The most digits of a whole number that is written out: those of 64 bits.
const WHOLE: i64 = 20;

/// A number by its value: `d.ddd · 10^exponent`. Zero has no digits, and no sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Significant digits, the first and the last of which are not 0.
    digits: String,
    exponent: i64,
}

/// What becomes of a number.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// A `serde_json` number holds it, or its parser will say what is wrong with it.
    Held,
    /// It is kept as this text.
    Kept(String),
    /// It is beyond what is kept.
    Beyond,
}

impl Decimal {
    /// Reads a number of JSON (RFC 8259 §6); `None` when it is none.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, power(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let all = [whole, fraction].concat();
        let digits = all.trim_start_matches('0');
        let zeros = i64::try_from(all.len() - digits.len()).ok()?;
        let digits = digits.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Decimal { negative: false, digits, exponent: 0 });
        }
        let exponent = exponent + i64::try_from(whole.len()).ok()? - 1 - zeros;
        Some(Decimal { negative, digits, exponent })
    }

    /// The one form of numbers of this value.
    pub fn text(&self) -> String {
        self.whole().unwrap_or_else(|| {
            let (first, rest) = self.digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            format!("{}{first}{point}{rest}e{}", self.sign(), self.exponent)
        })
    }

    /// A whole number of as many digits as 64 bits can have, written out.
    pub fn whole(&self) -> Option<String> {
        if self.digits.is_empty() {
            return Some("0".to_owned());
        }
        let fits = (0..WHOLE).contains(&self.exponent) && self.digits.len() as i64 <= self.exponent + 1;
        let zeros = usize::try_from(self.exponent + 1).ok()?.checked_sub(self.digits.len())?;
        fits.then(|| format!("{}{}{}", self.sign(), self.digits, "0".repeat(zeros)))
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    /// Does a double stand for it, which is written with these very digits?
    fn is_double(&self, text: &str) -> bool {
        let double = text.parse::<f64>().ok().filter(|double| *double != 0.0);
        let written = double.and_then(Number::from_f64).and_then(|number| Decimal::parse(&number.to_string()));
        written.as_ref() == Some(self)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return None;
    }
    let power = digits.parse().unwrap_or(FAR).min(FAR);
    Some(if text.starts_with('-') { -power } else { power })
}

/// Digits that a double gives back, whatever they are.
const SHORT: usize = 15;

/// Is a number so short that a double gives it back whatever it is?
pub fn is_short(number: &[u8]) -> bool {
    number.len() <= SHORT && !number.iter().any(|byte| matches!(byte, b'e' | b'E'))
}

/// What becomes of a number that stands in a text.
pub fn fate(text: &str) -> Fate {
    if is_short(text.as_bytes()) || is_written_so(text) || text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return Fate::Held;
    }
    match Decimal::parse(text) {
        None => Fate::Held,
        Some(number) if number.digits.is_empty() || number.is_double(text) => Fate::Held,
        Some(number) if number.digits.len() > MAX_DIGITS || number.exponent.abs() > MAX_EXPONENT => Fate::Beyond,
        Some(number) if text.len() > MAX_TEXT => Fate::Kept(number.text()),
        Some(_) => Fate::Kept(text.to_owned()),
    }
}

/// Is it written as `serde_json` writes a double? Nearly every number of so many digits is.
fn is_written_so(text: &str) -> bool {
    text.parse().is_ok_and(|double: f64| double.is_finite() && zmij::Buffer::new().format_finite(double) == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(one: &str, other: &str) -> bool {
        Decimal::parse(one).unwrap() == Decimal::parse(other).unwrap()
    }

    #[test]
    fn numbers_are_the_same_by_their_value() {
        for (one, other) in
            [("1", "1.0"), ("1", "1e0"), ("-0.0", "0"), ("1e2", "100"), ("0.1", "1E-1"), ("-2.50", "-25e-1"), ("0e9", "0")]
        {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in
            [("1", "-1"), ("1", "10"), ("1.00000000000000000001", "1"), ("18446744073709551616", "18446744073709551617")]
        {
            assert!(!same(one, other), "{one} {other}");
        }
        for none in ["", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1.5.2", "1e2e3", "0x1", " 1"] {
            assert_eq!(Decimal::parse(none), None, "{none}");
        }
    }

    #[test]
    fn what_a_double_loses_is_kept_and_what_nobody_writes_is_not() {
        for held in
            ["117.63331139400017", "5e-324", "1.7976931348623157e308", "18446744073709551615", "1e22", "0e999", "1.", "100000.0"]
        {
            assert_eq!(fate(held), Fate::Held, "{held}");
        }
        for kept in ["18446744073709551616", "12345678901234567890123", "0.1000000000000000055511151231257827", "9.9e308"] {
            assert_eq!(fate(kept), Fate::Kept(kept.to_owned()), "{kept}");
        }
        for beyond in ["1e309", "1e400", "-1e999999999999999999999", "1.5e-400", &"7".repeat(101)] {
            assert_eq!(fate(beyond), Fate::Beyond, "{beyond}");
        }
        let long = format!("1.{}1{}", "0".repeat(40), "0".repeat(1_000));
        assert_eq!(fate(&long), Fate::Kept(format!("1.{}1e0", "0".repeat(40))));
    }

    proptest! {
        #[test]
        fn a_number_that_is_kept_has_its_value(text in "-?(0|[1-9][0-9]{0,45})(\\.[0-9]{1,45})?([eE][+-]?[0-9]{1,2})?") {
            let sent = Decimal::parse(&text).unwrap();
            let back = match fate(&text) {
                Fate::Held => serde_json::from_str::<Number>(&text).unwrap().to_string(),
                Fate::Kept(kept) => kept,
                Fate::Beyond => panic!("{text}"),
            };
            prop_assert_eq!(Decimal::parse(&back).unwrap(), sent.clone());
            prop_assert_eq!(Decimal::parse(&sent.text()).unwrap(), sent);
        }
    }
}
