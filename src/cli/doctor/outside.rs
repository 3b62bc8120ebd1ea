//! What the doctor finds by asking the site its own address.

use super::exposed::{self, NO_CGI};
use super::visit::{Answer, Sent};
use super::visitor::{BODIES, NO_TOKEN, ONE_FILE, Visitor, advice, unreachable};
use crate::app::advice::UPGRADE;
use crate::app::doctor::effective::{self, NAME_AND_WHY};
use crate::app::doctor::{Check, Finding, SKEW, programs};
use crate::app::home::{self, PROGRAMS};
use crate::base::time::{SECOND, Timestamp, parse_http};
use std::net::IpAddr;
use url::Host;

/// More than mod_fcgid takes where a host has not raised its limit, 131,072 bytes.
const LARGE: usize = 200_000;
/// How a Linux program begins.
const PROGRAM: &[u8] = b"\x7fELF";

/// The checks in their order: later ones need what the first found.
pub const OUTSIDE: &[Check<Visitor>] = &[
    Check { name: "site", why: "phones meet Tandem at its address, not in its folder", look: answers },
    Check { name: NAME_AND_WHY.0, why: NAME_AND_WHY.1, look: configuration },
    Check { name: "authorization", why: "without that header every request of somebody signed in is 401", look: authorization },
    Check { name: "https", why: "without it passwords and tokens cross the network in the clear", look: https },
    Check { name: "large bodies", why: "a phone that was offline for long sends much at once", look: large },
    Check { name: "chunked bodies", why: "some apps send without telling the length", look: chunked },
    Check { name: "private files", why: "who reads them can sign in as anybody, and read everything", look: exposed::files },
    Check {
        name: "served programs",
        why: "what the web server hands out as a file it does not start or obey; nothing secret stands there",
        look: exposed::programs,
    },
    Check { name: "pushpin", why: "sockets and streams are held by it, and what it is told must reach them", look: held },
    Check { name: "web clock", why: "tokens end too early or too late where clocks differ", look: clock },
];

/// Does the program answer, and by its pretty addresses?
fn answers(visitor: &mut Visitor) -> Finding {
    let address = visitor.site.address("health/");
    let answer = match visitor.site.get(&address) {
        Ok(answer) => answer,
        Err(error) => return unreachable(&format!("{address}: {error}")),
    };
    visitor.reached = true;
    visitor.date = answer.date.clone().map(|date| (date, Timestamp::now()));
    visitor.answered = answer.by_tandem;
    match answer.by_tandem.then_some(answer.status) {
        Some(200) => version(visitor),
        Some(status) => {
            Finding::problem(format!("{address} answers {status}"), "solve the problems above; tandem/data/tandem.log says more")
        }
        None => ugly(visitor).unwrap_or_else(|| something_else(&address, &answer)),
    }
}

/// Does what is published come back through the engine, if there is one?
fn held(visitor: &mut Visitor) -> Finding {
    visitor.held().unwrap_or_else(|finding| finding)
}

/// What answers in the place of the program.
fn something_else(address: &str, answer: &Answer) -> Finding {
    match &answer.location {
        Some(location) => Finding::problem(
            format!("{address} leads to {location}"),
            "set site_url, and the app, to where it leads: apps lose the Authorization header on such a way",
        ),
        None if answer.body.starts_with(PROGRAM) => Finding::problem(format!("{address} downloads the program"), NO_CGI),
        None => {
            let saw = format!("{address}: the web server itself answers {}", answer.status);
            match home::programs().and_then(|folder| programs::at_fault(&folder)) {
                Some(Finding { saw: fault, todo, .. }) => Finding::problem(
                    format!("{saw}; {fault}"),
                    format!("{}; cPanel → Errors shows the web server's own reason", todo.unwrap_or_default()),
                ),
                None => Finding::problem(saw, advice(answer.status)),
            }
        }
    }
}

/// Does the program answer by its own name, where it does not otherwise?
fn ugly(visitor: &mut Visitor) -> Option<Finding> {
    let address = visitor.site.address(&format!("{}/health/", PROGRAMS[1]));
    let answer = visitor.site.get(&address).ok()?;
    answer.by_tandem.then(|| {
        Finding::problem(
            format!("only {address} answers: the rules in .htaccess do not hold"),
            "File Manager → Settings → Show Hidden Files: public_html/api/.htaccess must be the bundle's; if it is, ask the host for mod_rewrite and AllowOverride All",
        )
    })
}

/// The program there and this one come from one bundle.
fn version(visitor: &mut Visitor) -> Finding {
    visitor.seen = visitor.probe(&Sent::Whole(0)).ok();
    let own = env!("CARGO_PKG_VERSION");
    let there = visitor.seen.as_ref().map_or(own, |seen| &seen.version);
    match there == own {
        true => Finding::ok(format!("{} answers", visitor.site.base)),
        false => Finding::problem(format!("version {there} answers, this program is {own}"), UPGRADE),
    }
}

