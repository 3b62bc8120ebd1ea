//! Apache as a cPanel host runs it: `deploy/apache.conf`, an account's home folder, `cgi-bin/htaccess` in charge.
//!
//! Started by root, Apache runs programs as www-data, and the home folder belongs to that user; started by anybody else,
//! everything belongs to them.

use super::{Site, repository};
use rustix::process::geteuid;
use std::fmt::Write;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Where Debian and Ubuntu keep Apache's modules.
const MODULES: &str = "/usr/lib/apache2/modules";
/// What every host loads, of what matters here.
const LOADED: [&str; 8] = ["authz_core", "dir", "mime", "env", "setenvif", "headers", "rewrite", "unixd"];
/// The user as whom Debian's Apache runs.
const USER: &str = "www-data";

/// Starts Apache in the foreground, with these modules to run programs.
pub fn spawn(site: &Site, runners: &[&str]) -> io::Result<Child> {
    lay_out(site)?;
    let configuration = site.home.join("httpd.conf");
    fs::write(&configuration, server_configuration(site, runners))?;
    hand_over(site.home)?;
    let mut command = Command::new("apache2");
    if runners.contains(&"mpm_prefork") {
        // At its end it ends its whole process group, which would be the tests'.
        command.process_group(0);
    }
    command
        .arg("-DFOREGROUND")
        .arg("-f")
        .arg(&configuration)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("WEB_PORT", site.port.to_string())
        .env("WEB_HOME", site.home)
        .env("WEB_WORKERS", site.options.workers.to_string())
        .envs(site.env())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(site.home.join("logs/start.log"))?)
        .spawn()
}

/// Puts the programs where the operator uploads them.
fn lay_out(site: &Site) -> io::Result<()> {
    let api = site.home.join("public_html/api");
    fs::create_dir_all(&api)?;
    fs::create_dir_all(site.home.join("run"))?;
    fs::copy(repository().join("cgi-bin/htaccess"), api.join(".htaccess"))?;
    for name in ["api.fcgi", "api.cgi"] {
        fs::copy(&site.options.program, api.join(name))?;
        fs::set_permissions(api.join(name), Permissions::from_mode(0o755))?;
    }
    let pages = Command::new(repository().join("deploy/error-pages")).arg(api.join("errors")).status()?;
    if pages.success() { Ok(()) } else { Err(io::Error::other("deploy/error-pages failed")) }
}

/// The part of the configuration that is the host's: modules, user, files; then the account's virtual host.
fn server_configuration(site: &Site, runners: &[&str]) -> String {
    let fcgid = runners.contains(&"fcgid");
    let home = site.home.display();
    let mut text = format!("ServerRoot \"{home}\"\nServerName localhost\nPidFile run/pid\nListen 127.0.0.1:{}\n", site.port);
    let _ = writeln!(text, "Mutex file:{home}/run\nErrorLog logs/error.log\nTypesConfig /dev/null");
    if geteuid().is_root() {
        let _ = writeln!(text, "User {USER}\nGroup {USER}");
    }
    let modules: String = runners.iter().chain(&LOADED).map(|name| load(name)).collect();
    // Loading comes first: the lines above need some of the modules.
    text.insert_str(0, &modules);
    if runners.contains(&"cgid") {
        let _ = writeln!(text, "ScriptSock {home}/run/cgid.sock");
    }
    if fcgid {
        // Of all programs together: those of a version that was replaced stay for a while.
        let most = 4 * site.options.workers;
        let _ = writeln!(text, "FcgidIPCDir run\nFcgidProcessTableFile run/shm\nFcgidMaxProcesses {most}");
    }
    for (name, value) in site.env() {
        let _ = writeln!(text, "PassEnv {name}");
        if fcgid {
            let _ = writeln!(text, "FcgidInitialEnv {name} \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        }
    }
    text.push_str(&site.options.apache);
    let _ = writeln!(text, "Include \"{}\"", repository().join("deploy/apache.conf").display());
    text
}

/// A line that loads a module, unless it is built in.
fn load(name: &str) -> String {
    let file = format!("{MODULES}/mod_{name}.so");
    if Path::new(&file).exists() { format!("LoadModule {name}_module {file}\n") } else { String::new() }
}

/// Gives the home folder to the user as whom programs run. Does nothing unless started by root.
pub fn hand_over(home: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (user, group) = ids(&fs::read_to_string("/etc/passwd")?).ok_or_else(|| io::Error::other("no user www-data"))?;
    own(home, user, group)
}

/// User and group number of www-data (passwd(5)).
fn ids(passwd: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(USER))?;
    let mut fields = line.split(':').skip(2).map(str::parse);
    Some((fields.next()?.ok()?, fields.next()?.ok()?))
}

fn own(path: &Path, user: u32, group: u32) -> io::Result<()> {
    chown(path, Some(user), Some(group))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            own(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}
