//! Where paths of the configuration lead, the same for both programs whatever folder they were started in; and the place of
//! an error in the file.

use crate::app::home::{WEB_ROOT, is_web_root};
use crate::base::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The variable in which web servers name the folder that they serve (RFC 3875 leaves it to them; all do).
const DOCUMENT_ROOT: &str = "DOCUMENT_ROOT";

/// The home folder, or what to do without one.
///
/// # Errors
/// When there is none.
pub fn home(home: Option<&Path>) -> Result<&Path> {
    home.ok_or_else(|| Error::NotReady("there is no home folder: set TANDEM_DATA to a folder outside the web root".into()))
}

/// Where something private lies: [`absolute`], and [`outside`] what a web server serves.
///
/// # Errors
/// Theirs, with what to write.
pub fn private(setting: &str, path: &Path, home: Option<&Path>) -> Result<PathBuf> {
    let path = absolute(setting, path, home)?;
    outside(setting, &path, home).map(|()| path)
}

/// The path that a setting means: `~/` is the home folder. Any other relative path would lead one program here and the
/// other there, so it is refused.
///
/// # Errors
/// When the path is relative, with the one to write.
fn absolute(setting: &str, path: &Path, home_folder: Option<&Path>) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match path.strip_prefix("~") {
        Ok(below) => Ok(home(home_folder)?.join(below)),
        Err(_) => {
            let meant = home_folder.unwrap_or(Path::new("/home/ACCOUNT")).join(path);
            let what = "is relative, so each program would look in another place: write the whole path, such as";
            Err(Error::NotReady(format!("{setting}: {} {what} {} or ~/{}", path.display(), meant.display(), path.display())))
        }
    }
}

/// Refuses a private place below a web root, where everybody could download it.
///
/// # Errors
/// What to write in its place.
fn outside(setting: &str, path: &Path, home: Option<&Path>) -> Result<()> {
    let served = std::env::var_os(DOCUMENT_ROOT).map(PathBuf::from).filter(|root| root.is_absolute() && root.parent().is_some());
    let below_home = home.and_then(|home| path.strip_prefix(home).ok()).and_then(|below| below.components().next());
    let inside = path.components().any(|part| part.as_os_str() == WEB_ROOT)
        || below_home.is_some_and(|first| is_web_root(Path::new(first.as_os_str())))
        || served.is_some_and(|root| path.starts_with(root));
    if !inside {
        return Ok(());
    }
    let what = "lies in a web root, where everybody could download it: choose a folder beside it, such as ~/tandem/data";
    Err(Error::NotReady(format!("{setting}: {} {what}", path.display())))
}

/// What is wrong in the file, with its line and column; never the line itself, which may hold a secret.
pub fn of(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message())
}
