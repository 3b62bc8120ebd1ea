//! Somebody outside: what they meet at the site, and what the program sees of them.

use super::visit::{Answer, Sent, Site};
use crate::app::advice::UPGRADE;
use crate::app::config::Loaded;
use crate::app::doctor::Finding;
use crate::app::doctor::echo;
use crate::app::doctor::effective::{self, Prints};
use crate::app::doctor::probe::{self, Seen};
use crate::app::open;
use crate::base::time::Timestamp;
use crate::base::token::Keys;
use std::thread;
use std::time::Duration;

/// What the doctor sends as a token: it is none.
pub const NO_TOKEN: &str = "Bearer doctor";
/// What to do about two configurations.
pub const ONE_FILE: &str = "write them into tandem/tandem.toml, which both read, and take TANDEM_… variables away where they are set: .htaccess, \
    the web server's configuration, the cron job, this shell. A change of the file holds within seconds";
/// What to do about bodies that do not arrive.
pub const BODIES: &str = "public_html/api/.htaccess must be the bundle's, which sends such bodies to api.cgi; if it is, ask the host to let 10 MB through";

/// How often something is published to a connection that may not be held yet.
const PUBLICATIONS: u32 = 20;
/// How long it is waited between.
const PAUSE: Duration = Duration::from_millis(200);

/// A client outside, as the doctor plays it.
pub struct Visitor {
    /// The site.
    pub site: Site,
    /// The configuration, where it can be read.
    pub loaded: Option<Loaded>,
    /// Does anything answer there?
    pub reached: bool,
    /// Is it Tandem that answers?
    pub answered: bool,
    /// What the web server said the time is, and when it did.
    pub date: Option<(String, Timestamp)>,
    /// What the program saw of a probe.
    pub seen: Option<Seen>,
}

impl Visitor {
    /// A visitor of this address.
    pub fn of(address: &str, loaded: Option<&Loaded>) -> Result<Visitor, String> {
        let (site, loaded) = (Site::at(address)?, loaded.cloned());
        Ok(Visitor { site, loaded, reached: false, answered: false, date: None, seen: None })
    }

    /// By which configuration this program goes; `None` without a secret.
    pub fn prints(&self) -> Option<Prints> {
        let loaded = self.loaded.as_ref()?;
        Some(effective::prints(&loaded.settings, &open::secret_there(loaded)?))
    }

    /// The site's keys: its first request, which may have been ours, has made the secret where this program looks for it.
    fn keys(&self) -> Result<Keys, Finding> {
        let Some(loaded) = &self.loaded else { return Err(Finding::skipped("configuration")) };
        let missing = || {
            let data = loaded.settings.data.display();
            let saw =
                format!("Tandem answers there, and no secret can be read in {data}: the web program keeps its data elsewhere");
            Finding::problem(saw, ONE_FILE)
        };
        open::secret_there(loaded).map(|secret| Keys::new(&secret)).ok_or_else(missing)
    }

    /// What the program sees of a request with this body.
    pub fn probe(&mut self, body: &Sent) -> Result<Seen, Finding> {
        let pass = probe::sign(&self.keys()?).map_err(|error| Finding::problem(error.to_string(), "use an unbroken program"))?;
        let fields = [(probe::FIELD, pass.as_str()), ("Authorization", NO_TOKEN), ("Content-Type", "application/octet-stream")];
        let address = self.site.address(probe::PATH.trim_start_matches('/'));
        let answer = self.site.post(&address, &fields, body).map_err(|error| unreachable(&error))?;
        match serde_json::from_slice(&answer.body) {
            Ok(seen) if answer.status == 200 => Ok(seen),
            _ => Err(not_told(&answer, body)),
        }
    }

    /// Holds a connection through the engine, and publishes to it until it is answered.
    pub fn held(&mut self) -> Result<Finding, Finding> {
        let settings =
            self.loaded.as_ref().map(|loaded| loaded.settings.clone()).ok_or_else(|| Finding::skipped("configuration"))?;
        if settings.grip.engine().is_none() {
            return Ok(Finding::ok("no sockets and no streams"));
        }
        let keys = self.keys()?;
        let pass = probe::sign(&keys).map_err(|error| Finding::problem(error.to_string(), "use an unbroken program"))?;
        let base = settings.grip.public_url.clone().unwrap_or_else(|| self.site.base.to_string());
        let mut through =
            Site::at(&base).map_err(|error| Finding::problem(error, "grip.public_url must be the API's address"))?;
        let address = through.address(echo::PATH.trim_start_matches('/'));
        let fields = [(probe::FIELD, pass.as_str())];
        let answer = thread::scope(|scope| {
            let held = scope.spawn(|| through.get_with(&address, &fields));
            for _ in 0..PUBLICATIONS {
                thread::sleep(PAUSE);
                // What is wrong with that another check has said.
                if held.is_finished() || echo::publish(&settings, &keys, &pass).is_err() {
                    break;
                }
            }
            held.join()
        });
        match answer {
            Ok(Ok(answer)) => Ok(echo::judged(&address, answer.status, &answer.body)),
            Ok(Err(error)) => Err(unreachable(&format!("{address}: {error}"))),
            Err(_) => Err(Finding::problem("the connection broke off", "try again")),
        }
    }

    /// As [`Visitor::probe`], where Tandem answers at all: else another check has said why not.
    pub fn probed(&mut self, body: &Sent) -> Result<Seen, Finding> {
        if self.answered { self.probe(body) } else { Err(Finding::skipped("site")) }
    }
}

/// The program is there, and does not know who asks; or something else answered.
fn not_told(answer: &Answer, body: &Sent) -> Finding {
    let status = answer.status;
    let todo = if matches!(body, Sent::Whole(0)) { advice(status) } else { BODIES };
    match (answer.by_tandem, status) {
        (true, 404) => Finding::problem(
            "the program there does not know this site's secret, or its clock differs by minutes",
            "see that site_url is this installation's, and that both programs use one data folder and one version: TANDEM_… variables in \
             .htaccess, the web server's configuration, a cron job or this shell may say otherwise than tandem/tandem.toml",
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
