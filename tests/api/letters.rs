//! Letters and their PDF (couples API, 4).

use super::check::{NOBODY, conditional, field_error, korean, refuses, strangers};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Command;
use tempfile::NamedTempFile;

const LETTERS: &str = "/letters/";
/// The longest letter: 600 kB on the wire, far over what mod_fcgid lets through by itself.
const LONGEST: usize = 200_000;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a letter needs only its month", a_letter_needs_only_its_month),
    ("a letter's fields have limits", fields_have_limits),
    ("a letter of 200,000 Korean characters arrives and comes back", the_longest_letter),
    ("a letter is kept as it came", kept_as_it_came),
    ("POST writes the month's letter, or rewrites it", post_upserts),
    ("a month has one letter", one_a_month),
    ("either partner changes or deletes a letter", shared),
    ("PUT leaves content that is missing as it is", put_leaves_what_is_missing),
    ("letters are listed newest month first, or one month alone", newest_month_first),
    ("letters of another couple do not exist", another_couple),
    ("letters honour conditional requests", conditional_requests),
    ("If-Match guards the letter that POST rewrites", post_with_if_match),
    ("a letter's PDF holds its Latin and Korean text", pdf_text),
    ("a letter's PDF speaks the caller's language", pdf_language),
    ("a letter's PDF is a file of its own type and name", pdf_fields),
    ("a long letter's PDF holds all of it", pdf_of_a_long_letter),
    ("another couple's PDF does not exist", pdf_of_another_couple),
];

fn path(id: &str) -> String {
    format!("{LETTERS}{id}/")
}

#[track_caller]
fn write(phone: &Phone, body: &Value, status: u16) -> Value {
    phone.post(LETTERS, body).expect(status).json()["letter"].clone()
}

#[track_caller]
fn write_new(phone: &Phone, month: &str, content: &str) -> String {
    write(phone, &json!({"month": month, "content": content}), 201)["id"].as_str().unwrap().to_owned()
}

fn a_letter_needs_only_its_month(server: &Server) {
    let (a, b) = Phone::couple(server);
    let letter = write(&a, &json!({"month": "2026-02", "unknown": 1}), 201);
    let keys: Vec<&str> = letter.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["content", "created_at", "created_by_id", "id", "month", "updated_at", "version"]);
    assert_eq!((&letter["month"], &letter["content"]), (&json!("2026-02"), &json!("")));
    assert_eq!(letter["created_by_id"], a.id);
    assert_eq!(b.get(&path(letter["id"].as_str().unwrap())).expect(200).json(), letter);
}

fn fields_have_limits(server: &Server) {
    let a = Phone::single(server);
    for month in ["2026-01", "2026-12", "0001-01", "9999-12"] {
        assert_eq!(write(&a, &json!({ "month": month }), 201)["month"], month);
    }
    let id = write_new(&a, "2026-02", "x");
    let words = ["", "2026-00", "2026-13", "2026-1", "2026", "2026-01-01", "0000-01", "Jan 2026", "2026-03\u{0}"];
    let others = [json!({}), json!({"month": null}), json!({"month": 202_603}), json!({"month": ["2026-03"]})];
    let months: Vec<Value> = others.into_iter().chain(words.map(|month| json!({ "month": month }))).collect();
    refuses(&a, "POST", LETTERS, "month", &months);
    refuses(&a, "PUT", &path(&id), "month", &months);
    refuses(&a, "PATCH", &path(&id), "month", &months[1..]);
    let contents = [json!(null), json!([]), json!("a\u{0}b"), json!("x".repeat(LONGEST + 1))];
    let contents = contents.map(|content| json!({"month": "2026-02", "content": content}));
    for (method, path) in [("POST", LETTERS), ("PUT", &path(&id)), ("PATCH", &path(&id))] {
        refuses(&a, method, path, "content", &contents);
    }
}

fn the_longest_letter(server: &Server) {
    let (a, b) = Phone::couple(server);
    let content = korean(LONGEST);
    let id = write_new(&a, "2026-05", &content);
    assert_eq!(b.get(&path(&id)).expect(200).json()["content"], content);
    let reversed: String = content.chars().rev().collect();
    for method in ["PUT", "PATCH"] {
        let changed = b.ask(method, &path(&id)).json(&json!({"month": "2026-05", "content": reversed})).send(b.port);
        assert_eq!(changed.expect(200).json()["content"], reversed);
    }
    assert_eq!(write(&a, &json!({"month": "2026-05", "content": content}), 200)["content"], content);
    for count in [LONGEST + 1, LONGEST * 2] {
        field_error(a.post(LETTERS, &json!({"month": "2026-05", "content": korean(count)})), "content");
        field_error(a.patch(&path(&id), &json!({"content": korean(count)})), "content");
    }
    assert_eq!(b.get(LETTERS).expect(200).json()["results"][0]["content"], content);
    assert!(text_of(&pdf(&b, &id, None)).matches("가나다라").count() > LONGEST / 12);
}

