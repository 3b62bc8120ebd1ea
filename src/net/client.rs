//! The HTTP client. No proxy, whatever the environment says; no redirect is followed; every status is an answer.

use super::mail::{Mail, Undelivered};
use super::public::is_public;
use super::{Answer, Body, Call, Failure, Net};
use std::io::{self, Cursor, Read};
use std::path::Path;
use ureq::config::Config;
use ureq::http::{Request, Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, SendBody};

/// How an error of the TLS library begins that is about the certificate.
const CERTIFICATE: &str = "invalid peer certificate: ";

/// Whose certificates are believed.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// Those of the usual authorities: Mozilla's list, compiled in.
    Usual,
    /// Those of the authorities in this file, as OpenSSL has it.
    File(&'a Path),
    /// Everybody's. Only where nothing that is sent is worth anything to others.
    Anybody,
}

/// The client.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
}

impl Client {
    /// A client that names itself so.
    ///
    /// # Errors
    /// A file of certificates that cannot be read, in words.
    pub fn new(name: &str, trust: Trust<'_>) -> Result<Client, String> {
        Ok(Client { agent: config(name, trust)?.new_agent() })
    }

    /// One that connects to public addresses alone, whatever a name leads to, but for hosts of these names.
    ///
    /// # Errors
    /// A file of certificates that cannot be read, in words.
    pub fn public(name: &str, trust: Trust<'_>, private: &[String]) -> Result<Client, String> {
        let resolver = Public { private: private.to_vec(), found: DefaultResolver::default() };
        Ok(Client { agent: Agent::with_parts(config(name, trust)?, DefaultConnector::new(), resolver) })
    }

    fn run(&self, call: &Call<'_>) -> Result<Response<ureq::Body>, ureq::Error> {
        let request = call
            .fields
            .iter()
            .fold(Request::builder().method(call.method).uri(call.url), |request, (name, value)| request.header(*name, *value));
        let chunks = |bytes: &[u8]| SendBody::from_owned_reader(Cursor::new(bytes.to_vec()));
        let request = match call.body {
            Body::Nothing => request.body(SendBody::none()),
            Body::Whole(bytes) => request.header("Content-Length", bytes.len()).body(chunks(bytes)),
            Body::Chunked(bytes) => request.body(chunks(bytes)),
        };
        let configured = self.agent.configure_request(request?);
        let bounded = configured.timeout_connect(Some(call.bounds.connect)).timeout_global(Some(call.bounds.whole)).build();
        self.agent.run(bounded)
    }
}

fn config(name: &str, trust: Trust<'_>) -> Result<Config, String> {
    let tls = match trust {
        Trust::Usual => TlsConfig::builder().root_certs(RootCerts::WebPki),
        Trust::File(file) => TlsConfig::builder().root_certs(authorities(file)?),
        Trust::Anybody => TlsConfig::builder().disable_verification(true),
    };
    let config = Config::builder().tls_config(tls.build()).proxy(None).user_agent(name);
    Ok(config.max_redirects(0).max_redirects_will_error(false).http_status_as_error(false).build())
}

/// Finds the addresses of hosts, and keeps back those that are not public. What is left is what is connected to: nothing is looked up
/// a second time, when it could be another.
#[derive(Debug)]
struct Public {
    private: Vec<String>,
    found: DefaultResolver,
}

impl Resolver for Public {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let all = self.found.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default();
        let is_private = self.private.iter().any(|name| name.eq_ignore_ascii_case(host));
        let mut kept = self.empty();
        all.iter().filter(|found| is_private || is_public(found.ip())).for_each(|found| kept.push(*found));
        if kept.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(kept) }
    }
}

fn authorities(file: &Path) -> Result<RootCerts, String> {
    let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let items = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    Ok(RootCerts::from(items.collect::<Vec<_>>()))
}

/// What was answered, and how the reading of its body ended, of which the answer holds what came.
fn read(response: Response<ureq::Body>, most: u64) -> (Answer, io::Result<()>) {
    let field = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let (status, fields) = (response.status().as_u16(), response.headers().iter().filter_map(field).collect());
    let mut body = Vec::new();
    let ended = response.into_body().into_reader().take(most).read_to_end(&mut body);
    (Answer { status, fields, body }, ended.map(drop))
}

impl Net for Client {
    fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let (answer, ended) = self.run(call).map(|response| read(response, call.bounds.read)).map_err(|error| failure(&error))?;
        ended.map(|()| answer).map_err(|error| failure(&error.into()))
    }

    /// Of a push service's answer the head counts: what it has taken is not sent again because the rest did not come.
    fn push(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.run(call).map(|response| read(response, call.bounds.read).0).map_err(|error| failure(&error))
    }

    fn mail(&self, _: &Mail<'_>) -> Result<(), Undelivered> {
        Err(Undelivered::yet("this is a client for HTTP alone"))
    }
}

fn failure(error: &ureq::Error) -> Failure {
    let words = error.to_string();
    match (error, words.rsplit_once(CERTIFICATE)) {
        (ureq::Error::Timeout(_), _) => Failure::Late,
        (_, Some((_, why))) => Failure::Certificate(why.to_owned()),
        _ => Failure::Other(words),
    }
}
