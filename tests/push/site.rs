//! A site that wakes devices, and whom it wakes.

use super::device::{Device, subscribe};
use super::service::{Sent, Service};
use crate::api::Phone;
use crate::api::devices::again;
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tandem::params;

/// How long what is promised may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
const NAP: Duration = Duration::from_millis(30);
/// What a change wakes others for within seconds.
const QUESTIONS: &str = "/qna/questions/";

/// A site that wakes devices through the tests' push service.
pub struct Site {
    /// Its web server.
    pub server: Server,
    /// Its push service.
    pub service: Service,
    /// Its settings.
    pub env: Vec<(String, String)>,
}

impl Site {
    /// With couriers that requests start, or that the test starts itself.
    pub fn new(engine: Engine, by_requests: bool) -> Site {
        Site::with(engine, by_requests, &[])
    }

    /// The same with more settings.
    pub fn with(engine: Engine, by_requests: bool, more: &[(&str, &str)]) -> Site {
        Site::on(Kind::LighttpdFastcgi, engine, by_requests, more)
    }

    /// The same on a web server of this kind; the operator's program lies where the bundle puts it, where the server runs programs as
    /// somebody else.
    pub fn on(kind: Kind, engine: Engine, by_requests: bool, more: &[(&str, &str)]) -> Site {
        let service = Service::start();
        let env = [
            ("TANDEM_PUSH_CONTACT", "mailto:ops@example.org".to_owned()),
            ("TANDEM_PUSH_PORTS", service.port.to_string()),
            ("TANDEM_PUSH_PRIVATE", "localhost".to_owned()),
            ("TANDEM_PUSH_CA", service.authority.display().to_string()),
            ("TANDEM_PUSH_COURIER", if by_requests { "auto" } else { "cron" }.to_owned()),
            ("TANDEM_LIMITS_REGISTRATIONS", "off".to_owned()),
        ];
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let mut env: Vec<_> = env.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
        let is_lighttpd = matches!(kind, Kind::LighttpdFastcgi | Kind::LighttpdCgi);
        if is_lighttpd {
            env.push(("TANDEM_COURIER_PROGRAM".into(), env!("CARGO_BIN_EXE_tandem").into()));
        }
        let server = Server::start(kind, &Options { engine, workers: 2, env: env.clone(), ..Options::default() });
        if !is_lighttpd {
            server.install(env!("CARGO_BIN_EXE_tandem").as_ref());
        }
        Site { server, service, env }
    }

    /// A courier, as the operator starts it.
    pub fn courier(&self) -> Command {
        let mut command = self.server.operator(&["courier"]);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Lets a courier do what is due.
    #[track_caller]
    pub fn deliver(&self) {
        let output = self.courier().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Lets a courier look at what waits, and ends it before that is due.
    pub fn glance(&self) {
        let mut courier = self.courier().spawn().unwrap();
        sleep(Duration::from_millis(1_500));
        courier.kill().unwrap();
        courier.wait().unwrap();
        self.forget_lease();
    }

    /// What was sent to endpoints of a name, once it is as much as this.
    #[track_caller]
    pub fn sent(&self, name: &str, number: usize) -> Vec<Sent> {
        let end = Instant::now() + PATIENCE;
        loop {
            let sent = self.service.sent(name);
            if sent.len() >= number {
                return sent;
            }
            assert!(Instant::now() < end, "{name} was sent {}, not {number}: {}", sent.len(), self.server.log());
            sleep(NAP);
        }
    }

    /// A member of a couple whose device is woken at an endpoint of this name, signed in on it, and the other one.
    pub fn awake(&self, name: &str, more: &Value) -> (Phone, Phone) {
        let (a, b) = Phone::couple(&self.server);
        (self.wake(&a, name, more).0, b)
    }

    /// Has a phone's device woken at an endpoint of this name, without a code; the phone, signed in on it.
    pub fn wake(&self, phone: &Phone, name: &str, more: &Value) -> (Phone, Device) {
        let signed_in = again(&self.server, phone, &json!({"device_id": name}));
        let (device, id) = subscribe(&signed_in, name, &self.service, name, more);
        let awake = "UPDATE push_subscriptions SET state = 'active', verified_at = created_at, code_sent = 1, due_at = NULL, host = user_id \
             WHERE id = ?";
        assert_eq!(self.server.alter(awake, params![&id]), 1);
        let told = "UPDATE push_subscriptions SET told_in = (SELECT tenant FROM members WHERE user_id = ?), \
             told = (SELECT t.clock FROM members m JOIN tenants t ON t.id = m.tenant WHERE m.user_id = ?) WHERE id = ?";
        self.server.alter(told, params![phone.id, phone.id, &id]);
        self.server.alter("UPDATE push_subscriptions SET looked = told WHERE id = ?", params![&id]);
        let counted = "UPDATE tenants SET pushes = 1 WHERE id IN (SELECT tenant FROM members WHERE user_id = ?)";
        self.server.alter(counted, params![phone.id]);
        self.server.hand_over();
        (signed_in, device)
    }

    /// A number in the subscription at an endpoint of this name.
    pub fn number(&self, name: &str, column: &str) -> Option<i64> {
        let sql = format!("SELECT {column} FROM push_subscriptions WHERE device_id = ?");
        self.server.store().one(&sql, params![name], |row| row.get::<Option<i64>>(0)).unwrap().unwrap()
    }

    /// A word in it.
    pub fn word(&self, name: &str, column: &str) -> String {
        let sql = format!("SELECT {column} FROM push_subscriptions WHERE device_id = ?");
        self.server.store().one(&sql, params![name], |row| row.get::<String>(0)).unwrap().unwrap()
    }

    /// What waits is due now.
    pub fn hurry(&self, name: &str) {
        let sql = "UPDATE push_subscriptions SET due_at = 1, not_before = 0 WHERE device_id = ? AND due_at IS NOT NULL";
        self.server.alter(sql, params![name]);
    }

    /// The next courier need not wait for the lease of one that was killed.
    pub fn forget_lease(&self) {
        self.server.alter("DELETE FROM facts WHERE name = ?", params!["courier_lease"]);
    }
}

/// Has a phone make something of which others are told within seconds.
pub fn ask(phone: &Phone) {
    phone.post(QUESTIONS, &json!({"text": "What made you smile today?"})).expect(201);
}
