//! Programs of ours that are started by one that serves requests, with nothing of it: no descriptor, no variable of the request.

use crate::app::home;
use std::env;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a courier finds other programs, should it ever need one: the system's folders alone.
const PATH: &str = "/usr/sbin:/usr/bin:/bin";
/// What a courier is told of its surroundings beside the settings.
const KEPT: [&str; 2] = ["TZ", "SSL_CERT_FILE"];
/// What the settings' variables begin with.
const SETTINGS: &[u8] = b"TANDEM_";

/// The command that is the courier, with nothing of this process's but the settings.
pub fn apart(program: &Path) -> Command {
    let mut command = alone(program);
    command.arg("courier");
    command
}

/// A program of ours, with nothing of this process's but the settings.
pub fn alone(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment(env::vars_os(), home::folder()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What the courier may know of its surroundings. Its home folder is the one that this program has found.
fn environment(all: impl Iterator<Item = (OsString, OsString)>, home: Option<PathBuf>) -> Vec<(OsString, OsString)> {
    let kept = |name: &OsString| name.as_bytes().starts_with(SETTINGS) || KEPT.iter().any(|kept| name == kept);
    let mut environment: Vec<_> = all.filter(|(name, _)| kept(name)).collect();
    environment.push(("PATH".into(), PATH.into()));
    environment.extend(home.map(|home| ("HOME".into(), home.into())));
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_courier_knows_nothing_of_the_request() {
        let all = [
            "HTTP_AUTHORIZATION",
            "HTTP_PROXY",
            "TANDEM_DATA",
            "TZ",
            "SSL_CERT_FILE",
            "PATH",
            "HOME",
            "LD_PRELOAD",
            "REQUEST_URI",
        ];
        let all = all.map(|name| (OsString::from(name), OsString::from("x")));
        let kept = environment(all.into_iter(), Some("/home/u".into()));
        let kept: Vec<_> = kept.iter().map(|(name, value)| (name.to_str().unwrap(), value.to_str().unwrap())).collect();
        assert_eq!(kept, [("TANDEM_DATA", "x"), ("TZ", "x"), ("SSL_CERT_FILE", "x"), ("PATH", PATH), ("HOME", "/home/u")]);
    }
}
