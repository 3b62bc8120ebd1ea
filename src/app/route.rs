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
    let mut allowed: Vec<&'static str> = Vec::new();
    for route in features.iter().flat_map(|feature| feature.routes) {
        let Some(captured) = captures(route.path, path) else { continue };
        if route.method == method {
            request.captured = captured;
            return Found::Route(route);
        }
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
