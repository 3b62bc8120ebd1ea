//! Somebody outside: what they meet at the site, and what the program sees of them.

use super::visit::{Answer, Sent, Site};
use crate::app::advice::UPGRADE;
use crate::app::config::Loaded;
use crate::app::doctor::Finding;
use crate::app::doctor::probe::{self, Seen};
use crate::app::open;
use crate::base::time::Timestamp;
use crate::base::token::Keys;

/// What the doctor sends as a token: it is none.
pub const NO_TOKEN: &str = "Bearer doctor";
/// What to do about bodies that do not arrive.
pub const BODIES: &str = "public_html/api/.htaccess must be the bundle's, which sends such bodies to api.cgi; if it is, ask the host to let 10 MB through";

/// A client outside, as the doctor plays it.
pub struct Visitor {
    /// The site.
    pub site: Site,
    /// The configuration, where it can be read.
    pub loaded: Option<Loaded>,
    keys: Option<Keys>,
    /// Does anything answer there?
    pub reached: bool,
    /// What the web server said the time is, and when it did.
    pub date: Option<(String, Timestamp)>,
    /// What the program saw of a probe.
    pub seen: Option<Seen>,
}

impl Visitor {
    /// A visitor of this address.
    pub fn of(address: &str, loaded: Option<&Loaded>) -> Result<Visitor, String> {
        let keys = loaded.and_then(open::secret_there).map(|secret| Keys::new(&secret));
        Ok(Visitor { site: Site::at(address)?, loaded: loaded.cloned(), keys, reached: false, date: None, seen: None })
    }

    /// What the program sees of a request with this body.
    pub fn probe(&mut self, body: &Sent) -> Result<Seen, Finding> {
        let Some(keys) = &self.keys else {
            return Err(Finding::note("not looked at", "nothing until the first request made the secret"));
        };
        let pass = probe::sign(keys).map_err(|error| Finding::problem(error.to_string(), "use an unbroken program"))?;
        let fields = [(probe::FIELD, pass.as_str()), ("Authorization", NO_TOKEN), ("Content-Type", "application/octet-stream")];
        let address = self.site.address(probe::PATH.trim_start_matches('/'));
        let answer = self.site.post(&address, &fields, body).map_err(|error| unreachable(&error))?;
        match serde_json::from_slice(&answer.body) {
            Ok(seen) if answer.status == 200 => Ok(seen),
            _ => Err(not_told(&answer, body)),
        }
    }

    /// As [`Visitor::probe`], where the site answers at all.
    pub fn probed(&mut self, body: &Sent) -> Result<Seen, Finding> {
        if self.reached { self.probe(body) } else { Err(Finding::skipped("site")) }
    }
}

/// The program is there, and does not know who asks; or something else answered.
fn not_told(answer: &Answer, body: &Sent) -> Finding {
    let status = answer.status;
    let todo = if matches!(body, Sent::Whole(0)) { advice(status) } else { BODIES };
    match (answer.by_tandem, status) {
        (true, 404) => Finding::problem(
            "the program there does not know this site's secret, or its clock differs by minutes",
            "see that site_url is this installation's, and that both programs use one data folder and one version",
        ),
        (true, 200) => Finding::problem("another version of the program answers", UPGRADE),
        (true, 429) => Finding::note("not looked at: too many requests", "try again in five minutes"),
        (true, _) => Finding::problem(
            format!("a probe is answered with {status}"),
            "solve the other problems first; tandem/data/tandem.log says more",
        ),
        (false, _) => Finding::problem(format!("the web server itself answers {status}"), todo),
    }
}

/// Nothing answers.
pub fn unreachable(error: &str) -> Finding {
    Finding::problem(
        error,
        "open the address in a browser. If it works there, the host keeps this machine from asking itself; else see that the domain leads here (cPanel → Zone Editor) and that site_url is right",
    )
}

/// What is to be done about a status that is not the program's own.
pub fn advice(status: u16) -> &'static str {
    const ADVICE: &[(u16, &str)] = &[
        (401, "something asks for a password first: cPanel → Directory Privacy, take it off the folder api"),
        (
            403,
            "File Manager: public_html/api must be 0755; if it is, a firewall refused it: cPanel → ModSecurity, or ask the host",
        ),
        (404, "the zip file was extracted elsewhere: public_html/api must lie in the home folder; or site_url has another path"),
        (405, "a firewall refuses the method: cPanel → ModSecurity, or ask the host"),
        (413, "the host limits bodies: ask it to let 10 MB through"),
        (500, "the program cannot be started: see web programs above; cPanel → Errors shows the web server's reason"),
        (508, "the account's processes are used up: cPanel → Resource Usage; wait, or ask the host for more"),
    ];
    let known = ADVICE.iter().find(|(known, _)| *known == status).map(|(_, advice)| *advice);
    known.unwrap_or("cPanel → Errors shows the web server's reason")
}
