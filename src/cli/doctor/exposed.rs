//! Can private files be read from outside? Judged by what an address answers, not by its status: a site may answer every
//! address that it does not know with a page of its own.

use super::visitor::Visitor;
use crate::app::advice;
use crate::app::doctor::Finding;
use crate::app::home::{self, HTACCESS, PROGRAMS, is_web_root};
use crate::app::open::{self, SECRET_FILE};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// An answer that begins with this many bytes of a file shows it. More would not match where a database is written to.
const BEGINNING: u64 = 16;
/// What to do about a program that is a file like others.
pub const NO_CGI: &str = "CGI programs are switched off: ask the host to allow CGI for the account";

/// Asks for each private file under every address that a careless web server might give it.
pub fn files(visitor: &mut Visitor) -> Finding {
    let private = private(visitor).into_iter().flat_map(|file| below(&file).into_iter().map(move |path| (file.clone(), path)));
    let addresses = private.map(|(file, path)| (file, visitor.site.address(&path))).collect();
    tried(visitor, addresses)
}

/// Asks for the programs and their rules as for files.
pub fn programs(visitor: &mut Visitor) -> Finding {
    let folder = visitor.seen.as_ref().and_then(|seen| seen.program.parent().map(Path::to_owned)).or_else(home::programs);
    let names = PROGRAMS.into_iter().chain([HTACCESS]);
    let files = folder.iter().flat_map(|folder| names.clone().map(|name| (folder.join(name), visitor.site.address(name))));
    let addresses = files.collect();
    tried(visitor, addresses)
}

fn tried(visitor: &mut Visitor, addresses: Vec<(PathBuf, String)>) -> Finding {
    if !visitor.reached {
        return Finding::skipped("site");
    }
    let mut count = 0;
    for (file, address) in addresses {
        let Some(beginning) = beginning(&file) else { continue };
        count += 1;
        let shown = visitor.site.get(&address).is_ok_and(|answer| answer.status < 300 && answer.body.starts_with(&beginning));
        if shown {
            return Finding::problem(format!("anybody can read {} at {address}", file.display()), todo(&file));
        }
    }
    match count {
        0 => Finding::ok("none lies where the web server might serve it"),
        _ => Finding::ok(format!("{} tried, none shows a file", advice::count(count, "URL"))),
    }
}

fn todo(file: &Path) -> &'static str {
    match file.file_name() {
        Some(name) if PROGRAMS.iter().any(|program| name == *program) => NO_CGI,
        Some(name) if name == HTACCESS => {
            "nothing secret stands there, but the rules do not hold: ask the host for AllowOverride All"
        }
        _ => {
            "File Manager → Move: the folder tandem goes beside public_html. Then delete the file secret in its data folder: everybody signs in again"
        }
    }
}

/// The beginning of a file that is there and not empty.
fn beginning(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(BEGINNING).read_to_end(&mut bytes).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

fn private(visitor: &Visitor) -> Vec<PathBuf> {
    let Some(loaded) = &visitor.loaded else { return Vec::new() };
    let database = open::address(&loaded.settings).ok().and_then(|address| address.file().map(Path::to_owned));
    let secret = loaded.settings.data.join(SECRET_FILE);
    database.into_iter().chain([secret]).chain(loaded.file.clone()).collect()
}

/// The addresses that a file would have, were the home folder or a folder on its way the site's root.
fn below(file: &Path) -> Vec<String> {
    let roots = file.ancestors().skip(1).filter(|folder| is_web_root(folder)).map(Path::to_owned);
    let paths = roots.chain(home::folder()).filter_map(|root| file.strip_prefix(root).ok().map(Path::to_owned));
    paths.map(|path| format!("/{}", path.display())).collect()
}
