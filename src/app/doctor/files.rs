//! Checks of the configuration and of files: who may read them, where they lie, how much room is left.

use super::{Finding, Level, Patient, chmod, quota};
use crate::app::advice;
use crate::app::config::{Loaded, SETTINGS, Source};
use crate::app::home::{self, is_web_root};
use crate::app::log;
use crate::app::open::{self, MIN_SECRET, SECRET_FILE};
use crate::base::draft::Draft;
use crate::base::time::{DAY, Timestamp};
use crate::domain::health::rules::{LOW_SPACE, MIB};
use crate::domain::health::store::free_space;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A random secret has more different characters than this; `aaaa…` and words have fewer.
const VARIETY: usize = 10;
/// The permissions of anybody but the owner.
const OTHERS: u32 = 0o077;

/// The file, what is set in it and in the environment.
pub fn configuration(patient: &mut Patient) -> Finding {
    let loaded = match &patient.loaded {
        Ok(loaded) => loaded,
        Err(what) => {
            return Finding::problem(
                what,
                "File Manager → tandem/tandem.toml → Edit, and correct it; tandem.toml.example beside it, or `tandem config --example`, shows every setting",
            );
        }
    };
    let sources: Vec<Source> = SETTINGS.iter().map(|setting| loaded.source(setting)).collect();
    let from_environment = sources.iter().filter(|s| matches!(s, Source::Environment(_))).count();
    let from_file = sources.iter().filter(|s| matches!(s, Source::File(_))).count();
    let environment = format!("{} from the environment", advice::count(from_environment as u64, "setting"));
    let saw = match &loaded.file {
        Some(file) => format!("{}: {}; {environment}", file.display(), advice::count(from_file as u64, "setting")),
        None => format!("no file, the defaults hold; {environment}"),
    };
    match (shared_secret(loaded), loaded.warnings.first()) {
        (Some(file), _) => Finding::problem(format!("{saw}; others can read its secrets"), chmod("600", file)),
        (None, Some(warning)) => Finding::note(
            format!("{saw}; {warning}"),
            "remove the variable where it is set (cron, .htaccess, the host's panel), or write its right name",
        ),
        (None, None) => Finding::ok(saw),
    }
}

/// A configuration file that holds the secret, or the password of the database, and that others can read.
fn shared_secret(loaded: &Loaded) -> Option<&Path> {
    let served = open::address(&loaded.settings).is_ok_and(|address| address.file().is_none());
    let private = ["jwt_secret"].into_iter().chain(served.then_some("database_url")).chain(["read_url"]);
    let file = private.filter_map(|name| loaded.written.get(name)).find_map(|(_, file)| file.as_deref())?;
    let mode = fs::metadata(file).ok()?.permissions().mode();
    (mode & OTHERS != 0).then_some(file)
}

/// The data folder: its owner, and who else may look into it.
pub fn folder(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let folder = &loaded.settings.data;
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => missing_folder(folder),
        Err(error) => Finding::problem(format!("{}: {error}", folder.display()), "make it readable for this account"),
        Ok(meta) if !meta.is_dir() => {
            Finding::problem(format!("{} is no folder", folder.display()), "move that file away, or set `data` to a folder")
        }
        Ok(meta) => match private(folder, &meta, "700") {
            Finding { level: Level::Ok, saw, .. } => withheld(folder, &meta, 0o700)
                .or_else(|| untried(folder))
                .unwrap_or_else(|| Finding::ok(format!("{saw}; a file was made there and removed"))),
            wrong => wrong,
        },
    }
}

/// What its owner may not do with it, and has to; `None` when all of that is allowed. To root the system would allow it all
/// the same.
fn withheld(path: &Path, meta: &Metadata, needed: u32) -> Option<Finding> {
    let mode = meta.permissions().mode() & 0o7777;
    let what = if mode & 0o400 == 0 { "read it" } else { "write to it" };
    let saw = format!("{} has the permissions {mode:o}: its owner may not {what}", path.display());
    (mode & needed != needed).then(|| Finding::problem(saw, chmod(&format!("{needed:o}"), path)))
}

