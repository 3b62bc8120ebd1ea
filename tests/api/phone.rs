//! A signed-in phone, and a couple of them.

use crate::servers::Server;
use crate::servers::client::{Answer, Request, request};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// The password of every phone's user.
pub const PASSWORD: &str = "correct horse battery 9";

/// A name that no other user of any test has.
pub fn fresh_name(stem: &str) -> String {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    format!("{stem}-{}-{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed))
}

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Phone {
    /// The server's port.
    pub port: u16,
    /// The user's id.
    pub id: i64,
    /// The user's name.
    pub username: String,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Phone {
    /// Registers a new user.
    #[track_caller]
    pub fn register(server: &Server) -> Phone {
        Phone::register_with(server, json!({}))
    }

    /// Registers a new user with more fields than the name and the password.
    #[track_caller]
    pub fn register_with(server: &Server, more: Value) -> Phone {
        let mut body = json!({"username": fresh_name("ana"), "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = request("POST", "/api/auth/register/").json(&body).send(server.port).expect(201).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let username = answer["user"]["username"].as_str().unwrap().to_owned();
        Phone {
            port: server.port,
            id: answer["user"]["id"].as_i64().unwrap(),
            username,
            access: text("access"),
            refresh: text("refresh"),
        }
    }

    /// Two new users who are a couple: partner A and partner B.
    #[track_caller]
    pub fn couple(server: &Server) -> (Phone, Phone) {
        let (a, b) = (Phone::register(server), Phone::register(server));
        a.post("/couple/create/", &json!({})).expect(201);
        let code = a.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].clone();
        b.post("/couple/join/", &json!({ "code": code })).expect(200);
        (a, b)
    }

    /// New users who are a team, with these roles.
    #[track_caller]
    pub fn team(server: &Server, roles: &[&str]) -> Vec<Phone> {
        let members: Vec<Phone> = roles.iter().map(|_| Phone::register(server)).collect();
        let name = fresh_name("team");
        server.tandem(&["tenant", "create", "--kind", "team", "--name", &name]);
        for (phone, role) in members.iter().zip(roles) {
            server.tandem(&["tenant", "add", &name, &phone.username, "--role", role]);
        }
        members
    }

    /// A new user who has started a couple alone.
    #[track_caller]
    pub fn single(server: &Server) -> Phone {
        let phone = Phone::register(server);
        phone.post("/couple/create/", &json!({})).expect(201);
        phone
    }

    /// A request of this user; the path is below `/api`.
    pub fn ask(&self, method: &str, path: &str) -> Request {
        request(method, &format!("/api{path}")).bearer(&self.access)
    }

    /// GET
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send(self.port)
    }

    /// POST
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path).json(body).send(self.port)
    }

    /// PUT
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path).json(body).send(self.port)
    }

    /// PATCH
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask("PATCH", path).json(body).send(self.port)
    }

    /// DELETE
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path).send(self.port)
    }

    /// Makes something; answers its id.
    #[track_caller]
    pub fn make(&self, path: &str, body: &Value) -> String {
        self.post(path, body).expect(201).json()["id"].as_str().unwrap().to_owned()
    }

    /// The feed since a cursor.
    #[track_caller]
    pub fn poll(&self, since: &str) -> Value {
        self.get(&format!("/sync/changes/?since={since}")).expect(200).json()
    }
}
