//! Reading a request (GraphQL over HTTP, draft, §5): a document, and which of its operations to run with which variables.

use super::texts;
use super::values::ABOVE_ITEMS;
use crate::base::error::{Refusal, Refused, Result, refuse};
use crate::base::text::{self, Message, Text};
use crate::http::{Method, Request, body};
use serde_json::{Map, Value};

/// In how many forms values are held at once: as they were sent, as variables, as an argument, and in the form of REST.
const FORMS: usize = 4;
/// The member that holds values of the client's own.
const VARIABLES: &str = "variables";

/// What is to be run.
#[derive(Debug, Default)]
pub struct Sent {
    /// The document.
    pub query: String,
    /// The operation, when the document has several.
    pub operation: Option<String>,
    /// Its variables.
    pub variables: Map<String, Value>,
}

/// Reads a request by GET or POST.
///
/// # Errors
/// When it is not well-formed.
pub fn read(request: &Request<'_>) -> Result<Sent> {
    let mut members = if request.method == Method::Post { posted(request)? } else { got(request)? };
    if !matches!(members.remove("extensions"), None | Some(Value::Null | Value::Object(_))) {
        return wrong("extensions", &texts::NOT_MAP);
    }
    body::sound(members.iter().filter(|(name, _)| *name != VARIABLES))?;
    Ok(Sent {
        query: match members.remove("query") {
            Some(Value::String(query)) => query,
            None => return wrong("query", &text::REQUIRED),
            Some(_) => return wrong("query", &text::NOT_TEXT),
        },
        operation: match members.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => return wrong("operationName", &text::NOT_TEXT),
        },
        variables: match members.remove(VARIABLES) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(variables)) => variables,
            Some(_) => return wrong("variables", &texts::NOT_MAP),
        },
    })
}

fn wrong<T>(field: &'static str, what: &'static Text) -> Result<T> {
    Err(Refusal::field(field, Message::plain(what)).into())
}

/// The body, JSON in UTF-8 and nothing else: a browser's form must not be taken for a request.
fn posted(request: &Request<'_>) -> Result<Map<String, Value>> {
    let declared = request.vars.text("CONTENT_TYPE").to_ascii_lowercase();
    let mut parts = declared.split(';').map(str::trim);
    let json = parts.next() == Some("application/json");
    let utf8 = parts.all(|part| part.strip_prefix("charset=").is_none_or(|set| set.trim_matches('"') == "utf-8"));
    if json && utf8 {
        body::items(&request.body, ABOVE_ITEMS, FORMS)
    } else {
        refuse(Refused::MediaType, &texts::MEDIA_TYPE_JSON)
    }
}

/// The query string; `variables` and `extensions` are JSON in it.
fn got(request: &Request<'_>) -> Result<Map<String, Value>> {
    let mut members = Map::new();
    for name in ["query", "operationName"] {
        if let Some(text) = request.query.get(name) {
            members.insert(name.to_owned(), Value::String(text.into_owned()));
        }
    }
    for name in [VARIABLES, "extensions"] {
        if let Some(json) = request.query.get(name).filter(|json| !json.is_empty()) {
            members.insert(name.to_owned(), Value::Object(body::items(json.as_bytes(), ABOVE_ITEMS - 1, FORMS)?));
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Vars;

    fn post(media: &str, body: &str) -> Result<Sent> {
        let vars = Vars::from_iter([("REQUEST_METHOD", "POST"), ("CONTENT_TYPE", media)]);
        let mut request = Request::new(&vars, String::new());
        request.body = body.as_bytes().to_vec();
        read(&request)
    }

    fn get(query: &str) -> Result<Sent> {
        let vars = Vars::from_iter([("REQUEST_METHOD", "GET"), ("REQUEST_URI", &*format!("/api/graphql/?{query}"))]);
        read(&Request::new(&vars, String::new()))
    }

    #[test]
    fn both_methods_say_the_same() {
        let posted = post(
            "application/json; charset=\"UTF-8\"",
            r#"{"query":"{a}","operationName":"o","variables":{"x":1},"extensions":null,"more":1}"#,
        );
        let got = get("query=%7Ba%7D&operationName=o&variables=%7B%22x%22%3A1%7D&extensions=");
        for sent in [posted.unwrap(), got.unwrap()] {
            assert_eq!((sent.query.as_str(), sent.operation.as_deref(), &sent.variables["x"]), ("{a}", Some("o"), &1.into()));
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for body in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"query":null}"#,
            r#"{"query":1}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","extensions":1}"#,
        ] {
            assert!(post("application/json", body).is_err(), "{body}");
        }
        for media in ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"] {
            assert!(post(media, r#"{"query":"{a}"}"#).is_err(), "{media}");
        }
        for query in ["", "query=%7Ba%7D&variables=1", "query=%7Ba%7D&variables=x"] {
            assert!(get(query).is_err(), "{query}");
        }
    }
}
