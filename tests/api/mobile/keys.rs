//! Keys of uploads: the same bytes again, through every face, and nothing twice.

use super::driver::{DRIVERS, Operation, Outcome, Upload};
use crate::api::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};
use std::thread;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("an upload that is repeated is answered the same bytes, and costs nothing", repeated),
    ("a key that comes with another upload is refused, and nothing is done", reused),
    ("a key belongs to its user and its operation", scoped),
    ("a partial failure is a kept answer, a refused list is not", failures),
    ("an upload is the same upload through every face", across),
    ("eight clients at once with one key: applied once, the same bytes for all", at_once),
];

fn voice(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({"verification_id": id, "timestamp": "2026-01-16T14:30:45Z", "verified": false})).collect()
}

fn of_voice(ids: &[&str]) -> Upload {
    Upload::new(Operation::Voice, &voice(ids))
}

/// How many items the user's devices sent, by the server's count.
fn sent(phone: &Phone) -> i64 {
    let devices = phone.get("/sync/devices/").expect(200).json();
    devices["results"].as_array().unwrap().iter().map(|device| device["items"].as_i64().unwrap()).sum()
}

fn repeated(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        let upload = of_voice(&["a", "b"]);
        let first = driver.send(&phone, &upload).expect(200);
        for _ in 0..3 {
            assert_eq!(driver.send(&phone, &upload).expect(200).text(), first.text(), "{}", driver.name());
        }
        assert_eq!(sent(&phone), 2);
    }
}

fn reused(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        let upload = of_voice(&["a"]);
        driver.upload(&phone, &upload).answer();
        for other in [Upload { items: voice(&["b"]), ..upload.clone() }, Upload { device: "phone-2".into(), ..upload.clone() }] {
            assert_eq!(driver.upload(&phone, &other), Outcome::Refused("IDEMPOTENCY_KEY_REUSED".into()), "{}", driver.name());
        }
        assert_eq!(sent(&phone), 1);
    }
}

fn scoped(server: &Server) {
    for driver in DRIVERS {
        let (one, other) = Phone::couple(server);
        let upload = of_voice(&["a"]);
        driver.upload(&one, &upload).answer();
        driver.upload(&other, &Upload { items: voice(&["b"]), ..upload.clone() }).answer();
        let batch = Upload { operation: Operation::Batch, items: json!({"voice_data": voice(&["c"])}), ..upload };
        driver.upload(&one, &batch).answer();
        assert_eq!((sent(&one), sent(&other)), (2, 1));
    }
}

fn failures(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        let upload = of_voice(&["a", ""]);
        let first = driver.send(&phone, &upload).expect(200);
        assert_eq!(driver.upload(&phone, &upload).answer()["failed_items"], 1);
        assert_eq!(driver.send(&phone, &upload).expect(200).text(), first.text());
        let empty = of_voice(&[]);
        assert_eq!(driver.upload(&phone, &empty).answer()["errors"][0]["code"], "VALIDATION_ERROR");
        driver.upload(&phone, &Upload { items: voice(&["b"]), ..empty }).answer();
        assert_eq!(sent(&phone), 3);
    }
}

fn across(server: &Server) {
    let phone = Phone::single(server);
    let item = json!({"verification_id": "v", "timestamp": "2026-01-16T14:30:45Z", "verified": true, "confidence_score": 1, "metadata": {"n": null}});
    let upload = Upload::new(Operation::Voice, &json!([item]));
    let outcomes: Vec<Outcome> = DRIVERS.iter().map(|driver| driver.upload(&phone, &upload)).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:?}");
    assert_eq!(sent(&phone), 1);
}

fn at_once(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        let items: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let upload = of_voice(&items.iter().map(String::as_str).collect::<Vec<_>>());
        let answers: Vec<Answer> = thread::scope(|scope| {
            let running: Vec<_> = (0..8).map(|_| scope.spawn(|| driver.send(&phone, &upload))).collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| (answer.status, &answer.body) == (200, &answers[0].body)), "{answers:?}");
        assert_eq!(sent(&phone), 50, "{}", driver.name());
    }
}
