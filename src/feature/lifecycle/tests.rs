//! States by the clock, and one list of several places.

use super::*;
use crate::base::time::DAY;
use crate::feature::Access;
use crate::http::Response;

fn entry(target: &str, since: i64, sunset: Option<i64>) -> Entry {
    let day = |days: i64| Timestamp(days * DAY);
    let target = Target::parse(target).unwrap();
    let (since, sunset) = (Some(day(since)), sunset.map(day));
    Entry { target, since, sunset, successor: None, link: None, reason: None, source: Source::Operator }
}

#[test]
fn states_follow_the_clock_alone() {
    let entry = entry("version:1", 100, Some(400));
    let at = |day: i64| entry.state(Timestamp(day * DAY));
    assert_eq!([99, 100, 369, 370, 399, 400].map(at), {
        use State::*;
        [Active, Deprecated, Deprecated, SunsetWarning, SunsetWarning, Gone]
    });
    assert_eq!(entry.drain_until(), Some(Timestamp(490 * DAY)));
}

#[test]
fn the_earliest_last_day_wins() {
    let mut told = entry("GET /a/", 100, Some(500));
    told.reason = Some("Told.".to_owned());
    let merged = merged(&[told, entry("GET /a/", 200, Some(400)), entry("GET /b/", 1, None), entry("GET /a/", 50, None)]);
    assert_eq!(merged.len(), 2);
    assert_eq!((merged[0].since, merged[0].sunset), (Some(Timestamp(50 * DAY)), Some(Timestamp(400 * DAY))));
    assert_eq!((merged[0].reason.as_deref(), merged[1].sunset), (Some("Told."), None));
}

const ROUTES: &[Route] = &[
    Route::get("/a/", Access::Public, |_| Ok(Response::empty(204)), "a").deprecated(Deprecated {
        since: "2026-01-01",
        sunset: Some("2026-06-30"),
        successor: Some("v2:GET /b/"),
        about: "b is better.",
    }),
    Route::get("/b/", Access::Public, |_| Ok(Response::empty(204)), "b"),
    Route::get("/c/", Access::Public, |_| Ok(Response::empty(204)), "c").versionless(),
];

#[test]
fn a_route_is_what_its_entry_its_version_or_the_operator_says() {
    static FEATURE: Feature = Feature::new("letters of the alphabet", ROUTES);
    let declared = |targets: &[&str]| {
        let entries = targets.iter().map(|target| entry(target, 0, None)).collect();
        Lifecycle::of(&[&FEATURE], Declared { entries, clients: Vec::new() })
    };
    let on = |lifecycle: &Lifecycle, route: usize, version: usize| lifecycle.on(&ROUTES[route], &VERSIONS[version]).is_some();
    let code = declared(&[]);
    assert_eq!([on(&code, 0, 0), on(&code, 0, 1), on(&code, 1, 0)], [true, true, false]);
    let version = declared(&["version:1", "v2:GET /b/"]);
    assert_eq!([on(&version, 1, 0), on(&version, 1, 1), on(&version, 2, 0)], [true, true, false]);
    for (target, exists) in
        [("GET /b/", true), ("v3:GET /b/", false), ("POST /b/", false), ("version:2", true), ("version:9", false)]
    {
        assert_eq!(Target::parse(target).unwrap().exists(&[&FEATURE]), exists, "{target}");
    }
}
