//! One request, as the app sees it.

use super::version::{self, Asked, Version};
use super::{Query, Vars, peer};
use crate::base::error::Refusal;
use crate::base::text::Language;
use crate::base::time::Timestamp;
use std::cell::Cell;

/// What the variables of header fields begin with.
const FIELD: &[u8] = b"HTTP_";

/// The request methods that the product tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
    /// OPTIONS
    Options,
    /// Any other.
    Other,
}

const METHODS: [(&str, Method); 7] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
    ("OPTIONS", Method::Options),
];

impl Method {
    /// May a request with this method change something?
    pub fn writes(self) -> bool {
        matches!(self, Method::Post | Method::Put | Method::Patch | Method::Delete)
    }

    /// The method of this name; methods are case-sensitive (RFC 9110 §9.1).
    pub fn from_name(name: &[u8]) -> Method {
        METHODS.iter().find(|(n, _)| n.as_bytes() == name).map_or(Method::Other, |m| m.1)
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        METHODS.iter().find(|(_, m)| *m == self).map_or("OTHER", |m| m.0)
    }
}

/// The name of the path segment under which the API lives, wherever the site mounts it.
const MOUNT: &str = "api";
/// The programs' own names, when a server without rewriting shows them in the path.
const PROGRAMS: [&str; 2] = ["api.fcgi", "api.cgi"];

/// One request. The body is read later, when it is known to be wanted.
#[derive(Debug)]
pub struct Request<'a> {
    /// The CGI variables.
    pub vars: &'a Vars,
    /// The method; HEAD is answered as GET.
    pub method: Method,
    /// The path below the mount and the version, decoded segment by segment, without empty ones at the end.
    /// `None` when it is not under the mount or no text.
    pub path: Option<Vec<String>>,
    /// The version of the API that it is answered in.
    pub version: &'static Version,
    /// How that was found.
    pub asked: Asked,
    /// Is it for something that has no versions, and is the same however it is asked?
    pub versionless: bool,
    /// Has its body a field called `code`, so that version 1 cannot call a problem so?
    pub code_is_field: bool,
    /// The query string.
    pub query: Query,
    /// The content, once it was read.
    pub body: Vec<u8>,
    /// What the answer and the log call this request.
    pub id: String,
    /// The language of messages.
    pub language: Language,
    /// The segments that a route's `{…}` matched, in order.
    pub captured: Vec<String>,
    /// The caller's address, behind trusted proxies looked up.
    pub address: String,
    /// Did the request come over TLS, as far as the server or a trusted proxy says?
    pub secure: bool,
    /// The host that a trusted proxy was asked for.
    pub forwarded_host: Option<String>,
    /// The API's own address, if the operator set it: links begin with it, whatever host was asked.
    pub site: Option<String>,
    /// The most objects of a page, once more of them made an answer too large.
    pub portion: Cell<i64>,
    /// Is it known that nothing in the answer lets anybody in, so that it may be compressed?
    pub may_compress: bool,
    /// Header fields that the answer carries, whatever its status.
    pub notices: Vec<(&'static str, String)>,
    /// The refusal of an app that is too old, and until when unsent work is taken from it: some faces know only later what it
    /// asks for.
    pub too_old: Option<(Refusal, Timestamp)>,
}

impl<'a> Request<'a> {
    /// Reads what the variables say. The address is the peer's; a guard refines it.
    pub fn new(vars: &'a Vars, id: String) -> Request<'a> {
        let target = vars.get("REQUEST_URI").unwrap_or_default();
        let mut parts = target.splitn(2, |byte| *byte == b'?');
        let (named, path) = locate(&String::from_utf8_lossy(parts.next().unwrap_or_default()));
        let query = parts.next().or_else(|| vars.get("QUERY_STRING")).unwrap_or_default();
        let mut request = Request {
            vars,
            method: Method::from_name(vars.get("REQUEST_METHOD").unwrap_or_default()),
            path,
            version: version::UNNAMED,
            asked: Asked::Fields(version::UNNAMED),
            versionless: false,
            code_is_field: false,
            query: Query::of(query),
            body: Vec::new(),
            id,
            language: Language::accept(&vars.text("HTTP_ACCEPT_LANGUAGE")),
            captured: Vec::new(),
            address: vars.text("REMOTE_ADDR").into_owned(),
            secure: is_on(&vars.text("HTTPS")) || vars.text("REQUEST_SCHEME").eq_ignore_ascii_case("https"),
            forwarded_host: None,
            site: None,
            portion: Cell::new(i64::MAX),
            may_compress: false,
            notices: Vec::new(),
            too_old: None,
        };
        let fields = |request: &Request<'_>| version::in_fields(request.header("ACCEPT_VERSION"), request.header("ACCEPT"));
        let asked = named.unwrap_or_else(|| fields(&request));
        (request.version, request.asked) = (asked.version(), asked);
        request
    }

    /// So many objects of a page, or as few as the answer has room for.
    pub fn at_most(&self, objects: usize) -> usize {
        usize::try_from(self.portion.get()).map_or(objects, |most| objects.min(most))
    }

    /// The request is for something that has no versions.
    pub fn forget_version(&mut self) {
        (self.version, self.versionless) = (version::UNNAMED, true);
    }

    /// A header field of the request, by its CGI name without `HTTP_` (`IF_MATCH`); empty is as good as missing. A value
    /// that is no text stands as U+FFFD, so that a condition or a key is never taken for absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_named = |n: &[u8]| n.len() == FIELD.len() + name.len() && n.ends_with(name.as_bytes()) && n.starts_with(FIELD);
        let value = self.vars.iter().find(|(n, _)| is_named(n))?.1;
        Some(std::str::from_utf8(value).unwrap_or("\u{fffd}")).filter(|v| !v.is_empty())
    }

