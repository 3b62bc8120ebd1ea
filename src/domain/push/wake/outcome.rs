//! What became of a wake-up, and when it is tried again.

use crate::base::time::{HOUR, MINUTE, SECOND, Timestamp, parse_http};

/// How often a wake-up is tried; then it waits for the next change.
pub const TRIES: i64 = 5;
/// How long the first try that failed waits for the next one, in milliseconds; each one after it waits twice as long.
const FIRST: i64 = 30 * SECOND;
/// The longest that a push service or a failure has a device wait, in milliseconds.
const LONGEST: i64 = HOUR;
/// How much of its wait a try may come earlier or later, in thousandths: so those that failed together do not come together again.
const JITTER: i64 = 200;
/// How long a host rests that fails, in milliseconds, where it does not say so itself.
const REST: i64 = 5 * MINUTE;
/// So many endpoints of a host that fail one after another have it rest.
const FAILING: usize = 3;

/// What a push service said, or that it said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// A status.
    Status(u16),
    /// No answer in time.
    Late,
    /// No connection, or none that holds.
    Refused,
}

/// What that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took the wake-up.
    Taken,
    /// The device has subscribed no more.
    Gone,
    /// It does not let this site in: ours to mend.
    Barred,
    /// The wake-up is too long: a defect, and no second try mends it.
    TooLong,
    /// Another time, maybe.
    Failed,
}

impl Said {
    /// What it means.
    pub const fn outcome(self) -> Outcome {
        match self {
            Said::Status(200..=299) => Outcome::Taken,
            Said::Status(404 | 410) => Outcome::Gone,
            Said::Status(401 | 403) => Outcome::Barred,
            Said::Status(413) => Outcome::TooLong,
            _ => Outcome::Failed,
        }
    }

    /// As its user is shown it: nothing of an answer but its class.
    pub const fn word(self) -> &'static str {
        match self {
            Said::Status(200..=299) => "2xx",
            Said::Status(400..=499) => "4xx",
            Said::Status(500..=599) => "5xx",
            Said::Late => "timeout",
            Said::Status(_) | Said::Refused => "refused",
        }
    }
}

/// How long the field `Retry-After` has one wait (RFC 9110 §10.2.3), at least a second and at most an hour, however many digits it has.
pub fn retry_after(field: &str, now: Timestamp) -> Option<i64> {
    let field = field.trim();
    let is_number = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = is_number.then(|| field.parse::<u32>().map_or(LONGEST, |seconds| i64::from(seconds) * SECOND));
    let wait = seconds.or_else(|| Some(parse_http(field)?.0 - now.0))?;
    Some(wait.clamp(SECOND, LONGEST))
}

/// When a wake-up is tried again that has failed so many times before, and whether that is one more try; else it waits for the
/// next change, and no less long. `dice` is any number.
pub fn again(failed: i64, said: Option<i64>, dice: i64, now: Timestamp) -> (Timestamp, bool) {
    let doubled = FIRST << failed.clamp(0, TRIES);
    let turned = doubled * (1_000 - JITTER + dice.rem_euclid(2 * JITTER + 1)) / 1_000;
    (now.plus(said.unwrap_or(turned).min(LONGEST)), failed + 1 < TRIES)
}

/// A host as one courier meets it.
#[derive(Debug, Default)]
pub struct Host {
    /// The endpoints that failed one after another.
    failed: Vec<String>,
    /// Is it left alone by this courier?
    pub left: bool,
    /// Does it refuse this site?
    pub barred: bool,
}

impl Host {
    /// Notes what became of a try, and answers how long all of the host's endpoints rest, in milliseconds, if they do.
    pub fn met(&mut self, endpoint: &str, said: Said, after: Option<i64>) -> Option<i64> {
        self.left |= said == Said::Late;
        self.barred |= said.outcome() == Outcome::Barred;
        if said.outcome() != Outcome::Failed || said == Said::Status(429) {
            self.failed.clear();
            return None;
        }
        if !self.failed.iter().any(|known| known == endpoint) {
            self.failed.push(endpoint.to_owned());
        }
        let told = after.filter(|_| said == Said::Status(503));
        let rest = told.or_else(|| (self.failed.len() >= FAILING).then_some(REST));
        self.left |= rest.is_some();
        rest
    }

