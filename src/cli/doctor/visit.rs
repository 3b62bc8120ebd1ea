//! The site as phones meet it: HTTP by its own address. Bounded in time and size; a redirect is an answer, never followed.
//!
//! A certificate that does not hold is noted, and the visit goes on without looking at it: nothing that is sent is worth
//! anything to others, because a probe's pass is good once and for minutes.

use crate::cli::trust;
use crate::net::client::{Client, Trust};
use crate::net::{self, Body, Bounds, Call, Failure, Net};
use std::time::Duration;
use url::Url;

/// How long one request may take: a web server that waits for a free process, or starts one, takes some seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// How the doctor names itself.
const NAME: &str = "tandem-doctor";
/// So much of an answer is read: whatever is of interest stands at its beginning.
const READ: u64 = 64 * 1024;
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
    client: Client,
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
        Ok(Site { base, client: client()?, certificate: None })
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
        self.ask("GET", address, &[], &Sent::Nothing)
    }

    /// The same with fields of its own.
    pub fn get_with(&mut self, address: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
        self.ask("GET", address, fields, &Sent::Nothing)
    }

    /// Sends something to an address.
    pub fn post(&mut self, address: &str, fields: &[(&str, &str)], body: &Sent) -> Result<Answer, String> {
        self.ask("POST", address, fields, body)
    }

    fn ask(&mut self, method: &'static str, url: &str, fields: &[(&str, &str)], body: &Sent) -> Result<Answer, String> {
        let bytes = body.bytes();
        let body = match body {
            Sent::Nothing => Body::Nothing,
            Sent::Whole(_) => Body::Whole(&bytes),
            Sent::Chunked(_) => Body::Chunked(&bytes),
        };
        let bounds = Bounds { connect: PATIENCE, whole: PATIENCE, read: READ };
        let call = Call { method, url, fields, body, bounds };
        let answer = match self.client.send(&call) {
            Err(Failure::Certificate(why)) if self.certificate.is_none() => {
                self.certificate = Some(why);
                self.client = Client::new(NAME, Trust::Anybody)?;
                self.client.send(&call)
            }
            other => other,
        };
        answer.map(understood).map_err(|failure| failure.to_string())
    }
}

impl Sent {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Sent::Nothing => Vec::new(),
            Sent::Whole(length) | Sent::Chunked(length) => vec![b'x'; *length],
        }
    }
}

/// A client that looks at certificates.
fn client() -> Result<Client, String> {
    let Some(file) = trust::file() else { return Client::new(NAME, Trust::Usual) };
    Client::new(NAME, Trust::File(&file)).map_err(|error| format!("{}: {error}", trust::AUTHORITIES))
}

fn understood(answer: net::Answer) -> Answer {
    let field = |name| answer.field(name).map(str::to_owned);
    let (location, date) = (field("location"), field("date"));
    let is_json = answer.field("content-type").is_some_and(|media| media.starts_with("application/") && media.ends_with("json"));
    let by_tandem = is_json && answer.field("x-request-id").is_some();
    Answer { status: answer.status, location, date, by_tandem, body: answer.body }
}
