//! A small, honest HTTP/1.1 client: it sends exactly what a test says and hides nothing of the answer.
//!
//! Its own code rather than a crate because tests send what crates forbid: odd paths, broken framing, raw bytes.

use super::described;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// How long a server may stay silent: longer than the 29 s for which mod_fcgid holds back a program that crashes.
const SILENCE: Duration = Duration::from_secs(40);

/// One answer, final status and all.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header fields as they came.
    pub headers: Vec<(String, String)>,
    /// The content, without its transfer coding and without its content coding.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header field, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The content as JSON; shows the whole answer where it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {:?}\n{}", self.status, self.headers, self.text()))
    }

    /// Itself if the status is this one; shows the answer if not.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        self.expect_one_of(&[status])
    }

    /// Itself if the status is one of these; shows the answer if not.
    #[track_caller]
    pub fn expect_one_of(self, statuses: &[u16]) -> Answer {
        assert!(statuses.contains(&self.status), "{} {:?}\n{}", self.status, self.headers, self.text());
        self
    }
}

/// The content of a request.
#[derive(Debug, Clone, Default)]
enum Body {
    #[default]
    None,
    Whole(Vec<u8>),
    Chunks(Vec<Vec<u8>>),
}

/// A request in the making. `Host` is added unless set; so is the framing of the body.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Body,
}

/// Starts a request: `request("GET", "/api/")`. The target is sent as it stands.
pub fn request(method: &str, target: &str) -> Request {
    Request { method: method.into(), target: target.into(), headers: Vec::new(), body: Body::None }
}

impl Request {
    /// Adds a header field; the value may be any bytes.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Adds a bearer token.
    pub fn bearer(self, token: &str) -> Request {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// Sends JSON.
    pub fn json(self, value: &Value) -> Request {
        self.header("Content-Type", "application/json").body(value.to_string())
    }

    /// Sends these bytes with their Content-Length.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Request {
        self.body = Body::Whole(bytes.into());
        self
    }

    /// Sends these pieces as a chunked body, a chunk each.
    pub fn chunks(mut self, pieces: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Request {
        self.body = Body::Chunks(pieces.into_iter().map(Into::into).collect());
        self
    }

    /// Sends the request on a connection of its own.
    #[track_caller]
    pub fn send(self, port: u16) -> Answer {
        let shown = format!("{} {}", self.method, self.target);
        let answer = Connection::open(port).and_then(|mut connection| connection.send(&self.header("Connection", "close")));
        answer.unwrap_or_else(|error| panic!("{shown}: {error}"))
    }

    /// The request as bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            out.extend_from_slice(b"Host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            out.extend_from_slice(format!("{name}: ").as_bytes());
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        match &self.body {
            Body::None => out.extend_from_slice(b"\r\n"),
            Body::Whole(bytes) => {
                out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", bytes.len()).as_bytes());
                out.extend_from_slice(bytes);
            }
            Body::Chunks(pieces) => write_chunks(&mut out, pieces),
        }
        out
    }
}

/// Writes a chunked body (RFC 9112 §7.1); empty pieces would end it and are left out.
fn write_chunks(out: &mut Vec<u8>, pieces: &[Vec<u8>]) {
    out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
}

/// A connection that is kept for several requests, one after the other.
pub struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to this port of 127.0.0.1.
    pub fn open(port: u16) -> io::Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(SILENCE))?;
        stream.set_nodelay(true)?;
        Ok(Connection { reader: BufReader::new(stream) })
    }

    /// Sends a request and reads its answer.
    ///
    /// A server may answer and close before it has read a large body; what it said then still counts. Whatever Tandem
    /// answers is held to its own description.
    pub fn send(&mut self, request: &Request) -> io::Result<Answer> {
        let written = self.reader.get_mut().write_all(&request.bytes());
        let answer = self.read_answer(request.method == "HEAD");
        match (answer, written) {
            (Ok(answer), _) => {
                described::hold(&request.method, &request.target, &answer);
                Ok(answer)
            }
            (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error),
        }
    }

    fn read_answer(&mut self, head: bool) -> io::Result<Answer> {
        loop {
            let status = status(&self.line()?)?;
            let headers = self.headers()?;
            if (100..200).contains(&status) {
                continue;
            }
            let mut answer = Answer { status, headers, body: Vec::new() };
            if !head && status != 204 && status != 304 {
                answer.body = self.content(&answer)?;
            }
            if !answer.body.is_empty() && answer.header("Content-Encoding") == Some("gzip") {
                let coded = std::mem::take(&mut answer.body);
                flate2::read::GzDecoder::new(&coded[..]).read_to_end(&mut answer.body)?;
            }
            return Ok(answer);
        }
    }

    fn headers(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                None if line.is_empty() => return Ok(headers),
                None => return Err(io::Error::other(format!("no header field: {line:?}"))),
            }
        }
    }

    fn content(&mut self, answer: &Answer) -> io::Result<Vec<u8>> {
        if answer.header("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.chunked();
        }
        let mut body = Vec::new();
        match answer.header("Content-Length") {
            Some(length) => {
                body.resize(length.parse().map_err(io::Error::other)?, 0);
                self.reader.read_exact(&mut body)?;
            }
            None => {
                self.reader.read_to_end(&mut body)?;
            }
        }
        Ok(body)
    }

    fn chunked(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            let start = body.len();
            body.resize(start + size, 0);
            self.reader.read_exact(&mut body[start..])?;
            self.line()?;
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        if self.reader.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// The status of a status line.
fn status(line: &str) -> io::Result<u16> {
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|digits| digits.parse().ok());
    status.ok_or_else(|| io::Error::other(format!("no status line: {line:?}")))
}

/// Sends raw bytes, ends the sending side and returns whatever comes back until the server closes.
pub fn raw(port: u16, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(SILENCE))?;
    let written = stream.write_all(bytes);
    if written.is_ok() {
        stream.shutdown(Shutdown::Write)?;
    }
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}
