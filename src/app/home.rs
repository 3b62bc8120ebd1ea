//! Where the account's home folder is, by where the programs lie; and what looks like a web root.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The folder that cPanel serves.
pub const WEB_ROOT: &str = "public_html";
/// Folders that web servers serve, by the names that hosts give them.
const WEB_ROOTS: [&str; 6] = [WEB_ROOT, "www", "htdocs", "httpdocs", "public", "html"];

/// The account's home folder. The programs find it by where they lie, because a web server may give them no HOME; both
/// must find the same.
pub fn folder() -> Option<PathBuf> {
    let program = env::current_exe().ok();
    program.as_deref().and_then(home_above).or_else(|| env::var_os("HOME").filter(|h| !h.is_empty()).map(own_home))
}

/// The list of accounts: name, password, user, group, comment, home, shell (passwd(5)).
const ACCOUNTS: &str = "/etc/passwd";

/// This account's home: `HOME` itself, unless it is somebody else's, as `su` and some web servers leave it.
fn own_home(home: OsString) -> PathBuf {
    let home = PathBuf::from(home);
    let user = rustix::process::geteuid().as_raw();
    if fs::metadata(&home).is_ok_and(|meta| meta.uid() == user) {
        return home;
    }
    let listed = fs::read_to_string(ACCOUNTS).ok().and_then(|accounts| listed_home(&accounts, user));
    listed.filter(|home| fs::metadata(home).is_ok_and(|meta| meta.uid() == user)).unwrap_or(home)
}

fn listed_home(accounts: &str, user: u32) -> Option<PathBuf> {
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.filter(|fields| fields.get(2) == Some(&&*user.to_string())).find_map(|fields| fields.get(5).map(PathBuf::from))
}

/// The home folder of a program that was installed: the operator's lies in `tandem/bin`, the web program in a web root.
/// Homes may themselves lie in a folder called like one, as in `/var/www/vhosts`, so the nearest counts.
fn home_above(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    let below = match folder.ends_with("tandem/bin") {
        true => folder.parent(),
        false => folder.ancestors().find(|a| is_web_root(a)),
    };
    below.and_then(Path::parent).map(Path::to_owned)
}

/// The names of the web program, as it is installed twice.
pub const PROGRAMS: [&str; 2] = ["api.fcgi", "api.cgi"];

/// What tells Apache what to do; it lies beside them.
pub const HTACCESS: &str = ".htaccess";

/// Where the web programs lie in an account that was set up by the bundle.
pub fn programs() -> Option<PathBuf> {
    let home = folder()?;
    let folders = WEB_ROOTS.iter().map(|root| home.join(root).join("api"));
    folders.into_iter().find(|folder| has_programs(folder))
}

/// Do the web programs lie in this folder?
pub fn has_programs(folder: &Path) -> bool {
    PROGRAMS.iter().any(|name| folder.join(name).is_file())
}

/// Where the operator's program lies in the home folder.
pub const OPERATOR: &str = "tandem/bin/tandem";

/// The operator's program: the installed one, or else this one, unless it is the web's.
pub fn operator() -> Option<PathBuf> {
    let installed = folder().map(|home| home.join(OPERATOR)).filter(|path| path.is_file());
    installed.or_else(|| env::current_exe().ok().filter(|own| own.file_name() == Path::new(OPERATOR).file_name()))
}

/// The operator's program where the bundle puts it, as seen from where this one lies, and from nothing else.
pub fn installed_operator() -> Option<PathBuf> {
    let home = env::current_exe().ok().as_deref().and_then(home_above)?;
    Some(home.join(OPERATOR)).filter(|path| path.is_file())
}

/// Is this folder one that web servers serve, by its name?
pub fn is_web_root(path: &Path) -> bool {
    path.file_name().is_some_and(|name| WEB_ROOTS.iter().any(|root| name == *root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_found_in_the_list_of_accounts() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nu:x:1001:1001::/home/u:/bin/bash\n+::::::\n";
        assert_eq!(listed_home(accounts, 1001).as_deref(), Some(Path::new("/home/u")));
        assert_eq!(listed_home(accounts, 7), None);
    }

    #[test]
    fn both_programs_find_the_same_home() {
        let home = |program: &str| home_above(Path::new(program));
        for place in ["/home/u", "/var/www/vhosts/u", "/home/u/public_html"] {
            assert_eq!(home(&format!("{place}/public_html/api/api.fcgi")).as_deref(), Some(Path::new(place)));
            assert_eq!(home(&format!("{place}/tandem/bin/tandem")).as_deref(), Some(Path::new(place)));
        }
        assert_eq!(home("/usr/local/bin/tandem"), None);
    }
}
