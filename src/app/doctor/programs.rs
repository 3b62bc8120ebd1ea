//! The web programs as suexec wants them: it starts nothing that anybody but the account could have changed, and says so in the
//! web server's log alone (httpd.apache.org/docs/2.4/suexec.html). What follows it is stricter still.

use super::{Finding, Patient, chmod};
use crate::app::home::{self, HTACCESS, PROGRAMS};
use rustix::process::{getegid, geteuid};
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

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
        Some(folder) => installed(&folder),
        None => Finding::ok("not installed from the bundle: the web server's own configuration starts them"),
    }
}

fn installed(folder: &Path) -> Finding {
    let paths: Vec<PathBuf> = [folder.to_owned()].into_iter().chain(PROGRAMS.map(|name| folder.join(name))).collect();
    let found = paths.iter().find_map(|path| match fs::metadata(path) {
        Ok(meta) => refused(path, &meta),
        Err(error) => Some(missing(&format!("{}: {error}", path.display()))),
    });
    found
        .or_else(|| incomplete(folder))
        .unwrap_or_else(|| Finding::ok(format!("{}: owner and permissions as suexec wants them", folder.display())))
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
