//! Finds the route of a request by walking the registry.

use crate::feature::{Feature, Kind, Route};
use crate::http::version::Version;
use crate::http::{Method, Request};

/// What a request's path and method lead to.
pub enum Found {
    /// A route.
    Route(&'static Route),
    /// The path exists and the request asks what it can do; the `Allow` field.
    Options(String),
    /// The path exists, the method does not; the `Allow` field.
    Other(String),
    /// No such path.
    Nothing,
}

/// Finds the route and notes the segments that its `{…}` matched. HEAD is answered by GET.
pub fn find(features: &'static [&'static Feature], request: &mut Request<'_>) -> Found {
    let Some(path) = request.path.clone() else { return Found::Nothing };
    match look(features, request, &path) {
        Found::Nothing => renamed(features, &path).map_or(Found::Nothing, |path| look(features, request, &path)),
        found => found,
    }
}

/// A path that calls something by a name that it has elsewhere, with the name that it has in paths.
fn renamed(features: &'static [&'static Feature], path: &[String]) -> Option<Vec<String>> {
    let names =
        |word: &str| features.iter().flat_map(|feature| feature.kinds).filter_map(Kind::names).find(|names| names.has(word));
    let renamed = path.iter().map(|segment| names(segment).map_or_else(|| segment.clone(), |names| names.path.to_owned()));
    let renamed: Vec<String> = renamed.collect();
    (renamed != path).then_some(renamed)
}

fn look(features: &'static [&'static Feature], request: &mut Request<'_>, path: &[String]) -> Found {
    let method = if request.method == Method::Head { Method::Get } else { request.method };
    let mut matching = matching(features, request.version, method, path);
    if let Some(place) = matching.iter().position(|(route, _)| route.method == method) {
        let (route, captured) = matching.swap_remove(place);
        request.captured = captured;
        return Found::Route(route);
    }
    let mut allowed: Vec<&'static str> = Vec::new();
    for (route, _) in &matching {
        if !allowed.contains(&route.method.name()) {
            allowed.push(route.method.name());
        }
    }
    match allowed {
        list if list.is_empty() => Found::Nothing,
        list if method == Method::Options => Found::Options(allow(list)),
        list => Found::Other(allow(list)),
    }
}

/// A route that matches a path, and what its `{…}` captured.
type Match = (&'static Route, Vec<String>);

/// The routes that match a path best. What has a path of its own is no id: `/sync/journal/sync/` is not the record `sync`.
fn matching(features: &'static [&'static Feature], version: &Version, method: Method, path: &[String]) -> Vec<Match> {
    let mut matching: Vec<Match> = Vec::new();
    for route in features.iter().flat_map(|feature| feature.routes) {
        if !begins(route.path, path) || !route.exists_in(version) {
            continue;
        }
        match captures(route.path, path) {
            Some(captured) if captured.is_empty() && route.method == method => return vec![(route, captured)],
            Some(captured) => matching.push((route, captured)),
            None => {}
        }
    }
    let fewest = matching.iter().map(|(_, captured)| captured.len()).min();
    matching.retain(|(_, captured)| Some(captured.len()) == fewest);
    matching
}

/// The `Allow` field: HEAD wherever GET is, OPTIONS everywhere.
fn allow(mut methods: Vec<&'static str>) -> String {
    if methods.contains(&Method::Get.name()) {
        methods.push(Method::Head.name());
    }
    methods.push(Method::Options.name());
    methods.join(", ")
}

/// May a path match a pattern, by its first segment? It costs a tenth of [`captures`], and few patterns begin alike.
fn begins(pattern: &str, path: &[String]) -> bool {
    let pattern = pattern.as_bytes();
    match (pattern.get(1), path.first()) {
        (None, _) | (_, None) | (Some(b'{'), _) => true,
        // Two hundred patterns are looked at for each request, and most begin with another letter.
        (Some(letter), Some(first)) if first.as_bytes().first() != Some(letter) => false,
        (_, Some(first)) => pattern[1..].strip_prefix(first.as_bytes()).is_some_and(|rest| matches!(rest, [] | [b'/', ..])),
    }
}

