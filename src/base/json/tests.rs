//! What goes in comes out, and what is the same is taken for the same.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn round(text: &str) -> String {
    write(&read::<Value>(text.as_bytes()).unwrap()).unwrap()
}

#[test]
fn every_number_comes_out_as_it_went_in() {
    for text in [
        "12345678901234567890123",
        "[1.0,18446744073709551616]",
        r#"{"a":{"lat":37.566535000000000000001}}"#,
        "117.63331139400017",
    ] {
        assert_eq!(round(text), text);
    }
}

#[test]
fn a_text_that_looks_like_a_seal_is_a_text() {
    let value: Value = read(br#"[12345678901234567890123,"x"]"#).unwrap();
    let sealed = value[0].as_str().unwrap().to_owned();
    let quoted = json!({"said": format!("see \"{sealed}\" there")});
    assert_eq!(serde_json::from_str::<Value>(&write(&quoted).unwrap()).unwrap(), quoted);
    renew();
    assert_eq!(write(&json!(sealed)).unwrap(), format!("\"{sealed}\""), "another request's seal says nothing");
    assert_eq!(round(&format!("[\"{sealed}\",99999999999999999999999]")), format!("[\"{sealed}\",99999999999999999999999]"));
}

#[test]
fn what_cannot_be_kept_is_found_where_it_stands() {
    let sifted = |text: &'static str| {
        let sifted = sift(text.as_bytes(), 3).unwrap();
        (serde_json::from_slice::<Value>(&sifted.text).unwrap(), sifted.fault)
    };
    for (text, expected) in [
        (r#"{"a":[1e400,2]}"#, Fault::Number),
        (r#"{"a":["\ud83d",2]}"#, Fault::Half),
        (r#"{"a":["x\ude00\ud83d\ude00",2]}"#, Fault::Half),
        (r#"{"a":[{"b":["]}",{}]},2]}"#, Fault::Deep),
        (r#"{"a":[{"\udc00":1},2]}"#, Fault::Half),
    ] {
        let (value, first) = sifted(text);
        assert_eq!(
            (first, fault(&value), fault(&value["a"][0]), fault(&value["a"][1])),
            (Some(expected), Some(expected), Some(expected), None)
        );
    }
    assert_eq!(sifted(r#"{"a":["\ud83d\ude00\\ud83d",[]]}"#).1, None, "a whole character, and a backslash before letters");
}

/// JSON in other words: other numerals, blanks, escapes; members of the same value.
fn rewritten(value: &Value, salt: u64) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| rewritten(item, salt.rotate_left(7))).collect();
            format!("[ {} ]", items.join(" ,"))
        }
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{} :{}", json!(name), rewritten(value, salt.rotate_left(3))))
                .collect();
            if salt.is_multiple_of(2) {
                members.reverse();
            }
            format!("{{{}}}", members.join(",\n"))
        }
        Value::String(text) if digits(value).is_none() => {
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{units}\"")
        }
        other => digits(other).map_or_else(|| other.to_string(), |digits| numeral(&digits, salt)),
    }
}

/// Another numeral of the same number.
fn numeral(digits: &str, salt: u64) -> String {
    let number = Decimal::parse(digits).unwrap();
    match salt % 4 {
        0 => number.text(),
        1 => format!("{digits}{}", if digits.contains(['e', 'E']) { "" } else { "E+00" }),
        2 if !digits.contains(['.', 'e', 'E']) => format!("{digits}.000"),
        _ => digits.to_owned(),
    }
}

/// A text of JSON with numbers of every size.
fn any_json() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?",
        ".{0,8}".prop_map(|text| json!(text).to_string()),
    ];
    plain.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::btree_map("[a-c]{1,2}", inner, 0..4).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_value_is_the_same_under_every_rewriting(text in any_json(), salt in any::<u64>()) {
        let value: Value = read(text.as_bytes()).unwrap();
        let other: Value = read(rewritten(&value, salt).as_bytes()).unwrap();
        prop_assert!(same(&value, &other), "{} {}", value, other);
        prop_assert_eq!(write(&Canonical(&value, 0)).unwrap(), write(&Canonical(&other, 0)).unwrap());
        prop_assert!(same(&value, &read(write(&value).unwrap().as_bytes()).unwrap()));
    }

    #[test]
    fn no_text_panics(text in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'u'), Just(b'd'), Just(b'8'), Just(b'['), Just(b'}'), any::<u8>()], 0..40)) {
        let _ = sift(&text, 2);
    }
}

#[test]
fn a_text_of_brackets_takes_no_time() {
    let begun = std::time::Instant::now();
    for text in ["[".repeat(2_000_000), format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)), "[]".repeat(1_000_000)] {
        sift(text.as_bytes(), 64).unwrap();
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "each byte is looked at twice at most");
}
