//! Section 2 of the contract: which tokens let a request in.

use super::expect::unauthenticated;
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::request;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::Algorithm;
use ring::hmac;
use serde_json::{Value, json};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a token carries the contract's claims and lifetimes", claims),
    ("a token as the server would sign it is good", honest),
    ("forged tokens are 401", forged),
    ("tokens that lack a claim are 401", incomplete),
    ("a token of the wrong kind is 401 on both sides", wrong_kind),
    ("what is no token at all is 401", nonsense),
    ("the scheme is Bearer whatever its case, and no other", schemes),
];

/// The key that this server signs with.
fn secret(server: &Server) -> Vec<u8> {
    fs::read(server.data_dir.join("secret")).unwrap().trim_ascii().to_vec()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The claims of a token, unchecked.
fn read(token: &str) -> Value {
    serde_json::to_value(jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims).unwrap()
}

/// Signed by hand: the product signs by HS256 alone.
fn sign(secret: &[u8], algorithm: Algorithm, claims: &Value) -> String {
    let hash = match algorithm {
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let part = |json: &Value| BASE64.encode(json.to_string());
    let signed = format!("{}.{}", part(&json!({"typ": "JWT", "alg": algorithm})), part(claims));
    let signature = hmac::sign(&hmac::Key::new(hash, secret), signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(signature))
}

fn claims(server: &Server) {
    let phone = Phone::register(server);
    let (access, refresh) = (read(&phone.access), read(&phone.refresh));
    assert_eq!((&access["token_type"], &refresh["token_type"]), (&json!("access"), &json!("refresh")));
    for (token, minutes) in [(&access, 60), (&refresh, 30 * 24 * 60)] {
        let (iat, exp) = (token["iat"].as_i64().unwrap(), token["exp"].as_i64().unwrap());
        assert_eq!(exp - iat, minutes * 60, "{token}");
        assert!((now() - iat).abs() < 30, "{token}");
        assert_eq!(token["user_id"], phone.id.to_string(), "a string");
        assert!(["jti", "sid"].iter().all(|claim| token[*claim].is_string()), "{token}");
    }
    assert_eq!(access["sid"], refresh["sid"]);
    assert_ne!(access["jti"], refresh["jti"]);
    assert_eq!(jsonwebtoken::decode_header(&phone.access).unwrap().alg, Algorithm::HS256);
}

#[track_caller]
fn try_access(server: &Server, token: &str, code: Option<&str>) {
    let answer = request("GET", "/api/auth/me/").bearer(token).send(server.port);
    match code {
        None => drop(answer.expect(200)),
        Some(code) => unauthenticated(answer, code),
    }
}

/// The claims of the phone's access token with one of them another.
fn altered(phone: &Phone, claim: &str, value: Value) -> Value {
    let mut claims = read(&phone.access);
    claims[claim] = value;
    claims
}

fn honest(server: &Server) {
    let phone = Phone::register(server);
    let secret = secret(server);
    try_access(server, &sign(&secret, Algorithm::HS256, &altered(&phone, "exp", json!(now() + 30))), None);
    try_access(server, &sign(&secret, Algorithm::HS256, &altered(&phone, "more", json!([1]))), None);
}

fn forged(server: &Server) {
    let (phone, other) = (Phone::register(server), Phone::register(server));
    let secret = secret(server);
    let refused = Some("token_not_valid");
    let good = read(&phone.access);
    try_access(server, &sign(b"another secret of thirty-two bytes!", Algorithm::HS256, &good), refused);
    try_access(server, &sign(b"", Algorithm::HS256, &good), refused);
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        try_access(server, &sign(&secret, algorithm, &good), refused);
    }
    let parts: Vec<&str> = phone.access.split('.').collect();
    // {"alg":"none","typ":"JWT"}, with and without a signature.
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    for token in [format!("{none}.{}.", parts[1]), format!("{none}.{}.{}", parts[1], parts[2]), format!("{none}.{}", parts[1])] {
        try_access(server, &token, refused);
    }
    let swapped = other.access.split('.').nth(1).unwrap().to_owned();
    try_access(server, &format!("{}.{swapped}.{}", parts[0], parts[2]), refused);
    for (claim, value) in [
        ("exp", json!(now())),
        ("exp", json!(now() - 1)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("sid", json!(uuid::Uuid::new_v4().to_string())),
        ("user_id", json!(other.id.to_string())),
        ("sid", read(&other.access)["sid"].clone()),
        ("token_type", json!("Access")),
        ("token_type", json!("sliding")),
    ] {
        try_access(server, &sign(&secret, Algorithm::HS256, &altered(&phone, claim, value)), refused);
    }
    for nobody in ["1", "0", "-1", "99999999999999999999", "x", ""] {
        let token = sign(&secret, Algorithm::HS256, &altered(&phone, "user_id", json!(nobody)));
        try_access(server, &token, Some("user_not_found"));
    }
}

fn incomplete(server: &Server) {
    let phone = Phone::register(server);
    let secret = secret(server);
    for claim in ["exp", "token_type", "user_id", "sid"] {
        let mut claims = read(&phone.access);
        claims.as_object_mut().unwrap().remove(claim);
        try_access(server, &sign(&secret, Algorithm::HS256, &claims), Some("token_not_valid"));
        try_access(server, &sign(&secret, Algorithm::HS256, &altered(&phone, claim, Value::Null)), Some("token_not_valid"));
        try_access(server, &sign(&secret, Algorithm::HS256, &altered(&phone, claim, json!([1]))), Some("token_not_valid"));
    }
}

fn wrong_kind(server: &Server) {
    let phone = Phone::register(server);
    try_access(server, &phone.refresh, Some("token_not_valid"));
    let refresh = |token: &str| request("POST", "/api/auth/refresh/").json(&json!({ "refresh": token })).send(server.port);
    unauthenticated(refresh(&phone.access), "token_not_valid");
    let mut claims = read(&phone.refresh);
    claims["exp"] = json!(now() - 1);
    unauthenticated(refresh(&sign(&secret(server), Algorithm::HS256, &claims)), "token_not_valid");
    claims.as_object_mut().unwrap().remove("exp");
    unauthenticated(refresh(&sign(&secret(server), Algorithm::HS256, &claims)), "token_not_valid");
    // None of this ended the session.
    refresh(&phone.refresh).expect(200);
}

fn nonsense(server: &Server) {
    for token in ["x", "a.b.c", "..", "....", "eyJhbGciOiJIUzI1NiJ9..", &"a".repeat(5_000), "\u{e9}", "null"] {
        try_access(server, token, Some("token_not_valid"));
    }
    for value in [&b"Bearer"[..], b"Bearer ", b"bearer", b"\xff\xfe", b"Token abc", b"Digest x", b","] {
        let answer = request("GET", "/api/auth/me/").header("Authorization", value).send(server.port);
        assert_eq!(answer.status, 401, "{value:?} {}", answer.text());
    }
}

fn schemes(server: &Server) {
    let phone = Phone::register(server);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        request("GET", "/api/auth/me/")
            .header("Authorization", format!("{scheme} {}", phone.access))
            .send(server.port)
            .expect(200);
    }
    for value in [format!("Token {}", phone.access), phone.access.clone(), format!("Basic {PASSWORD}")] {
        unauthenticated(request("GET", "/api/auth/me/").header("Authorization", value).send(server.port), "not_authenticated");
    }
    // A token in the query string would end up in logs: it does not count.
    unauthenticated(
        request("GET", &format!("/api/auth/me/?access_token={}", phone.access)).send(server.port),
        "not_authenticated",
    );
}