/// The segments that the pattern's `{…}` match, or `None` when the path is another.
fn captures(pattern: &str, path: &[String]) -> Option<Vec<String>> {
    let mut captured = Vec::new();
    let mut parts = pattern.split('/').filter(|p| !p.is_empty());
    for segment in path {
        match parts.next()? {
            part if part.starts_with('{') => captured.push(segment.clone()),
            part if part == segment => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(captured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::Access;
    use crate::http::{Response, Vars};

    const fn list(path: &'static str, summary: &'static str) -> Route {
        Route::get(path, Access::Public, |_| Ok(Response::empty(204)), summary)
    }

    static CHANGED: [&Feature; 1] = [&Feature::new(
        "changed",
        &[list("/a/", "old").until(1), list("/a/", "new").since(2), list("/b/", "gone").until(1), list("/c/", "as ever")],
    )];

    /// The summary of the route that a request finds, or what it finds instead.
    fn found(method: &str, target: &str) -> String {
        let vars = Vars::from_iter([("REQUEST_METHOD", method), ("REQUEST_URI", target)]);
        match find(&CHANGED, &mut Request::new(&vars, String::new())) {
            Found::Route(route) => route.summary.to_owned(),
            Found::Options(allow) | Found::Other(allow) => allow,
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_route_exists_in_the_versions_that_it_names() {
        for (target, summary) in [
            ("/api/a/", "old"),
            ("/api/v1/a/", "old"),
            ("/api/v2/a/", "new"),
            ("/api/v1/b/", "gone"),
            ("/api/v2/b/", "nothing"),
            ("/api/v1/c/", "as ever"),
            ("/api/v2/c/", "as ever"),
        ] {
            assert_eq!(found("GET", target), summary, "{target}");
        }
        assert_eq!(found("OPTIONS", "/api/v1/b/"), "GET, HEAD, OPTIONS");
        assert_eq!(found("OPTIONS", "/api/v2/b/"), "nothing");
    }

    fn matched(pattern: &str, path: &[&str]) -> Option<Vec<String>> {
        let path = path.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let matched = captures(pattern, &path);
        assert!(matched.is_none() || begins(pattern, &path), "{pattern}");
        matched
    }

    #[test]
    fn a_pattern_that_begins_otherwise_is_left_out() {
        let begins = |pattern: &str, first: &str| begins(pattern, &[first.to_owned()]);
        assert!(begins("/goals/", "goals") && begins("/{id}/", "goals") && begins("/a.json", "a.json") && begins("/", "goals"));
        assert!(!begins("/goals/", "goal") && !begins("/goals/", "goalset") && !begins("/goal_actions/", "goal"));
    }

    static CROSSED: [&Feature; 1] = [&Feature::new(
        "crossed",
        &[list("/a/{id}/", "one"), Route::post("/a/b/", Access::Public, |_| Ok(Response::empty(204)), "its own")],
    )];

    #[test]
    fn a_path_of_its_own_is_no_id() {
        let found = |method: &str, target: &str| {
            let vars = Vars::from_iter([("REQUEST_METHOD", method), ("REQUEST_URI", target)]);
            match find(&CROSSED, &mut Request::new(&vars, String::new())) {
                Found::Route(route) => route.summary.to_owned(),
                Found::Options(allow) | Found::Other(allow) => allow,
                Found::Nothing => String::new(),
            }
        };
        assert_eq!((found("GET", "/api/a/c/"), found("POST", "/api/a/b/")), ("one".to_owned(), "its own".to_owned()));
        assert_eq!(found("GET", "/api/a/b/"), "POST, OPTIONS");
    }

    #[test]
    fn patterns_match_whole_paths() {
        assert_eq!(matched("/goals/{id}/actions/", &["goals", "7", "actions"]), Some(vec!["7".to_owned()]));
        assert_eq!(matched("/goals/", &["goals"]), Some(vec![]));
        assert_eq!(matched("/", &[]), Some(vec![]));
        assert_eq!(matched("/goals/", &["goals", "7"]), None);
        assert_eq!(matched("/goals/{id}/", &["goals"]), None);
    }
}
