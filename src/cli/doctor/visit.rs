//! The site as phones meet it: HTTP by its own address. Bounded in time and size; a redirect is an answer, never followed.
//!
//! A certificate that does not hold is noted, and the visit goes on without looking at it: nothing that is sent is worth
//! anything to others, because a probe's pass is good once and for minutes.

use std::io::{Cursor, Read};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::{Method, Request};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, SendBody};
use url::Url;

/// How long one request may take: a web server that waits for a free process, or starts one, takes some seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// So much of an answer is read: whatever is of interest stands at its beginning.
const READ: u64 = 64 * 1024;
/// A file of certificates to believe in the place of Mozilla's list, as OpenSSL has it.
const AUTHORITIES: &str = "SSL_CERT_FILE";
/// How an error of the TLS library begins that is about the certificate.
const CERTIFICATE: &str = "invalid peer certificate: ";

/// The body of a request.
pub enum Sent {
    /// None.
    Nothing,
    /// This many bytes; their length is sent first.
    Whole(usize),
    /// This many bytes in chunks; their length is not sent.
    Chunked(usize),
}

/// An answer, as far as it was read.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The web server's clock, as it stands in the header.
    pub date: Option<String>,
    /// Did the program itself answer? It names each request, and answers JSON; web servers do one of the two at most.
    pub by_tandem: bool,
    /// The beginning of its content.
    pub body: Vec<u8>,
}

/// The site.
pub struct Site {
    /// Its address, without a slash at the end: the API's mount.
    pub base: Url,
    agent: Agent,
    /// What is wrong with its certificate, once a request has shown it.
    pub certificate: Option<String>,
}

impl Site {
    /// The site at an address such as `https://example.org/api`.
    ///
    /// # Errors
    /// What is wrong with the address, in words.
    pub fn at(address: &str) -> Result<Site, String> {
        let base = Url::parse(address).map_err(|error| format!("{address}: {error}"))?;
        let under_api = base.path_segments().is_some_and(|mut segments| segments.any(|segment| segment == "api"));
        let bare = base.username().is_empty() && base.query().is_none() && base.fragment().is_none();
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() || !under_api || !bare {
            return Err(format!("{address} is no address such as https://YOUR.SITE/api"));
        }
        Ok(Site { base, agent: agent(true)?, certificate: None })
    }

    /// An address below the mount, or, with a slash before it, below the site's root.
    pub fn address(&self, path: &str) -> String {
        let mount = if path.starts_with('/') { "" } else { self.base.path().trim_end_matches('/') };
        let mut address = self.base.clone();
        address.set_path(&format!("{mount}/{}", path.trim_start_matches('/')));
        address.into()
    }

    /// Reads an address.
    pub fn get(&mut self, address: &str) -> Result<Answer, String> {
        self.ask(Method::GET, address, &[], &Sent::Nothing)
    }

    /// Sends something to an address.
    pub fn post(&mut self, address: &str, fields: &[(&str, &str)], body: &Sent) -> Result<Answer, String> {
        self.ask(Method::POST, address, fields, body)
    }

    fn ask(&mut self, method: Method, address: &str, fields: &[(&str, &str)], body: &Sent) -> Result<Answer, String> {
        let once = |agent: &Agent| send(agent, method.clone(), address, fields, body);
        match once(&self.agent) {
            Err(error) if self.certificate.is_none() && error.to_string().contains(CERTIFICATE) => {
                let text = error.to_string();
                self.certificate = Some(text.rsplit(CERTIFICATE).next().unwrap_or_default().to_owned());
                self.agent = agent(false)?;
                once(&self.agent).map_err(|error| error.to_string())
            }
            other => other.map_err(|error| error.to_string()),
        }
    }
}

/// A client that looks at certificates, or does not.
fn agent(strict: bool) -> Result<Agent, String> {
    let tls = TlsConfig::builder().root_certs(authorities()?).disable_verification(!strict).build();
    let config = Config::builder().tls_config(tls).timeout_global(Some(PATIENCE)).proxy(None);
    Ok(config
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent("tandem-doctor")
        .build()
        .new_agent())
}

fn authorities() -> Result<RootCerts, String> {
    let Some(file) = std::env::var_os(AUTHORITIES).filter(|file| !file.is_empty()) else { return Ok(RootCerts::WebPki) };
    let pem = std::fs::read(&file).map_err(|error| format!("{AUTHORITIES}: {error}"))?;
    let items = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    Ok(RootCerts::from(items.collect::<Vec<_>>()))
}

fn send(agent: &Agent, method: Method, address: &str, fields: &[(&str, &str)], body: &Sent) -> Result<Answer, ureq::Error> {
    let request = fields
        .iter()
        .fold(Request::builder().method(method).uri(address), |request, (name, value)| request.header(*name, *value));
    let filled = |length: usize| SendBody::from_owned_reader(Cursor::new(vec![b'x'; length]));
    let request = match body {
        Sent::Nothing => request.body(SendBody::none()),
        Sent::Whole(length) => request.header("Content-Length", *length).body(filled(*length)),
        Sent::Chunked(length) => request.body(filled(*length)),
    };
    let answer = agent.run(request?)?;
    let field = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, location, date) = (answer.status().as_u16(), field("Location"), field("Date"));
    let is_json = field("Content-Type").is_some_and(|media| media.starts_with("application/") && media.ends_with("json"));
    let by_tandem = is_json && field("X-Request-Id").is_some();
    let mut body = Vec::new();
    answer.into_body().into_reader().take(READ).read_to_end(&mut body)?;
    Ok(Answer { status, location, date, by_tandem, body })
}
