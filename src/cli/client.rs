//! The API called from inside the program: the same routes and guards as over HTTP, without a server.

use crate::app::App;
use crate::app::open;
use crate::base::error::{Error, Result};
use crate::http::{Service, Vars};
use serde_json::Value;

/// Calls the API of this account's store.
pub struct Client {
    app: App,
}

/// A user who is signed in.
pub struct Person {
    /// Their user name.
    pub username: String,
    /// Their user id.
    pub id: i64,
    /// Their password.
    pub password: String,
    /// Their access token.
    pub access: String,
    /// Their refresh token.
    pub refresh: String,
}

impl Client {
    /// A client without rate limits: what the operator makes is no attack.
    pub fn new() -> Result<Client> {
        let mut house = open::house()?;
        let settings = &mut house.settings;
        (settings.limit_requests, settings.limit_polls, settings.limit_uploads) = (None, None, None);
        (settings.limit_auth, settings.limit_address, settings.limit_codes, settings.limit_all_codes) = (None, None, None, None);
        (settings.limit_registrations, settings.registration) = (None, true);
        Ok(Client { app: App::of(house) })
    }

    /// Calls a route; answers its JSON.
    ///
    /// # Errors
    /// When the answer is no success, with its detail.
    pub fn call(&mut self, access: &str, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (uri, bearer) = (format!("/api{path}"), format!("Bearer {access}"));
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let length = body.len().to_string();
        let vars = Vars::from_iter([
            ("REQUEST_METHOD", method),
            ("REQUEST_URI", &uri),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("CONTENT_TYPE", "application/json"),
            ("CONTENT_LENGTH", &length),
            ("HTTP_AUTHORIZATION", &bearer),
        ]);
        let response = self.app.handle(&vars, &mut body.as_slice());
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        match response.status {
            200..300 => Ok(answer),
            status => Err(refused(method, path, status, &answer)),
        }
    }

    /// Makes an account with a random password and signs it in.
    pub fn register(&mut self, username: &str, profile: &Value) -> Result<Person> {
        let password = crate::base::id::opaque();
        let mut body = profile.clone();
        (body["username"], body["password"]) = (username.into(), password.clone().into());
        let answer = self.call("", "POST", "/auth/register/", &body)?;
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let id = answer["user"]["id"].as_i64().unwrap_or_default();
        Ok(Person { username: username.to_owned(), id, password, access: text("access"), refresh: text("refresh") })
    }
}

/// A store that does not answer has told the log why; `doctor` reads it.
fn refused(method: &str, path: &str, status: u16, answer: &Value) -> Error {
    let detail = answer["detail"].as_str().unwrap_or("no reason was given");
    let next = if status >= 500 { " `tandem doctor` may say why." } else { "" };
    Error::Internal(format!("{method} {path} answered {status}: {detail}{next}"))
}
