//! The HTTP client. No proxy, whatever the environment says; no redirect is followed; every status is an answer.

use super::mail::{Mail, Undelivered};
use super::{Answer, Body, Call, Failure, Net};
use std::io::{Cursor, Read};
use std::path::Path;
use ureq::config::Config;
use ureq::http::{Request, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
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
        let tls = match trust {
            Trust::Usual => TlsConfig::builder().root_certs(RootCerts::WebPki),
            Trust::File(file) => TlsConfig::builder().root_certs(authorities(file)?),
            Trust::Anybody => TlsConfig::builder().disable_verification(true),
        };
        let config = Config::builder().tls_config(tls.build()).proxy(None).user_agent(name);
        let config = config.max_redirects(0).max_redirects_will_error(false).http_status_as_error(false);
        Ok(Client { agent: config.build().new_agent() })
    }

    fn run(&self, call: &Call<'_>) -> Result<Answer, ureq::Error> {
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
        read(self.agent.run(bounded)?, call.bounds.read)
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

fn read(response: Response<ureq::Body>, most: u64) -> Result<Answer, ureq::Error> {
    let field = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let (status, fields) = (response.status().as_u16(), response.headers().iter().filter_map(field).collect());
    let mut body = Vec::new();
    response.into_body().into_reader().take(most).read_to_end(&mut body)?;
    Ok(Answer { status, fields, body })
}

impl Net for Client {
    fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.run(call).map_err(|error| failure(&error))
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
