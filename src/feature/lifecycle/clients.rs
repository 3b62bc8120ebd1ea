//! Apps and their versions: who calls, and which of them are too old.

use super::days::DRAIN;
use crate::base::time::Timestamp;
use crate::http::Request;
use std::cmp::Ordering;

/// What a client is called that does not say.
pub const UNKNOWN: &str = "unknown";
/// The most characters of a name, and of a version.
pub const LONGEST: usize = 40;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client<'r> {
    /// The app's name.
    pub name: &'r str,
    /// Its version, if it says one.
    pub version: Option<&'r str>,
}

impl<'r> Client<'r> {
    /// Who sent a request, by their own word.
    pub fn of_request(request: &'r Request<'_>) -> Client<'r> {
        Client::of(request.header("X_CLIENT_VERSION"), request.header("USER_AGENT"))
    }

    /// By `X-Client-Version: NAME/VERSION`, else by the first product of `User-Agent`.
    pub fn of(said: Option<&'r str>, agent: Option<&'r str>) -> Client<'r> {
        let product = agent.and_then(|agent| agent.split_whitespace().next());
        let unknown = Client { name: UNKNOWN, version: None };
        said.and_then(|said| read(said.trim()))
            .filter(|client| client.version.is_some())
            .or_else(|| read(product?))
            .unwrap_or(unknown)
    }
}

fn read(text: &str) -> Option<Client<'_>> {
    let (name, version) = text.split_once('/').map_or((text, None), |(name, version)| (name, Some(version)));
    (is_word(name) && version.is_none_or(is_word)).then_some(Client { name, version })
}

/// Is it a name or a version as clients may send them?
pub fn is_word(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
}

/// Which of an app's versions are too old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minimum {
    /// The app's name.
    pub name: String,
    /// Older ones are asked to update.
    pub soft: Option<String>,
    /// Older ones are refused.
    pub hard: Option<String>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Where the newest is to be had.
    pub url: Option<String>,
}

/// How an app's version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// New enough.
    Fresh,
    /// It should be updated.
    Soft,
    /// It is refused; what takes unsent work is open until this instant.
    Hard(Timestamp),
}

impl Age {
    /// Its word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Age::Fresh => "ok",
            Age::Soft => "soft",
            Age::Hard(_) => "hard",
        }
    }
}

impl Minimum {
    /// How this version of the app stands at an instant. What says no version is never refused.
    pub fn age(&self, version: Option<&str>, now: Timestamp) -> Age {
        let Some(version) = version else { return Age::Fresh };
        let below = |least: &Option<String>| least.as_deref().is_some_and(|least| compare(version, least) == Ordering::Less);
        match self.from {
            Some(from) if below(&self.hard) && from <= now => Age::Hard(from.plus(DRAIN)),
            _ if below(&self.hard) || below(&self.soft) => Age::Soft,
            _ => Age::Fresh,
        }
    }

    /// The oldest version that is served without a reminder.
    pub fn least(&self) -> Option<&str> {
        let (soft, hard) = (self.soft.as_deref(), self.hard.as_deref());
        match (soft, hard) {
            (Some(soft), Some(hard)) if compare(soft, hard) == Ordering::Less => Some(hard),
            _ => soft.or(hard),
        }
    }
}

/// Compares versions by their numbers, part by part; a pre-release comes before its release, and behind `+` nothing counts.
pub fn compare(one: &str, other: &str) -> Ordering {
    let ((a, before_a), (b, before_b)) = (split(one), split(other));
    let parts = a.split('.').count().max(b.split('.').count());
    let part = |text: &str, n: usize| text.split('.').nth(n).unwrap_or_default().trim_start_matches('0').to_owned();
    let numbers = (0..parts).map(|n| (part(a, n), part(b, n)));
    let mut orders = numbers.map(|(a, b)| a.len().cmp(&b.len()).then_with(|| a.cmp(&b)));
    let numeric = orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
    numeric.then_with(|| match (before_a.is_empty(), before_b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => pre(before_a, before_b),
    })
}

/// The numbers of a version, and what makes it a pre-release.
fn split(version: &str) -> (&str, &str) {
    let version = version.split('+').next().unwrap_or_default();
    let version = version.strip_prefix('v').unwrap_or(version);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    (version[..end].trim_end_matches('.'), version[end..].trim_start_matches('-'))
}

fn pre(one: &str, other: &str) -> Ordering {
    let number = |text: &str| text.parse::<u64>().ok();
    for (a, b) in one.split('.').zip(other.split('.')) {
        let order = match (number(a), number(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    one.split('.').count().cmp(&other.split('.').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_numbers_and_pre_releases_come_first() {
        let rising = [
            "0.9",
            "1",
            "1.5",
            "2.0-alpha",
            "2.0-alpha.1",
            "2.0-alpha.beta",
            "2.0-rc.2",
            "2.0-rc.10",
            "2.0",
            "2.9",
            "2.10",
            "2.10.1",
            "10",
        ];
        for pair in rising.windows(2) {
            assert_eq!((compare(pair[0], pair[1]), compare(pair[1], pair[0])), (Ordering::Less, Ordering::Greater), "{pair:?}");
        }
        for (one, other) in [("2", "2.0.0"), ("2.0+77", "2.0+5"), ("v1.2", "01.2")] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
    }

    #[test]
    fn a_client_is_what_it_says_else_its_first_product() {
        let of = |said, agent| {
            let Client { name, version } = Client::of(said, agent);
            (name, version)
        };
        assert_eq!(of(Some("Tandem/2.1"), Some("Dart/3.5")), ("Tandem", Some("2.1")));
        assert_eq!(of(Some("a b/1"), Some("Dart/3.5 (dart:io)")), ("Dart", Some("3.5")));
        assert_eq!(of(Some("Tandem"), None), (UNKNOWN, None));
        assert_eq!(of(None, Some("curl")), ("curl", None));
        assert_eq!(of(Some("x/y/z"), Some("\u{fffd}")), (UNKNOWN, None));
    }

    #[test]
    fn an_app_is_old_by_its_minimum_and_the_day() {
        let text = |text: &str| Some(text.to_owned());
        let minimum = Minimum { name: "T".into(), soft: text("2.0"), hard: text("1.5"), from: Some(Timestamp(1_000)), url: None };
        let at = |version, now| minimum.age(Some(version), Timestamp(now));
        assert_eq!((at("2.0", 5_000), at("1.9", 5_000), at("1.4", 999)), (Age::Fresh, Age::Soft, Age::Soft));
        assert_eq!(at("1.4", 1_000), Age::Hard(Timestamp(1_000 + DRAIN)));
        assert_eq!((minimum.age(None, Timestamp(9_000)), minimum.least()), (Age::Fresh, Some("2.0")));
    }
}
