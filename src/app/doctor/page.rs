//! The report as a page, for an operator without a shell: plain HTML, nothing fetched, no script.
//!
//! A link must be opened and then clicked, because mail programs and browsers open links by themselves, and a key is good once.
//! The page asks nothing of the site from outside: with one process it would wait for itself, and the visit shows by itself that
//! the site answers. What a visit does not show, the page says.

use super::probe::Seen;
use super::{CHECKS, Check, Finding, GATEWAY, Level, Patient, Report, effective, examine, link, problems, worst_first};
use crate::app::advice;
use crate::app::config::{self, Loaded};
use crate::app::home;
use crate::app::log;
use crate::base::error::Result;
use crate::feature::House;
use crate::feature::meters::Meters;
use crate::http::html::{Page, escaped};
use crate::http::{Request, Response, body};
use std::collections::BTreeMap;
use std::fmt::Write;

const TITLE: &str = "Tandem's doctor";
const HEAD: &str = include_str!("head.html");
/// Nothing is fetched, nothing runs, and the form goes nowhere else.
const ALLOWS: &[(&str, &str)] = &[("style-src", "'unsafe-inline'"), ("form-action", "'self'")];

/// What the visit itself shows.
const VISIT: &[Check<Seen>] = &[
    Check { name: "https", why: "without it passwords and tokens cross the network in the clear", look: secure },
    Check { name: "authorization", why: "without that header every request of somebody signed in is 401", look: unasked },
];

fn secure(seen: &mut Seen) -> Finding {
    match seen.secure {
        true => Finding::ok("you came by HTTPS"),
        false => Finding::note(
            "as far as the program is told, you came by plain HTTP",
            "cPanel → SSL/TLS Status; behind a proxy such as Cloudflare set trusted_proxies to its networks",
        ),
    }
}

fn unasked(_: &mut Seen) -> Finding {
    Finding::note(
        "a page cannot see it: the site has to be asked from outside",
        "set site_url in tandem/tandem.toml and add tandem doctor to cPanel → Cron Jobs: it mails its report",
    )
}

/// By which configuration this process goes, beside the file as it is now, and beside `tandem` where cron starts it.
fn configuration(house: &House, loaded: &Loaded) -> Finding {
    let prints = |loaded: &Loaded| effective::prints(&loaded.settings, &house.secret);
    let here = effective::prints(&house.settings, &house.secret);
    if let Some(difference) = effective::differ(&here, &prints(loaded)) {
        return difference.finding("this process still goes by an older configuration", STALE);
    }
    let by_cron = config::load_from(&BTreeMap::new(), home::folder());
    match by_cron.map(|by_cron| effective::differ(&here, &prints(&by_cron))) {
        Ok(None) => Finding::ok("`tandem` started by cron goes by the same"),
        Ok(Some(difference)) => Finding::note(format!("variables of the web server decide: {}", difference.names), FOR_CRON),
        Err(error) => {
            Finding::note(format!("variables of the web server decide; without them: {}", advice::explain(&error)), FOR_CRON)
        }
    }
}

const STALE: &str = "ask for a new report: a change holds within seconds. If this stays, end the program's processes: cPanel → Terminal or \
    Process Manager, or ask the host";
const FOR_CRON: &str = "write these into tandem/tandem.toml in their place, or set the same TANDEM_… variables in each cron job: else \
    `tandem` looks after another store";

/// GET `/doctor/`: how to get a link; behind a link, the button.
pub fn ask(request: &Request<'_>, house: &House, _: &mut Meters) -> Result<Response> {
    if let Some(key) = request.query.get("key") {
        return Ok(page(200, &format!("<p>This link works once.</p>\n{}", form("hidden", &key))));
    }
    let site = &house.settings.site_url;
    let mount = if site.is_empty() { format!("https://YOUR.SITE{}", request.mount()) } else { site.clone() };
    Ok(match link::write(house, &format!("{mount}/doctor/")) {
        Ok(true) => page(200, &format!("{MADE}\n{}", form("text", ""))),
        Ok(false) => page(200, &format!("{}\n{}", how(), form("text", ""))),
        Err(error) => {
            log::failure(request, &error);
            page(503, UNWRITTEN)
        }
    })
}

const MADE: &str = "<p>Your file now holds a link. Open the file in the File Manager, and open the link.</p>";
const UNWRITTEN: &str = "<p>The link cannot be written: the account's disk or quota may be full, or the data folder may not be its \
    own. The log says more.</p>";

fn how() -> String {
    format!(
        "<p>It looks the installation over and says of each problem what to do. Its report is for the account's owner alone:</p>\n<ol>\n\
         <li>cPanel → <b>File Manager</b>, folder <code>tandem/data</code>, <b>+ File</b>: make an empty file <code>{}</code>.</li>\n\
         <li>Load this page again.</li>\n<li>Open the file: it holds a link, good for {} minutes and for one use.</li>\n</ol>",
        link::FILE,
        link::MINUTES
    )
}

fn refused() -> String {
    format!("<p>This key is not good: it was used, or its {} minutes are over. Make a new one.</p>\n{}", link::MINUTES, how())
}

fn form(kind: &str, key: &str) -> String {
    let label = if kind == "text" { "Or paste the link here: " } else { "" };
    format!(
        "<form method=\"post\"><label>{label}<input type=\"{kind}\" name=\"key\" value=\"{}\"></label> <button>Show the report</button></form>",
        escaped(key)
    )
}

/// POST `/doctor/`
pub fn report(request: &Request<'_>, house: &House, _: &mut Meters) -> Result<Response> {
    let sent = body::object(request)?;
    let key = sent.get("key").and_then(|key| key.as_str()).unwrap_or_default();
    if !link::take(house, key)? {
        return Ok(page(403, &refused()));
    }
    let mut seen = Seen::of(request, house);
    let mut reports = examine(GATEWAY, &mut seen);
    reports.extend(examine(VISIT, &mut seen));
    let mut patient = Patient::new(false);
    patient.seen = Some(seen);
    if let Ok(loaded) = &patient.loaded {
        let (name, why) = effective::NAME_AND_WHY;
        reports.push(Report { name, why, finding: configuration(house, loaded) });
    }
    reports.extend(examine(CHECKS, &mut patient));
    worst_first(&mut reports);
    Ok(page(200, &table(&reports)))
}

fn table(reports: &[Report]) -> String {
    let count = problems(reports);
    let mut text = format!(
        "<p>{}</p>\n<table>\n",
        if count == 0 { "no problems".to_owned() } else { advice::count(count as u64, "problem") }
    );
    for Report { name, why, finding } in reports {
        let class = match finding.level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Problem => "problem",
        };
        let _ = write!(text, "<tr><td class=\"{class}\">{class}</td><th>{name}</th><td><p>{}</p>", escaped(&finding.saw));
        if let Some(todo) = &finding.todo {
            let _ = write!(text, "<p>why: {}</p><p>do: {}</p>", escaped(why), escaped(todo));
        }
        text.push_str("</td></tr>\n");
    }
    text + "</table>"
}

fn page(status: u16, content: &str) -> Response {
    let body = format!("<h1>{}</h1>\n{content}\n", escaped(TITLE));
    Page { title: TITLE, head: HEAD, body: &body, allows: ALLOWS }.answer(status)
}
