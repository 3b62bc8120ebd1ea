//! Plain CGI: one process, one request, from the environment and standard input.

use super::lifecycle::command;
use super::peer::Answer;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn program(method: &str, uri: &str) -> Command {
    let mut command = command();
    command.env("REQUEST_METHOD", method).env("REQUEST_URI", uri).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// The test harness of the program writes its own first lines; the answer follows them.
fn parse(output: &[u8]) -> Answer {
    let start = output.windows(8).position(|bytes| bytes == b"Status: ").unwrap();
    Answer::parse(&output[start..])
}

fn finish(mut child: Child, body: &[u8]) -> Answer {
    let mut input = child.stdin.take().unwrap();
    let body = body.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&body));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(42));
    let _ = writer.join().unwrap();
    parse(&output.stdout)
}

#[test]
fn a_body_is_as_long_as_announced_or_ends_with_the_input() {
    for (length, expected) in [
        (Some("6"), "abcdef"),
        (Some("3"), "abc"),
        (Some("0"), ""),
        (None, "abcdef"),
        (Some("9"), "UnexpectedEof"),
        (Some("1e3"), "InvalidData"),
    ] {
        let mut command = program("POST", "/echo");
        length.map(|length| command.env("CONTENT_LENGTH", length));
        assert_eq!(finish(command.spawn().unwrap(), b"abcdef").text(), expected, "{length:?}");
    }
}

#[test]
fn a_get_does_not_wait_for_an_input_that_stays_open() {
    let mut child = program("GET", "/echo").spawn().unwrap();
    let _open = child.stdin.take().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(parse(&output.stdout).head, "Status: 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 0");
}

#[test]
fn a_large_unread_body_and_a_large_answer_do_not_stall() {
    let mut command = program("POST", "/unread?3000000");
    command.env("CONTENT_LENGTH", "5000000");
    assert_eq!(finish(command.spawn().unwrap(), &vec![1; 5_000_000]).body.len(), 3_000_000);
}

/// Writes until nobody reads.
fn flood(mut to: impl Write) {
    while to.write_all(&[1; 1 << 16]).is_ok() {}
}

#[test]
fn a_body_without_end_does_not_stall_the_answer() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut over_socket = program("POST", "/unread?3000000");
    over_socket.stdin(std::os::fd::OwnedFd::from(theirs));
    for mut command in [program("POST", "/unread?3000000"), over_socket] {
        let mut child = command.spawn().unwrap();
        drop(command);
        let flood = match child.stdin.take() {
            Some(pipe) => std::thread::spawn(move || flood(pipe)),
            None => std::thread::spawn({
                let ours = ours.try_clone().unwrap();
                move || flood(ours)
            }),
        };
        assert_eq!(parse(&child.wait_with_output().unwrap().stdout).body.len(), 3_000_000);
        flood.join().unwrap();
    }
}

#[test]
fn a_variable_may_hold_any_byte() {
    let mut command = program("GET", "/vars");
    command.env("HTTP_ODD", std::ffi::OsStr::from_bytes(b"\xff\xfe")).env("HTTP_Z", "z");
    let text = finish(command.spawn().unwrap(), b"").text();
    assert!(text.contains("HTTP_ODD=\\xff\\xfe\n") && text.contains("HTTP_Z=z\n"), "{text}");
}

#[test]
fn a_panic_is_a_500() {
    let answer = finish(program("GET", "/panic").stderr(Stdio::null()).spawn().unwrap(), b"");
    assert_eq!((answer.status, answer.text().as_str()), (500, "panicked"));
}

#[test]
fn a_connected_socket_as_input_is_cgi() {
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut command = program("POST", "/echo");
    command.env("CONTENT_LENGTH", "6").stdin(std::os::fd::OwnedFd::from(theirs));
    let child = command.spawn().unwrap();
    drop(command);
    ours.write_all(b"abcdef").unwrap();
    assert_eq!(parse(&child.wait_with_output().unwrap().stdout).body, b"abcdef");
}

#[test]
fn the_answer_ends_before_the_work_that_follows_it() {
    let mut command = program("GET", "/echo");
    command.env("PROBE_AFTER", "1500").stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    assert_eq!(parse(&output).status, 200);
    assert!(started.elapsed() < Duration::from_millis(1400));
    assert_eq!(child.wait().unwrap().code(), Some(42));
    assert!(started.elapsed() >= Duration::from_millis(1500));
}