/// Makes a file in the data folder and removes it again; `None` when both went well.
fn untried(folder: &Path) -> Option<Finding> {
    let made = Draft::new(folder).and_then(|draft| {
        draft.write(TRIAL)?;
        Ok(draft.path().to_owned())
    });
    let ask = "cPanel → Disk Usage shows whether there is room; if there is, ask the host whether the disk is read-only or fails";
    match made {
        Ok(path) if path.exists() => Some(Finding::problem(format!("{} was made and cannot be removed", path.display()), ask)),
        Ok(_) => None,
        Err(error) => Some(Finding::problem(format!("no file can be made there: {}", advice::explain(&error)), ask)),
    }
}

/// What is written into the file that tries the data folder.
const TRIAL: &[u8] = b"tandem doctor\n";

/// A file that its owner may not read and write; `None` when it is so, or there is no such file.
pub fn locked(path: &Path) -> Option<Finding> {
    withheld(path, &fs::metadata(path).ok()?, 0o600)
}

fn missing_folder(folder: &Path) -> Finding {
    let above = folder.ancestors().skip(1).find(|a| a.exists()).unwrap_or(Path::new("/"));
    let saw = format!("{} is not there yet", folder.display());
    if rustix::fs::access(above, rustix::fs::Access::WRITE_OK).is_ok() {
        Finding::note(saw, "nothing: the first request makes it")
    } else {
        Finding::problem(
            format!("{saw}, and this account may not write in {}", above.display()),
            "set `data` to a folder of this account",
        )
    }
}

/// Does it belong to this account, and to nobody else?
fn private(path: &Path, meta: &Metadata, wanted: &str) -> Finding {
    let (shown, mode) = (path.display(), meta.permissions().mode() & 0o7777);
    let user = rustix::process::geteuid().as_raw();
    if meta.uid() != user {
        Finding::problem(
            format!("{shown} belongs to user {}, this is user {user}", meta.uid()),
            "run this as the account that the web server runs Tandem as, or give the files to this account",
        )
    } else if mode & OTHERS != 0 {
        Finding::problem(format!("{shown} has the permissions {mode:o}: others can get in"), chmod(wanted, path))
    } else {
        Finding::ok(format!("{shown}, permissions {mode:o}"))
    }
}

/// A file that only its owner may read; `None` when it is so, or there is no such file.
pub fn exposed(path: &Path) -> Option<Finding> {
    let meta = fs::metadata(path).ok()?;
    (meta.permissions().mode() & OTHERS != 0).then(|| private(path, &meta, "600"))
}

/// Nothing private may lie where a web server serves files.
pub fn web_root(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let mut private = vec![loaded.settings.data.clone()];
    private.extend(open::address(&loaded.settings).ok().and_then(|address| address.file().map(Path::to_owned)));
    private.extend(loaded.file.clone());
    // A web server would start this program for anybody; the web program is meant to be.
    private.extend(std::env::current_exe().ok().filter(|own| patient.seen.as_ref().is_none_or(|seen| seen.program != *own)));
    match private.iter().find_map(|path| Some((path, root_above(path)?))) {
        Some((path, root)) => Finding::problem(
            format!("{} lies in {}, which looks like a web root", path.display(), root.display()),
            "File Manager → Move: to a folder beside the web root, such as tandem in the home folder",
        ),
        None => Finding::ok("data, database, configuration and this program lie outside"),
    }
}

/// The web root that a path lies in, links followed as far as the path exists. A folder that homes lie in, such as
/// `/var/www`, is none of this account's.
fn root_above(path: &Path) -> Option<PathBuf> {
    let home = home::folder().unwrap_or_default();
    let there = path.ancestors().find_map(|a| Some((a, fs::canonicalize(a).ok()?)));
    let real = there.and_then(|(above, real)| Some(real.join(path.strip_prefix(above).ok()?)));
    let ours = |folder: &Path| is_web_root(folder) && (folder == home || !home.starts_with(folder));
    let found = |path: &Path| path.ancestors().find(|a| ours(a)).map(Path::to_owned);
    found(path).or_else(|| found(&real?))
}

