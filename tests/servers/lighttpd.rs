//! lighttpd with the committed `deploy/lighttpd.conf`.

use super::{Site, repository};
use std::fs::{self, File};
use std::io;
use std::process::{Child, Command, Stdio};

/// Starts lighttpd in the foreground; `mode` is fastcgi or cgi.
pub fn spawn(site: &Site, mode: &str) -> io::Result<Child> {
    let run = site.home.join("run");
    fs::create_dir_all(run.join("htdocs"))?;
    let deploy = repository().join("deploy");
    Command::new("lighttpd")
        .arg("-D")
        .arg("-f")
        .arg(deploy.join("lighttpd.conf"))
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("WEB_PORT", site.port.to_string())
        .env("WEB_BIND", "127.0.0.1")
        .env("WEB_MODE", mode)
        .env("WEB_WORKERS", site.options.workers.to_string())
        .env("WEB_PROGRAM", &site.options.program)
        .env("WEB_CONF", &deploy)
        .env("WEB_RUN", &run)
        .envs(site.env())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(site.home.join("logs/start.log"))?)
        .spawn()
}