fn kept_as_it_came(server: &Server) {
    let a = Phone::single(server);
    let content = " \r\n  Dear you,\t\u{301} 👩‍❤️‍👩 \u{202e}שלום\u{202c} \u{e000} \u{ffff} \"\\ </script> \n\n ";
    let id = write_new(&a, " 2026-02 ", content);
    let letter = a.get(&path(&id)).expect(200).json();
    assert_eq!((&letter["content"], &letter["month"]), (&json!(content), &json!("2026-02")));
}

fn post_upserts(server: &Server) {
    let (a, b) = Phone::couple(server);
    let first = write(&a, &json!({"month": "2026-02", "content": "one"}), 201);
    let second = write(&b, &json!({"month": "2026-02", "content": "two"}), 200);
    assert_eq!((&second["id"], &second["content"]), (&first["id"], &json!("two")));
    assert_eq!((&second["created_by_id"], &second["created_at"]), (&json!(a.id), &first["created_at"]));
    assert!(second["updated_at"].as_str() > first["updated_at"].as_str());
    assert_eq!(write(&a, &json!({"month": "2026-02"}), 200)["content"], "two", "content that is missing stays");
    assert_eq!(a.get(LETTERS).expect(200).json()["count"], 1);
    // Another couple's letter of the month is theirs.
    write_new(&Phone::single(server), "2026-02", "theirs");
}

fn one_a_month(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (january, february) = (write_new(&a, "2026-01", "j"), write_new(&b, "2026-02", "f"));
    for method in ["PUT", "PATCH"] {
        field_error(a.ask(method, &path(&february)).json(&json!({"month": "2026-01"})).send(a.port), "month");
        a.ask(method, &path(&february)).json(&json!({"month": "2026-02"})).send(a.port).expect(200);
    }
    a.delete(&path(&january)).expect(204);
    assert_eq!(a.patch(&path(&february), &json!({"month": "2026-01"})).expect(200).json()["content"], "f");
    write_new(&a, "2026-02", "new");
}

fn shared(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = write_new(&a, "2026-01", "a's");
    assert_eq!(b.patch(&path(&id), &json!({"content": "b's"})).expect(200).json()["content"], "b's");
    assert_eq!(b.put(&path(&id), &json!({"month": "2026-03"})).expect(200).json()["created_by_id"], a.id);
    assert_eq!(b.delete(&path(&id)).expect(204).body, b"");
    a.get(&path(&id)).expect(404);
    a.get(&format!("{}pdf/", path(&id))).expect(404);
}

fn put_leaves_what_is_missing(server: &Server) {
    let a = Phone::single(server);
    let id = write_new(&a, "2026-01", "kept");
    let put = a.put(&path(&id), &json!({"month": "2026-02"})).expect(200).json();
    assert_eq!((&put["month"], &put["content"]), (&json!("2026-02"), &json!("kept")));
    let patch = a.patch(&path(&id), &json!({"content": "", "id": NOBODY, "created_by_id": 1})).expect(200).json();
    assert_eq!((&patch["month"], &patch["content"]), (&json!("2026-02"), &json!("")));
    assert_eq!((&patch["id"], &patch["created_by_id"]), (&json!(id), &json!(a.id)));
}

