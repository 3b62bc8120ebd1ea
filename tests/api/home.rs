//! The first calls that anybody makes.

use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::request;

/// See [`Case`].
pub const CASES: &[Case] = &[("the root says what this is", root), ("a new user is signed in", signed_in)];

fn root(server: &Server) {
    assert_eq!(request("GET", "/api/").send(server.port).expect(200).json()["name"], "Tandem");
}

fn signed_in(server: &Server) {
    let phone = Phone::register(server);
    assert_eq!(phone.get("/auth/me/").expect(200).json()["user"]["username"], phone.username.as_str());
}