/// The secret: where it is, who may read it, how strong it is.
pub fn secret(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    if let Some(secret) = &loaded.secret {
        return strength(secret.as_bytes(), "from the configuration", "set jwt_secret to a long random text");
    }
    let path = loaded.settings.data.join(SECRET_FILE);
    let shown = path.display();
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::note(format!("{shown} is not there yet"), "nothing: the first request makes it")
        }
        Err(error) => Finding::problem(format!("{shown}: {error}"), chmod("600", &path)),
        Ok(bytes) => exposed(&path).or_else(|| withheld(&path, &fs::metadata(&path).ok()?, 0o400)).unwrap_or_else(|| {
            let advice = format!("delete {shown}: the next request makes a strong one, and everybody signs in again");
            strength(bytes.trim_ascii(), &shown.to_string(), &advice)
        }),
    }
}

fn strength(secret: &[u8], place: &str, advice: &str) -> Finding {
    let variety = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
    match secret.len() {
        length if length < MIN_SECRET => {
            Finding::problem(format!("{place}: {length} characters, at least {MIN_SECRET} are needed"), advice)
        }
        _ if variety < VARIETY => {
            Finding::problem(format!("{place}: only {variety} different characters, so it can be guessed"), advice)
        }
        length => Finding::ok(format!("{place}, {length} characters")),
    }
}

/// Room on the file system of the data folder, and what a quota leaves of it.
pub fn disk(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let there = loaded.settings.data.ancestors().find(|a| a.exists()).unwrap_or(Path::new("/"));
    match free_space(there) {
        Err(error) => Finding::problem(format!("{}: {error}", there.display()), "look at the disk with the host's tools"),
        Ok(free) if free < LOW_SPACE => Finding::problem(
            format!("only {} MiB are free", free / MIB),
            "cPanel → Disk Usage shows what is large; delete it, or get more room",
        ),
        Ok(free) => within_quota(&format!("{} MiB are free", free / MIB), &quota::left()),
    }
}

fn within_quota(free: &str, left: &quota::Left) -> Finding {
    match left.words() {
        None => Finding::ok(format!("{free}; of a quota nothing is told here, cPanel → Statistics shows it")),
        Some(words) if left.is_low(LOW_SPACE) => Finding::problem(
            format!("{free}, but {words}"),
            "cPanel → Disk Usage shows what is large; delete it, or get more room",
        ),
        Some(words) => Finding::ok(format!("{free}; {words}")),
    }
}

/// The failures of the last day, in the log that is written and the one before it.
pub fn log(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let files = log::files(&loaded.settings);
    let Some(newest) = files.last() else { return Finding::ok("empty: nothing has failed yet") };
    if let Some(finding) = files.iter().find_map(|file| exposed(file)).or_else(|| locked(newest)) {
        return finding;
    }
    let mut text = String::new();
    for file in files.iter().rev().take(2) {
        match fs::read(file) {
            Ok(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
            Err(error) => return Finding::problem(format!("{}: {error}", file.display()), "make it readable for this account"),
        }
    }
    match recent_failures(&text, Timestamp::now().plus(-DAY)) {
        0 => Finding::ok("no failure in the last 24 hours"),
        n => Finding::note(
            format!("{} in the last 24 hours", advice::count(n as u64, "failure")),
            format!("`tandem logs` shows them; they stand in {}", newest.display()),
        ),
    }
}

/// Lines such as `2026-01-16T14:30:45.123456789Z [ERROR] …` since an instant.
fn recent_failures(text: &str, since: Timestamp) -> usize {
    let at = |line: &str| line.split(' ').next().and_then(Timestamp::parse);
    text.lines().filter(|line| line.contains(" [ERROR] ") && at(line).is_some_and(|at| at > since)).count()
}