fn newest_month_first(server: &Server) {
    let (a, b) = Phone::couple(server);
    for month in ["2025-12", "2026-02", "2024-06", "2026-01"] {
        write_new(&a, month, month);
    }
    a.post(LETTERS, &json!({"month": "2024-06", "content": "changed last"})).expect(200);
    let months = |query: &str| -> Vec<String> {
        let list = b.get(&format!("{LETTERS}{query}")).expect(200).json();
        list["results"].as_array().unwrap().iter().map(|l| l["month"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(months(""), ["2026-02", "2026-01", "2025-12", "2024-06"]);
    assert_eq!(months("?month="), months(""));
    assert_eq!(months("?page_size=3&page=2"), ["2024-06"]);
    assert_eq!(months("?month=2026-01"), ["2026-01"]);
    assert_eq!(months("?month=2026-03"), [""; 0]);
    for item in b.get(LETTERS).expect(200).json()["results"].as_array().unwrap() {
        assert_eq!(*item, b.get(&path(item["id"].as_str().unwrap())).expect(200).json());
    }
    for month in ["2026-13", "x", "2026-01-01", "%00"] {
        field_error(b.get(&format!("{LETTERS}?month={month}")), "month");
    }
}

fn another_couple(server: &Server) {
    let id = write_new(&Phone::single(server), "2026-01", "ours");
    strangers(server, LETTERS, &id, &json!({"month": "2026-02"}));
}

fn conditional_requests(server: &Server) {
    let a = Phone::single(server);
    let id = write_new(&a, "2026-01", "x");
    conditional(&a, &path(&id), &json!({"month": "2026-02", "content": "y"}));
}

fn post_with_if_match(server: &Server) {
    let a = Phone::single(server);
    let id = write_new(&a, "2026-01", "one");
    let tag = a.get(&path(&id)).expect(200).header("ETag").unwrap().to_owned();
    let post = |month: &str, tag: &str| {
        a.ask("POST", LETTERS).header("If-Match", tag).json(&json!({"month": month, "content": "two"})).send(a.port)
    };
    post("2026-01", "\"x\"").expect(412);
    post("2026-01", &tag).expect(200);
    post("2026-01", &tag).expect(412);
    // Nothing matches where there is nothing.
    post("2026-02", "*").expect(412);
    assert_eq!(a.get(LETTERS).expect(200).json()["count"], 1);
}

fn pdf(phone: &Phone, id: &str, language: Option<&str>) -> Answer {
    let asked = phone.ask("GET", &format!("{}pdf/", path(id)));
    let asked = if let Some(language) = language { asked.header("Accept-Language", language) } else { asked };
    asked.send(phone.port).expect(200)
}

/// The text of a PDF as poppler reads it, without line ends and blanks.
#[track_caller]
pub fn text_of(pdf: &Answer) -> String {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&pdf.body).unwrap();
    let read = Command::new("pdftotext").args(["-enc", "UTF-8"]).arg(file.path()).arg("-").output().expect("pdftotext");
    assert!(read.status.success() && read.stderr.is_empty(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).unwrap().split_whitespace().collect()
}

fn pdf_text(server: &Server) {
    let (a, b) = Phone::couple(server);
    let lines = ["Chère âme, œuvre & ça.", "사랑하는 당신에게", "\"Quotes\" (and) <brackets> \\ 100 %", "함께한 한 달"];
    let id = write_new(&a, "2026-02", &lines.join("\n"));
    for phone in [&a, &b] {
        let text = text_of(&pdf(phone, &id, Some("en")));
        for line in lines.iter().copied().chain([a.username.as_str(), b.username.as_str(), "2026"]) {
            let line: String = line.split_whitespace().collect();
            assert!(text.contains(&line), "{line:?} is not in {text:?}");
        }
    }
    let empty = write_new(&a, "2026-03", "");
    assert!(text_of(&pdf(&a, &empty, None)).contains("2026"));
    let alone = Phone::single(server);
    let hello = write_new(&alone, "2026-03", "안녕");
    assert!(text_of(&pdf(&alone, &hello, None)).contains("안녕"));
}

fn pdf_language(server: &Server) {
    let a = Phone::register_with(server, json!({"language": "ko"}));
    a.post("/couple/create/", &json!({})).expect(201);
    let id = write_new(&a, "2026-02", "x");
    for (language, word) in [(Some("en"), "February"), (Some("fr-FR, en;q=0.5"), "évrier"), (Some("ko"), "2월"), (None, "2월")]
    {
        let text = text_of(&pdf(&a, &id, language));
        assert!(text.contains(word), "{language:?}: no {word} in {text}");
    }
}

fn pdf_fields(server: &Server) {
    let a = Phone::single(server);
    let id = write_new(&a, "2026-02", "x");
    let file = pdf(&a, &id, Some("en"));
    assert!(file.body.starts_with(b"%PDF-") && file.body.trim_ascii_end().ends_with(b"%%EOF"));
    assert_eq!(file.header("Content-Type"), Some("application/pdf"));
    assert_eq!(file.header("Content-Disposition"), Some("inline; filename=\"letter-2026-02.pdf\""));
    assert_eq!(file.header("Cache-Control"), Some("no-store"));
    let known = a.ask("GET", &format!("{}pdf", path(&id))).header("Accept-Language", "en");
    known.header("If-None-Match", file.header("ETag").unwrap()).send(a.port).expect(304);
    let head = a.ask("HEAD", &format!("{}pdf/", path(&id))).send(a.port).expect(200);
    assert_eq!((head.body.len(), head.header("Content-Type")), (0, Some("application/pdf")));
    assert!(a.delete(&format!("{}pdf/", path(&id))).expect(405).header("Allow").unwrap().contains("GET"));
}

fn pdf_of_a_long_letter(server: &Server) {
    let a = Phone::single(server);
    let content: String = (0..4_000).map(|n| format!("{n}번째 날\n")).collect();
    let id = write_new(&a, "2026-02", &content);
    let text = text_of(&pdf(&a, &id, Some("en")));
    let mut from = 0;
    for n in 0..4_000 {
        let line = format!("{n}번째날");
        from += text[from..].find(&line).unwrap_or_else(|| panic!("{line} is missing or out of order"));
    }
}

fn pdf_of_another_couple(server: &Server) {
    let id = write_new(&Phone::single(server), "2026-02", "ours");
    let (stranger, alone) = (Phone::single(server), Phone::register(server));
    for phone in [&stranger, &alone] {
        for id in [id.as_str(), NOBODY, "x"] {
            let said = phone.get(&format!("{}pdf/", path(id))).expect(404);
            assert_eq!(said.header("Content-Type"), Some("application/problem+json"));
        }
    }
    request("GET", &format!("/api{}pdf/", path(&id))).send(server.port).expect(401);
}
