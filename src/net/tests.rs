//! The client against a server of the test's own, byte for byte.

use super::client::{Client, Trust};
use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Instant;

const BOUNDS: Bounds = Bounds { connect: Duration::from_secs(3), whole: Duration::from_secs(5), read: 8 };

/// Answers one request with these bytes; where, and what it was sent until its head and this end had come.
fn server(answer: &'static str, end: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/there", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).ends_with(end) {
            let mut some = [0; 512];
            let read = stream.read(&mut some).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&some[..read]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(bytes).unwrap()
    });
    (url, asked)
}

fn send(url: &str, body: Body<'_>, bounds: Bounds) -> Result<Answer, Failure> {
    let fields = [("X-Field", "value")];
    Client::new("tandem-test", Trust::Usual).unwrap().send(&Call { method: "POST", url, fields: &fields, body, bounds })
}

#[test]
fn a_redirect_is_an_answer_and_its_beginning_is_enough() {
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz";
    let (url, asked) = server(moved, "\r\n\r\nhello");
    let answer = send(&url, Body::Whole(b"hello"), BOUNDS).unwrap();
    assert_eq!(
        (answer.status, answer.field("location"), answer.body.as_slice()),
        (302, Some("http://127.0.0.1:1/"), &b"abcdefgh"[..])
    );
    let asked = asked.join().unwrap().to_lowercase();
    for words in ["post /there http/1.1\r\n", "content-length: 5\r\n", "x-field: value\r\n", "user-agent: tandem-test\r\n"] {
        assert!(asked.contains(words), "{words:?} is not in {asked}");
    }
}

#[test]
fn chunks_are_sent_without_a_length_and_a_failure_s_status_is_an_answer() {
    let (url, asked) = server("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "0\r\n\r\n");
    assert_eq!(send(&url, Body::Chunked(b"hello"), BOUNDS).unwrap().status, 500);
    assert!(!asked.join().unwrap().to_lowercase().contains("content-length"));
}

#[test]
fn of_a_push_service_the_head_counts_though_the_rest_does_not_come() {
    let half = || server("HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\nab", "\r\n\r\n");
    let client = Client::new("tandem-test", Trust::Usual).unwrap();
    let call = |url| Call { method: "POST", url, fields: &[], body: Body::Nothing, bounds: BOUNDS };
    let ((url, taken), (other, cut)) = (half(), half());
    assert_eq!(client.push(&call(&url)).unwrap().status, 201);
    assert!(client.send(&call(&other)).is_err(), "elsewhere half an answer is none");
    [taken, cut].into_iter().for_each(|asked| drop(asked.join().unwrap()));
}

#[test]
fn a_server_that_says_nothing_is_left_in_time() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (started, whole) = (Instant::now(), Duration::from_millis(300));
    let failure = send(&url, Body::Nothing, Bounds { whole, ..BOUNDS }).unwrap_err();
    assert_eq!(failure, Failure::Late);
    assert!((whole..10 * whole).contains(&started.elapsed()), "{:?}", started.elapsed());
}

#[test]
fn what_cannot_be_asked_is_said_in_words() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let refused = send(&format!("http://127.0.0.1:{port}/"), Body::Nothing, BOUNDS).unwrap_err();
    assert!(matches!(&refused, Failure::Other(words) if words.contains("refused")), "{refused:?}");
    assert!(Client::new("x", Trust::File(Path::new("/not/there.pem"))).is_err_and(|words| words.starts_with("/not/there.pem")));
}

#[test]
fn a_name_that_strangers_say_leads_to_no_address_of_this_machine() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = |private: &[String], host: &str| {
        let whole = Duration::from_millis(300);
        let (client, url) = (Client::public("x", Trust::Usual, private).unwrap(), format!("http://{host}:{port}/"));
        client.send(&Call { method: "POST", url: &url, fields: &[], body: Body::Nothing, bounds: Bounds { whole, ..BOUNDS } })
    };
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1"] {
        assert!(matches!(asked(&["push.example".to_owned()], host), Err(Failure::Other(_))), "{host}");
    }
    assert!(listener.accept().is_err(), "nobody was connected to");
    assert_eq!(asked(&["LOCALHOST".to_owned()], "localhost").unwrap_err(), Failure::Late, "the operator's own is");
    assert!(listener.accept().is_ok());
}