    /// The `Authorization` field: Apache's rewriting may rename it once or twice.
    pub fn authorization(&self) -> Option<&'a [u8]> {
        const NAMES: [&str; 3] = ["HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION", "REDIRECT_REDIRECT_HTTP_AUTHORIZATION"];
        NAMES.iter().find_map(|name| self.vars.get(name)).filter(|value| !value.is_empty())
    }

    /// Does the caller ask for the latest state, whatever that costs? `Cache-Control: no-cache` (RFC 9111 §5.2.1.4).
    pub fn wants_latest(&self) -> bool {
        self.header("CACHE_CONTROL")
            .is_some_and(|value| value.split(',').any(|word| word.trim().eq_ignore_ascii_case("no-cache")))
    }

    /// The bearer token (RFC 6750 §2.1); `None` when there is no such field or it is of another scheme.
    pub fn bearer(&self) -> Option<&'a str> {
        let value = std::str::from_utf8(self.authorization()?).ok()?;
        let (scheme, token) = value.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// This request's URL with another query, absolute when the host is known.
    pub fn url_with(&self, query: &str) -> String {
        let target = self.vars.text("REQUEST_URI");
        let path = target.split('?').next().unwrap_or_default();
        self.url_below(&format!("{}?{query}", &path[self.mount().len()..]))
    }

    /// The URL of a path below the mount, absolute when the host is known.
    pub fn url_below(&self, path: &str) -> String {
        if let Some(site) = &self.site {
            return format!("{site}{path}");
        }
        let (asked, mount) = (self.vars.text("HTTP_HOST"), self.mount());
        let scheme = if self.secure { "https" } else { "http" };
        match self.forwarded_host.as_deref().or_else(|| peer::host(&asked)) {
            Some(host) => format!("{scheme}://{host}{mount}{path}"),
            None => format!("{mount}{path}"),
        }
    }

    /// The path under which the site mounts the API, the last segment `api` included.
    pub fn mount(&self) -> String {
        let target = self.vars.text("REQUEST_URI");
        let path = target.split('?').next().unwrap_or_default();
        let below = path.split('/').skip_while(|s| *s != MOUNT).skip(1).map(|s| s.len() + 1).sum::<usize>();
        path[..path.len() - below].to_owned()
    }

    /// A captured segment, counted from 0; empty when the route has fewer.
    pub fn segment(&self, n: usize) -> &str {
        self.captured.get(n).map_or("", String::as_str)
    }
}

/// What servers set `HTTPS` to when a request came over TLS.
fn is_on(value: &str) -> bool {
    value.eq_ignore_ascii_case("on") || value == "1"
}

/// The version that the path names and the segments below it. Routes on the raw path: `PATH_INFO` loses `//`, `%23` and `%3F`.
fn locate(path: &str) -> (Option<Asked>, Option<Vec<String>>) {
    let mut segments = path.split('/').skip_while(|s| *s != MOUNT);
    if segments.next().is_none() {
        return (None, None);
    }
    let mut rest: Vec<&str> = segments.collect();
    if rest.last() == Some(&"") {
        rest.pop();
    }
    if rest.first().is_some_and(|s| PROGRAMS.contains(s)) {
        rest.remove(0);
    }
    let named = rest.first().and_then(|segment| version::in_path(segment));
    let below = &rest[usize::from(named.is_some())..];
    (named, below.iter().map(|s| decode(s)).collect())
}

/// A percent-decoded segment (RFC 3986 §2.1); `None` when it is no text.
fn decode(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { hex(rest.next()?)? * 16 + hex(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(path: &str) -> (Option<u8>, Option<Vec<String>>) {
        let (named, path) = locate(path);
        (named.map(|asked| asked.version().number), path)
    }

    fn segments(list: &[&str]) -> Option<Vec<String>> {
        Some(list.iter().map(|s| (*s).to_owned()).collect())
    }

    #[test]
    fn paths_are_found_wherever_the_site_mounts_them() {
        assert_eq!(located("/api/auth/me/"), (None, segments(&["auth", "me"])));
        assert_eq!(located("/api/v1/auth/me"), (Some(1), segments(&["auth", "me"])));
        assert_eq!(located("/app/api/v2/x%20y/"), (Some(2), segments(&["x y"])));
        assert_eq!(located("/api/api.fcgi/v1/auth/me/"), (Some(1), segments(&["auth", "me"])));
        assert_eq!(located("/api"), (None, segments(&[])));
        assert_eq!(located("/api/"), (None, segments(&[])));
        assert_eq!(located("/other/"), (None, None));
        assert_eq!(located("/api/%ff/"), (None, None));
        assert_eq!(located("/api/%zz/"), (None, None));
        assert_eq!(located("/api//auth/me/"), (None, segments(&["", "auth", "me"])));
    }

    #[test]
    fn the_mount_is_what_lies_above_the_api() {
        let mount = |target: &str| Request::new(&Vars::from_iter([("REQUEST_URI", target)]), String::new()).mount();
        assert_eq!(mount("/api/openapi.json"), "/api");
        assert_eq!(mount("/app/api/v2/openapi.json?x=/api"), "/app/api");
        assert_eq!(mount("/api"), "/api");
    }

    #[test]
    fn authorization_is_found_after_rewriting() {
        let vars = Vars::from_iter([("REDIRECT_HTTP_AUTHORIZATION", "bearer  abc ")]);
        assert_eq!(Request::new(&vars, String::new()).bearer(), Some("abc"));
    }

    proptest::proptest! {
        #[test]
        fn no_path_panics(path in ".*") {
            let _ = locate(&path);
        }
    }
}
