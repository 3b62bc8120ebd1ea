//! The web programs as suexec wants them: it starts nothing that anybody but the account could have changed, and says so in the
//! web server's log alone (httpd.apache.org/docs/2.4/suexec.html). What follows it is stricter still. Where that holds, each is
//! started as a web server would: only that shows a file of another processor, one that was cut off, a disk that starts nothing.

use super::quota::said;
use super::{Finding, Patient, chmod};
use crate::app::home::{self, HTACCESS, PROGRAMS};
use crate::app::open;
use crate::app::work::apart;
use rustix::process::{getegid, geteuid};
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// The right to write of anybody but the owner.
const OTHERS_WRITE: u32 = 0o022;
/// The rights that make a program another user's or group's.
const SET_ID: u32 = 0o6000;
/// The owner's right to start it.
const START: u32 = 0o100;

/// Owner, permissions, completeness.
pub fn programs(patient: &mut Patient) -> Finding {
    let running = patient.seen.as_ref().and_then(|seen| seen.program.parent()).map(Path::to_owned);
    match running.filter(|folder| home::has_programs(folder)).or_else(home::programs) {
        Some(folder) => at_fault(&folder)
            .or_else(|| silent(patient, &folder))
            .unwrap_or_else(|| Finding::ok(format!("{}: owner and permissions as suexec wants them", folder.display()))),
        None => Finding::ok("not installed from the bundle: the web server's own configuration starts them"),
    }
}

/// Why the web server would not start the programs of this folder, as far as the files tell.
pub fn at_fault(folder: &Path) -> Option<Finding> {
    let paths: Vec<PathBuf> = [folder.to_owned()].into_iter().chain(PROGRAMS.map(|name| folder.join(name))).collect();
    let found = paths.iter().find_map(|path| match fs::metadata(path) {
        Ok(meta) => refused(path, &meta),
        Err(error) => Some(missing(&format!("{}: {error}", path.display()))),
    });
    found.or_else(|| incomplete(folder))
}

/// How long a program that answers nothing but itself may take to start, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// How an answer of CGI begins (RFC 3875 §6.3.3).
const ANSWER: &str = "Status: ";

/// A program that does not answer when it is started. Nothing is tried before the store is there: the program would make it.
fn silent(patient: &Patient, folder: &Path) -> Option<Finding> {
    let loaded = patient.loaded.as_ref().ok()?;
    open::secret_there(loaded).filter(|_| loaded.settings.data.is_dir())?;
    let fault = |path: PathBuf| Some((answers(&path).err()?, path));
    let (why, path) = PROGRAMS.iter().find_map(|name| fault(folder.join(name)))?;
    Some(missing(&format!("{} does not start: {why}", path.display())))
}

/// Asks a program which methods it knows, which it says without looking at the store.
fn answers(program: &Path) -> Result<(), String> {
    let mut command = apart::alone(program);
    command.env("REQUEST_METHOD", "OPTIONS").env("REQUEST_URI", "/api/").stdout(Stdio::piped());
    let child = command.spawn().map_err(|error| error.to_string())?;
    match said(child, PATIENCE) {
        Some(text) if text.starts_with(ANSWER) => Ok(()),
        _ => Err("it answers nothing".to_owned()),
    }
}

/// Why suexec, or the system, would not start this.
fn refused(path: &Path, meta: &Metadata) -> Option<Finding> {
    let (shown, mode) = (path.display(), meta.permissions().mode() & 0o7777);
    let (owner, account) = ((meta.uid(), meta.gid()), (geteuid().as_raw(), getegid().as_raw()));
    let wrong = if owner != account {
        let saw = format!("{shown} belongs to {}:{}, this account is {}:{}", owner.0, owner.1, account.0, account.1);
        return Some(Finding::problem(
            saw,
            "upload it again as this account, with the File Manager; ask the host when that changes nothing",
        ));
    } else if mode & OTHERS_WRITE != 0 {
        "others may write to it"
    } else if mode & SET_ID != 0 {
        "it changes user or group"
    } else if mode & START == 0 {
        "its owner may not start it"
    } else {
        return None;
    };
    Some(Finding::problem(format!("{shown} has the permissions {mode:o}: {wrong}"), chmod("755", path)))
}

fn missing(saw: &str) -> Finding {
    Finding::problem(saw, "upload the zip file again and extract it in the home folder")
}

/// Two programs of one upload, and the file that tells Apache what they are.
fn incomplete(folder: &Path) -> Option<Finding> {
    let size = |name: &str| fs::metadata(folder.join(name)).map(|meta| meta.len()).ok();
    if !folder.join(HTACCESS).is_file() {
        return Some(missing(&format!(
            "{} has no {HTACCESS}, which a file manager hides: Settings → Show Hidden Files",
            folder.display()
        )));
    }
    (size(PROGRAMS[0]) != size(PROGRAMS[1])).then(|| missing(&format!("{} are of two versions", PROGRAMS.join(" and "))))
}