    /// The same of an endpoint that nobody has proved. It may be made up, so that it fails says nothing of its host: else whoever makes up
    /// three would have everybody's devices there rest. One that does not answer is slow whoever named it.
    pub fn met_unproved(&mut self, said: Said) -> Option<i64> {
        self.left |= said == Said::Late;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    #[test]
    fn each_status_means_one_thing() {
        let cases = [
            (Said::Status(201), Outcome::Taken, "2xx"),
            (Said::Status(302), Outcome::Failed, "refused"),
            (Said::Status(400), Outcome::Failed, "4xx"),
            (Said::Status(401), Outcome::Barred, "4xx"),
            (Said::Status(403), Outcome::Barred, "4xx"),
            (Said::Status(404), Outcome::Gone, "4xx"),
            (Said::Status(410), Outcome::Gone, "4xx"),
            (Said::Status(413), Outcome::TooLong, "4xx"),
            (Said::Status(429), Outcome::Failed, "4xx"),
            (Said::Status(503), Outcome::Failed, "5xx"),
            (Said::Late, Outcome::Failed, "timeout"),
            (Said::Refused, Outcome::Failed, "refused"),
        ];
        for (said, outcome, word) in cases {
            assert_eq!((said.outcome(), said.word()), (outcome, word), "{said:?}");
        }
    }

    #[test]
    fn a_wait_is_read_in_both_forms_and_is_a_second_to_an_hour() {
        let at = crate::base::time::http(NOW.plus(90 * SECOND));
        for (field, wait) in [
            ("120", Some(120 * SECOND)),
            (" 0 ", Some(SECOND)),
            ("86400", Some(HOUR)),
            ("99999999999999999999", Some(HOUR)),
            (at.as_str(), Some(90 * SECOND)),
        ] {
            assert_eq!(retry_after(field, NOW), wait, "{field}");
        }
        for no_wait in ["soon", "", "-5", "1.5"] {
            assert_eq!(retry_after(no_wait, NOW), None, "{no_wait}");
        }
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", NOW), Some(SECOND));
    }

    #[test]
    fn three_endpoints_that_fail_in_a_row_have_their_host_rest() {
        let mut host = Host::default();
        let five = Said::Status(500);
        assert_eq!((host.met("a", five, None), host.met("a", five, None), host.met("b", five, None)), (None, None, None));
        assert_eq!(host.met("c", Said::Status(201), None), None, "not in a row");
        assert_eq!((host.met("a", five, None), host.met("b", five, None)), (None, None));
        assert!(!host.left);
        assert_eq!(host.met("c", Said::Refused, None), Some(REST));
        assert!(host.left);
        let mut other = Host::default();
        assert_eq!(other.met("a", Said::Status(503), Some(7_000)), Some(7_000), "it says so itself");
        let mut third = Host::default();
        assert_eq!(third.met("a", Said::Status(429), Some(7_000)), None, "of one endpoint");
        assert_eq!((third.met("a", Said::Late, None), third.left), (None, true), "no second one waits for it in vain");
    }

    proptest! {
        #[test]
        fn tries_come_later_each_time_and_never_sooner_than_was_said(failed in 0_i64..9, said in prop::option::of(0..2 * HOUR), dice: i64) {
            let (at, more) = again(failed, said, dice, NOW);
            let wait = at.0 - NOW.0;
            prop_assert_eq!(more, failed < TRIES - 1);
            prop_assert!(wait <= HOUR);
            match said {
                Some(said) => prop_assert_eq!(wait, said.min(HOUR)),
                None => {
                    let middle = FIRST << failed.min(TRIES);
                    prop_assert!(wait * 10 >= middle.min(HOUR) * 8 && wait * 10 <= middle * 12);
                }
            }
        }
    }
}
