//! The first calls that anybody makes.

use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::request;

/// See [`Case`].
pub const CASES: &[Case] =
    &[("the root says what this is", root), ("monitors are told that all is well", well), ("a new user is signed in", signed_in)];

fn root(server: &Server) {
    let said = request("GET", "/api/").send(server.port).expect(200).json();
    assert_eq!((&said["name"], &said["version"]), (&"Tandem".into(), &env!("CARGO_PKG_VERSION").into()));
}

fn well(server: &Server) {
    let said = request("GET", "/api/health/").send(server.port).expect(200).json();
    assert_eq!((&said["status"], &said["version"]), (&"ok".into(), &env!("CARGO_PKG_VERSION").into()));
    for check in ["database", "schema", "disk", "clock", "maintenance"] {
        assert_eq!(said["checks"][check], "ok", "{check}: {said}");
    }
}

fn signed_in(server: &Server) {
    let phone = Phone::register(server);
    assert_eq!(phone.get("/auth/me/").expect(200).json()["user"]["username"], phone.username.as_str());
}
