//! What a cluster does to whoever reads and writes through several of its nodes: nodes fail under load, and one that lags
//! tells nobody that something is not there.
//!
//! That [`a_node_that_lags_denies_nothing`] can fail was tried, too:
//!
//! | broken | what it found |
//! |---|---|
//! | no transaction waits (`wsrep_sync_wait = 0`) | 404 and 401 for the object, the session and both writes; old lists |
//! | `Cache-Control: no-cache` is not heeded | an old list |
//! | what is not there is not looked up again | 404 for the object, 401 for the session |

use super::{Couple, Engine, Kind, Options, SECRET, Server, Variant, WORKERS, rounds};
use crate::api::Phone;
use crate::servers::client::Answer;
use crate::servers::galera::{NODES, cluster};
use serde_json::json;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

/// The longest load of a round, in seconds: it ends when the nodes have failed and are back.
pub const SECONDS: u64 = 180;
/// How long the load goes on between two things that happen to the nodes.
const BETWEEN: Duration = Duration::from_secs(2);
/// How long a node may take until it knows that it is apart: it is patient for eight seconds.
const NOTICE: Duration = Duration::from_secs(20);
/// How long a node is held up, and how much of that a request must at least have waited.
const LAG: Duration = Duration::from_millis(1_500);
const WAITED: Duration = Duration::from_millis(700);

#[test]
fn nothing_is_lost_when_nodes_fail() {
    rounds(Variant::Nodes, Engine::Galera);
}

/// Kills a node and brings it back, then cuts another off from the others and joins it again. Answers how many were killed.
pub fn fail(server: &Server, phone: &Phone, number: u64) -> usize {
    let nodes = &cluster().nodes;
    let first = usize::try_from(number).unwrap() % NODES;
    let (killed, cut_off) = (&nodes[first], (first + 1) % NODES);
    let lonely = on_node(&server.database, cut_off);
    let phone = Phone { port: lonely.port, ..phone.clone() };
    sleep(BETWEEN);
    killed.kill();
    sleep(BETWEEN);
    killed.bring_back();
    sleep(BETWEEN);
    phone.get("/couple/").expect(200);
    nodes[cut_off].isolate(true);
    check_it_refuses(&phone);
    nodes[cut_off].isolate(false);
    phone.get("/couple/").expect(200);
    sleep(BETWEEN);
    1
}

/// A web server whose only host is one node.
fn on_node(database: &str, node: usize) -> Server {
    let env = vec![("TANDEM_JWT_SECRET".to_owned(), SECRET.to_owned()), ("TANDEM_LIMITS_AUTH".to_owned(), "off".to_owned())];
    let database = Some(cluster().on_node(database, node));
    Server::start(
        Kind::LighttpdFastcgi,
        &Options { engine: Engine::Galera, database, env, workers: WORKERS, ..Options::default() },
    )
}

/// Until a node has noticed that it is apart it may answer; from then on it refuses, in words, to read and to write.
fn check_it_refuses(phone: &Phone) {
    let deadline = Instant::now() + NOTICE;
    while phone.get("/couple/").expect_one_of(&[200, 503]).status == 200 {
        assert!(Instant::now() < deadline, "a node that is cut off goes on answering");
        sleep(Duration::from_millis(50));
    }
    let end = Instant::now() + BETWEEN;
    while Instant::now() < end {
        for answer in [phone.get("/couple/"), phone.get("/sync/changes/"), phone.post("/goals/", &json!({"title": "lost"}))] {
            let answer = answer.expect(503);
            assert!(answer.header("Retry-After").is_some());
            assert_eq!(answer.json()["status"], 503);
        }
    }
}

/// What is made through one node is there through another that lags: at once where nobody else would do, for whoever asks
/// for the latest, and for every write. Everybody else is shown what the node has.
#[test]
fn a_node_that_lags_denies_nothing() {
    let _alone = super::alone();
    let database = cluster().database();
    let [here, there] = [0, NODES - 1].map(|node| on_node(&database, node));
    let Couple { partners: [phone, _], shared, .. } = Couple::new(&here);
    let elsewhere = |phone: &Phone| Phone { port: there.port, ..phone.clone() };
    let (away, shared) = (elsewhere(&phone), format!("/goals/{shared}/"));
    away.get(&shared).expect(200);

    let held = cluster().nodes[NODES - 1].hold_up();
    let made = phone.make("/goals/", &json!({"title": "made elsewhere"}));
    let stranger = elsewhere(&Phone::register(&here));
    assert!(!has(&away.get("/goals/").expect(200), &made), "the node does not lag");
    let path = format!("/goals/{made}/");
    let latest = |path: &str| away.ask("GET", path).header("Cache-Control", "max-age=0, No-Cache").send(away.port);
    let requests: [(&str, &(dyn Fn() -> Answer + Sync)); 6] = [
        ("the list, asked for the latest", &|| latest("/goals/")),
        ("a poll, asked for the latest", &|| latest("/sync/changes/")),
        ("the object", &|| away.get(&path)),
        ("a session", &|| stranger.get("/auth/me/")),
        ("a change", &|| away.patch(&path, &json!({"title": "changed"}))),
        ("a member of it", &|| away.post(&format!("{path}actions/"), &json!({"text": "done"}))),
    ];
    scope(|scope| {
        let asked = Instant::now();
        let all = requests.map(|(what, ask)| (what, scope.spawn(move || (ask().expect_one_of(&[200, 201]), asked.elapsed()))));
        sleep(LAG);
        drop(held);
        for (what, answer) in all {
            let (answer, waited) = answer.join().unwrap();
            println!("{what}: after {waited:?}");
            assert!(waited > WAITED, "{what} did not wait: the node does not lag");
            assert!(!what.contains("latest") || has(&answer, &made), "{what}: {}", answer.text());
        }
    });
}

/// Does a list of objects or of changes hold this id?
fn has(answer: &Answer, id: &str) -> bool {
    let body = answer.json();
    let list = body.get("results").or_else(|| body["changes"].get("goals")).unwrap_or(&body);
    list.as_array().unwrap().iter().any(|item| item["id"] == id)
}
