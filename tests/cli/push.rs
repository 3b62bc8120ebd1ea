//! `tandem push`, and what other commands tell devices. They move the clocks of all tenants: each test has a server of its own.

use crate::api::Phone;
use crate::api::devices::again;
use crate::api::feed::now;
use crate::api::push::{told, types};
use crate::servers::{Kind, Options, Server};
use serde_json::{Value, json};

#[test]
fn the_operator_tells_everybody_or_one_user() {
    let server = &Server::start(Kind::LighttpdFastcgi, &Options::default());
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    let said = server.tandem(&["push", "send", "upgrade_required", "--user", &a.username, "--priority", "high"]);
    assert!(said.contains(&a.username), "{said}");
    assert_eq!(types(&told(&a, &since)), ["system upgrade_required"]);
    assert_eq!(told(&b, &since), [] as [Value; 0]);
    let said = server.tandem(&["push", "send", "maintenance", "--text", "Back at noon"]);
    assert!(said.contains("told 1 couple or team"), "{said}");
    let all = told(&b, &since);
    assert_eq!(all.last().unwrap()["data"], json!({"code": "maintenance", "text": "Back at noon"}));
}

#[test]
fn what_the_operator_does_to_an_account_is_told_to_its_devices() {
    let server = &Server::start(Kind::LighttpdFastcgi, &Options::default());
    let phone = Phone::single(server);
    again(server, &phone, &json!({"device_id": "lost"}));
    let since = now(&phone);
    server.tandem(&["device", "revoke", "--user", &phone.username, "lost"]);
    assert_eq!(types(&told(&phone, &since)), ["system session_ended"]);
    let name = crate::api::phone::fresh_name("team");
    server.tandem(&["tenant", "create", "--kind", "team", "--name", &name]);
    let [first, second] = [(); 2].map(|()| Phone::register(server));
    server.tandem(&["tenant", "add", &name, &first.username, "--role", "admin"]);
    let since = now(&first);
    server.tandem(&["tenant", "add", &name, &second.username]);
    assert_eq!(types(&told(&first, &since)), ["sync_trigger member"]);
    assert_eq!(told(&second, "2020-01-01T00:00:00Z"), [] as [Value; 0], "who joins knows");
    let since = now(&first);
    server.tandem(&["tenant", "remove", &name, &second.username]);
    assert_eq!(types(&told(&first, &since)), ["sync_trigger member"]);
}
