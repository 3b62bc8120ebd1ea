//! Answers that are compressed on the way (RFC 9110 §8.4.1.3), for clients that take it. What the program has compressed no web
//! server compresses again.

use super::{Request, Response, accept};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// The least bytes that are compressed: less fits a packet as it is.
const LEAST: usize = 1 << 10;
/// A third of the work of the usual level for some percent more bytes: as CGI the same processor waits for both.
const LEVEL: u32 = 3;
const NAME: &str = "gzip";
/// The field of requests that a long answer depends on, compressed or not, and so a 304 in its place.
pub const VARIES_BY: &str = "Accept-Encoding";

/// Is an answer compressed for who takes that?
pub fn is_worth_it(response: &Response) -> bool {
    response.body.len() >= LEAST && response.header("Content-Encoding").is_none()
}

/// Compresses an answer if the client takes that, and it is worth it. The same bytes become the same bytes: the header has no time.
///
/// Not for answers that carry what lets somebody in, because the length would tell of it to who chooses a part of the content
/// (BREACH): whoever calls this knows that it does not.
pub fn compressed(response: Response, request: &Request<'_>) -> Response {
    if !is_worth_it(&response) {
        return response;
    }
    let response = response.vary(VARIES_BY);
    let taken = request.header("ACCEPT_ENCODING").is_some_and(takes);
    match taken.then(|| pack(&response.body)).flatten() {
        Some(body) if body.len() < response.body.len() => coded(Response { body, ..response }),
        _ => response,
    }
}

fn takes(accept: &str) -> bool {
    let quality = [NAME, "x-gzip", "*"].into_iter().find_map(|name| accept::quality(accept, name));
    quality.is_some_and(|quality| quality > 0.0)
}

fn pack(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::new(LEVEL));
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// The coded form has a tag of its own, as Apache's would: both name the content.
fn coded(mut response: Response) -> Response {
    for (name, value) in &mut response.headers {
        if *name == "ETag" {
            *value = format!("{}-{NAME}\"", value.trim_end_matches('"')).into();
        }
    }
    response.with("Content-Encoding", NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Vars, etag};
    use std::io::Read;

    fn answered(accept: &str, body: &str) -> Response {
        let vars = Vars::from_iter([("HTTP_ACCEPT_ENCODING", accept)]);
        let plain = etag::tagged(Response::bytes(200, "application/json", body.as_bytes().to_vec()));
        compressed(plain, &Request::new(&vars, String::new()))
    }

    #[test]
    fn what_is_long_is_compressed_for_who_takes_it_always_alike() {
        let long = "{\"title\": \"word\"}, ".repeat(100);
        let coded = answered("br;q=0.9, gzip", &long);
        assert_eq!(coded.header("Content-Encoding"), Some("gzip"));
        assert!(coded.body.len() < 100 && coded == answered("br;q=0.9, gzip", &long));
        let mut text = String::new();
        flate2::read::GzDecoder::new(&coded.body[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, long);
        let tag = etag::of(long.as_bytes());
        assert!(coded.header("ETag") != Some(&tag) && etag::names(coded.header("ETag").unwrap(), &tag));
        assert!(answered("*", &long).header("Content-Encoding").is_some());
    }

    #[test]
    fn what_is_short_or_not_asked_for_is_sent_as_it_is() {
        let long = "x".repeat(LEAST);
        for (accept, body) in [("gzip", &long[1..]), ("", &long), ("br", &long), ("gzip;q=0", &long), ("gzip;q=0, *", &long)] {
            let plain = answered(accept, body);
            assert_eq!((plain.header("Content-Encoding"), plain.body.len()), (None, body.len()), "{accept}");
            let varies = (body.len() >= LEAST).then_some("Accept-Encoding");
            assert_eq!(plain.header("Vary"), varies, "a cache must tell them apart");
        }
    }
}
