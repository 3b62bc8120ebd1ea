//! `tandem device`.

use crate::api::Phone;
use crate::api::devices::again;
use crate::servers::{Kind, Options, Server};
use serde_json::{Value, json};

#[test]
fn an_operator_sees_where_a_user_is_signed_in_and_ends_it() {
    let server = Server::start(Kind::LighttpdFastcgi, &Options::default());
    let phone = Phone::register(&server);
    let lost = again(&server, &phone, &json!({"device_id": "lost", "name": "Old phone", "type": "phone"}));
    let list = server.tandem(&["device", "list", "--user", &phone.username]);
    assert!(list.contains("Old phone") && list.contains("active"), "{list}");
    let listed: Value = serde_json::from_str(&server.tandem(&["device", "list", "--user", &phone.username, "--json"])).unwrap();
    assert_eq!((&listed[0]["device_id"], &listed[0]["sessions"]), (&json!("lost"), &json!(1)));
    let sessions: Value =
        serde_json::from_str(&server.tandem(&["device", "sessions", "--user", &phone.username, "--json"])).unwrap();
    assert_eq!((sessions.as_array().unwrap().len(), &sessions[0]["device_id"]), (2, &json!("lost")));
    let revoked = server.tandem(&["device", "revoke", "--user", &phone.username, "lost"]);
    assert!(revoked.contains("1 session ended"), "{revoked}");
    assert_eq!(lost.get("/auth/me/").status, 401);
    phone.get("/auth/me/").expect(200);
    let stranger = Phone::register(&server);
    assert!(server.tandem(&["device", "list", "--user", &stranger.username]).contains("there are none"));
}