/// Do the web program and this one look after the same store?
fn configuration(visitor: &mut Visitor) -> Finding {
    let seen = match visitor.seen.clone().map_or_else(|| visitor.probed(&Sent::Whole(0)), Ok) {
        Err(finding) => return finding,
        Ok(seen) => seen,
    };
    let difference = visitor.prints().and_then(|here| effective::differ(&here, &seen.configuration));
    visitor.seen = Some(seen);
    match difference {
        Some(difference) => difference.finding("the web program goes by other settings than this one", ONE_FILE),
        None => Finding::ok("the web program goes by the same as this one"),
    }
}

/// Does the web server hand the header over?
fn authorization(visitor: &mut Visitor) -> Finding {
    match visitor.seen.clone() {
        None => Finding::skipped(if visitor.answered { NAME_AND_WHY.0 } else { "site" }),
        Some(seen) if seen.authorization.as_deref() == Some(NO_TOKEN) => Finding::ok("the header reaches the program"),
        Some(seen) => Finding::problem(
            if seen.authorization.is_some() {
                "the header reaches the program with another content"
            } else {
                "the header does not reach the program"
            },
            "File Manager → Settings → Show Hidden Files: public_html/api/.htaccess must be the bundle's; under nginx or lighttpd see deploy/",
        ),
    }
}

/// The certificate, and where plain HTTP leads.
fn https(visitor: &mut Visitor) -> Finding {
    let site = &visitor.site;
    match (site.base.scheme(), &site.certificate) {
        _ if !visitor.reached => Finding::skipped("site"),
        ("http", _) if is_this_machine(site.base.host()) => Finding::ok("plain HTTP, which does not leave this machine"),
        ("http", _) => Finding::problem(
            "site_url is plain HTTP",
            "cPanel → SSL/TLS Status → Run AutoSSL; then write https:// into site_url and into the app",
        ),
        (_, Some(fault)) => Finding::problem(
            format!("phones refuse the certificate: {fault}"),
            "cPanel → SSL/TLS Status → Run AutoSSL, and see that the domain is in it",
        ),
        (_, None) => in_the_clear(visitor),
    }
}

fn is_this_machine(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// A client that comes by plain HTTP must be redirected. A site with a port of its own leaves open where to.
fn in_the_clear(visitor: &mut Visitor) -> Finding {
    let plain = visitor.site.address("health/").replacen("https://", "http://", 1);
    let usual = visitor.site.base.port().is_none();
    if usual && visitor.site.get(&plain).is_ok_and(|answer| answer.by_tandem) {
        return Finding::problem(
            format!("{plain} is answered, too"),
            "in public_html/api/.htaccess the line that ends in E=HTTPS_ONLY:1] must stand without a hash sign",
        );
    }
    match &visitor.seen {
        Some(seen) if !seen.secure => Finding::note(
            "the certificate holds; but the program is told that requests come by plain HTTP",
            format!(
                "a proxy is between: write trusted_proxies = [\"{}\"] into tandem/tandem.toml, with all of its networks",
                seen.address
            ),
        ),
        _ if usual => Finding::ok("the certificate holds, and nothing is answered in the clear"),
        _ => Finding::ok("the certificate holds"),
    }
}

fn large(visitor: &mut Visitor) -> Finding {
    arrives(visitor, &Sent::Whole(LARGE))
}

fn chunked(visitor: &mut Visitor) -> Finding {
    arrives(visitor, &Sent::Chunked(LARGE))
}

/// Does the whole body arrive?
fn arrives(visitor: &mut Visitor, body: &Sent) -> Finding {
    if visitor.answered && visitor.seen.is_none() {
        return Finding::skipped(NAME_AND_WHY.0);
    }
    match visitor.probed(body) {
        Err(finding) => second_program(visitor).unwrap_or(finding),
        Ok(seen) if seen.body == LARGE => {
            let program = seen.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Finding::ok(format!("{LARGE} bytes arrive whole, at {program}"))
        }
        Ok(seen) => Finding::problem(format!("of {LARGE} bytes {} arrive", seen.body), BODIES),
    }
}

/// Bodies from this size on go to a program of their own where Tandem came as a bundle; it is below what mod_fcgid takes.
const DIVERTED: usize = 100_000;

/// Is it that program which does not answer? Then its size is not what keeps a body out.
fn second_program(visitor: &mut Visitor) -> Option<Finding> {
    visitor.seen.as_ref()?.program.parent().filter(|folder| home::has_programs(folder))?;
    let refused = visitor.probe(&Sent::Whole(DIVERTED)).err()?;
    Some(Finding::problem(
        format!("{}, which takes them, is not started: {}", PROGRAMS[1], refused.saw),
        "File Manager → Permissions of public_html/api/api.cgi → 0755; if it has them, cPanel → Errors shows the web server's reason",
    ))
}

/// The web server's clock beside this machine's.
fn clock(visitor: &mut Visitor) -> Finding {
    let Some((date, now)) = &visitor.date else { return Finding::skipped("site") };
    match parse_http(date).map(|at| at.0 - now.0) {
        None => Finding::note("the web server does not tell its time", "nothing"),
        Some(skew) if skew.abs() <= SKEW => Finding::ok("the web server's time is this machine's"),
        Some(skew) => Finding::problem(
            format!(
                "the web server's clock is {} seconds {} this machine's",
                skew.abs() / SECOND,
                if skew > 0 { "ahead of" } else { "behind" }
            ),
            "ask the host to set its clocks (NTP)",
        ),
    }
}
