//! A handler whose behaviour the address chooses.

use std::io::Read;
use std::time::Duration;
use tandem::http::{Response, Service, Vars};

#[derive(Default)]
pub struct Probe {
    handled: usize,
    afters: usize,
}

impl Service for Probe {
    fn handle(&mut self, vars: &Vars, body: &mut dyn Read) -> Response {
        self.handled += 1;
        let path = vars.text("REQUEST_URI");
        let (path, number) = path.split_once('?').unwrap_or((&path, "0"));
        let number: usize = number.parse().unwrap();
        match path {
            "/echo" => echo(body),
            "/unread" => Response::bytes(200, "text/plain", vec![b'u'; number]),
            "/part" => part(body, number),
            "/vars" => listing(vars),
            "/count" => Response::bytes(200, "text/plain", vars.len().to_string().into_bytes()),
            "/handled" => Response::bytes(200, "text/plain", self.handled.to_string().into_bytes()),
            "/afters" => Response::bytes(200, "text/plain", self.afters.to_string().into_bytes()),
            "/head" => Response { head_only: true, ..Response::bytes(200, "text/plain", vec![b'x'; number]) },
            "/sleep" => {
                std::thread::sleep(Duration::from_millis(number as u64));
                Response::bytes(200, "text/plain", b"slept".to_vec())
            }
            "/memory" => Response::bytes(200, "text/plain", resident().into_bytes()),
            _ => unreachable!("probe {path}"),
        }
    }

    fn due(&mut self) -> bool {
        true
    }

    fn after(&mut self) {
        self.afters += 1;
        if let Ok(pause) = std::env::var("PROBE_AFTER") {
            std::thread::sleep(Duration::from_millis(pause.parse().unwrap()));
        }
    }

    fn panicked(&mut self, vars: &Vars) -> Response {
        assert!(vars.text("REQUEST_URI") != "/panic-twice", "again");
        Response::bytes(500, "text/plain", b"panicked".to_vec())
    }
}

fn echo(body: &mut dyn Read) -> Response {
    let mut content = Vec::new();
    match body.read_to_end(&mut content) {
        Ok(_) => Response::bytes(200, "application/octet-stream", content),
        Err(error) => Response::bytes(400, "text/plain", format!("{:?}", error.kind()).into_bytes()),
    }
}

/// Reads only the first bytes of the body.
fn part(body: &mut dyn Read, length: usize) -> Response {
    let mut content = vec![0; length];
    body.read_exact(&mut content).unwrap();
    Response::bytes(200, "application/octet-stream", content)
}

/// Every variable on a line, its bytes escaped.
fn listing(vars: &Vars) -> Response {
    let lines = vars.iter().map(|(n, v)| format!("{}={}\n", n.escape_ascii(), v.escape_ascii())).collect::<String>();
    Response::bytes(200, "text/plain", lines.into_bytes())
}

/// The most memory that this process has had, in KiB.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").to_string()
}
