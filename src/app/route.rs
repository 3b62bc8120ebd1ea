//! Finds the route of a request by walking the registry.

use crate::feature::{Feature, Kind, Route};
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

/// Finds the route and notes the segments that its `{…}` matched. HEAD is answered by GET. A path that a pattern names word for
/// word is that one's alone: `/goals/actions/` is no goal.
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
    let version = request.version;
    let mut found: Option<(&'static Route, Vec<String>)> = None;
    let (mut allowed, mut fewest): (Vec<&'static str>, usize) = (Vec::new(), usize::MAX);
    for route in features.iter().flat_map(|feature| feature.routes).filter(|route| route.exists_in(version)) {
        let Some(captured) = captures(route.path, path).filter(|captured| captured.len() <= fewest) else { continue };
        if captured.len() < fewest {
            fewest = captured.len();
            found = None;
            allowed.clear();
        }
        if !allowed.contains(&route.method.name()) {
            allowed.push(route.method.name());
        }
        if route.method == method && found.is_none() {
            found = Some((route, captured));
            // Nothing is more exact.
            if fewest == 0 {
                break;
            }
        }
    }
    if let Some((route, captured)) = found {
        request.captured = captured;
        return Found::Route(route);
    }
    match allowed {
        list if list.is_empty() => Found::Nothing,
        list if method == Method::Options => Found::Options(allow(list)),
        list => Found::Other(allow(list)),
    }
}

/// The `Allow` field: HEAD wherever GET is, OPTIONS everywhere.
fn allow(mut methods: Vec<&'static str>) -> String {
    if methods.contains(&Method::Get.name()) {
        methods.push(Method::Head.name());
    }
    methods.push(Method::Options.name());
    methods.join(", ")
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

    static CROSSING: [&Feature; 1] = [&Feature::new(
        "crossing",
        &[
            list("/a/{id}/", "one"),
            list("/a/b/", "all"),
            Route::delete("/a/{id}/", Access::Public, |_| Ok(Response::empty(204)), "no more"),
        ],
    )];

    #[test]
    fn a_path_word_for_word_comes_before_one_with_an_id() {
        let found = |method: &str, target: &str| {
            let vars = Vars::from_iter([("REQUEST_METHOD", method), ("REQUEST_URI", target)]);
            match find(&CROSSING, &mut Request::new(&vars, String::new())) {
                Found::Route(route) => route.summary.to_owned(),
                Found::Options(allow) | Found::Other(allow) => allow,
                Found::Nothing => "nothing".to_owned(),
            }
        };
        assert_eq!((found("GET", "/api/a/b/"), found("GET", "/api/a/c/")), ("all".to_owned(), "one".to_owned()));
        assert_eq!(
            (found("DELETE", "/api/a/b/"), found("DELETE", "/api/a/c/")),
            ("GET, HEAD, OPTIONS".to_owned(), "no more".to_owned())
        );
    }

    fn matched(pattern: &str, path: &[&str]) -> Option<Vec<String>> {
        captures(pattern, &path.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
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
