//! Publishing to the engine in front (GRIP's control protocol): one small POST to an address of this machine, written plainly, so that
//! the web program links no client of HTTP for it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The most bytes of an answer that are read: its status stands in the first line.
const MOST: usize = 512;

/// Publishes a body of JSON.
///
/// # Errors
/// When it is not taken, or not within this time.
pub fn publish(control: SocketAddr, body: &[u8], within: Duration) -> io::Result<()> {
    let end = Instant::now() + within;
    let mut stream = TcpStream::connect_timeout(&control, within)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(left(end)?))?;
    let head = format!(
        "POST /publish/ HTTP/1.1\r\nHost: {control}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let status = status(&mut stream, end)?;
    if status == 200 { Ok(()) } else { Err(io::Error::other(format!("it answers {status}"))) }
}

/// How long is left; an error once nothing is.
fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// The status of an answer, whose first line is read and no more.
fn status(stream: &mut TcpStream, end: Instant) -> io::Result<u16> {
    let mut answer = Vec::new();
    let mut piece = [0; MOST];
    while !answer.contains(&b'\n') && answer.len() < MOST {
        stream.set_read_timeout(Some(left(end)?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(piece.get(..read).unwrap_or_default()),
            // A web server asks a CGI program to end as soon as it has its answer.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let line = answer.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let status = std::str::from_utf8(line).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    status.ok_or_else(|| ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread::spawn;

    /// What an engine makes of a publication that answers so, and what it was sent.
    fn answered(answer: Option<&'static str>) -> (io::Result<()>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let control = listener.local_addr().unwrap();
        let engine = spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = [0; 4_096];
            let read = stream.read(&mut sent).unwrap();
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).unwrap();
            } else {
                std::thread::sleep(Duration::from_millis(400));
            }
            String::from_utf8_lossy(&sent[..read]).into_owned()
        });
        let outcome = publish(control, b"{}", Duration::from_millis(200));
        (outcome, engine.join().unwrap())
    }

    #[test]
    fn it_is_taken_or_it_is_said_why_not_and_nobody_waits_long() {
        let (outcome, sent) = answered(Some("HTTP/1.0 200 OK\r\n\r\nPublished\n"));
        assert!(outcome.is_ok() && sent.ends_with("Content-Length: 2\r\nConnection: close\r\n\r\n{}"), "{sent}");
        assert!(answered(Some("HTTP/1.1 400 Bad Request\r\n\r\n")).0.unwrap_err().to_string().contains("400"));
        assert!(answered(Some("no HTTP\r\n")).0.is_err() && answered(Some("")).0.is_err());
        let started = Instant::now();
        assert!(answered(None).0.is_err());
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}
