//! Peers that lie, stall and vanish. Each costs its own connection and nothing else.

use super::Server;
use super::peer::{Peer, begin, pairs, record, request, stream};
use std::net::Shutdown;
use std::time::{Duration, Instant};
use tandem::transport::Options;

/// The server still answers somebody else.
fn lives(server: &Server) {
    assert_eq!(server.connect().ask(false, "/echo", b"alive").body, b"alive");
}

#[test]
fn a_request_taken_back_is_ended_without_an_answer() {
    let server = Server::start();
    let params = pairs(&[(b"REQUEST_URI", b"/echo"), (b"CONTENT_LENGTH", b"9")]);
    let whole = [begin(1, true), stream(4, 1, &params, 99), record(5, 1, b"abc")].concat();
    let mut peer = server.connect();
    for beginning in [begin(1, true), whole] {
        peer.send(&[beginning, record(2, 1, b"")].concat());
        let end = peer.read_record();
        assert_eq!((end.kind, end.id, end.content), (3, 1, vec![0; 8]));
        assert_eq!(peer.ask(true, "/echo", b"next").body, b"next");
    }
    peer.send(&record(2, 1, b""));
    assert_eq!(peer.ask(true, "/echo", b"late aborts are ignored").body, b"late aborts are ignored");
}

#[test]
fn what_is_no_fastcgi_closes_its_connection_only() {
    let server = Server::start();
    let params = pairs(&[(b"REQUEST_URI", b"/echo")]);
    let body_open = [begin(1, true), stream(4, 1, &params, 99), record(5, 1, b"ab")].concat();
    let bad: [Vec<u8>; 7] = [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![2, 1, 0, 1, 0, 8, 0, 0],
        record(1, 1, &[0, 1, 1]),
        [begin(1, true), begin(1, true)].concat(),
        [begin(1, true), record(5, 1, b"before the variables")].concat(),
        [body_open.clone(), vec![0; 8]].concat(),
        [body_open, begin(1, true)].concat(),
    ];
    for bytes in bad {
        let mut peer = server.connect();
        assert!(peer.send(&bytes).is_closed(), "{bytes:?}");
        lives(&server);
    }
}

#[test]
fn records_of_no_request_are_ignored() {
    let server = Server::start();
    let mut peer = server.connect();
    for kind in [2, 3, 4, 5, 6, 7, 8, 11, 200] {
        peer.send(&record(kind, 9, b"stray"));
    }
    assert_eq!(peer.ask(true, "/echo", b"x").body, b"x");
}

#[test]
fn too_many_variables_are_told_so() {
    let server = Server::start();
    let long = vec![b'v'; (1 << 20) + 1];
    let params = pairs(&[(b"REQUEST_URI", b"/count"), (b"HTTP_LONG", &long)]);
    let mut peer = server.connect();
    peer.send(&[begin(1, true), stream(4, 1, &params, 65_535), stream(5, 1, b"body", 9)].concat());
    let answer = peer.answer(1);
    assert_eq!(answer.status, 431);
    assert!(answer.head.contains("application/problem+json") && answer.text().contains("\"status\":431"));
    assert_eq!(peer.ask(true, "/echo", b"x").body, b"x");
}

#[test]
fn variables_without_end_are_not_read_for_ever() {
    let server = Server::start();
    let mut peer = server.connect();
    peer.send(&begin(1, true));
    let piece = record(4, 1, &[0; 65_535]);
    use std::io::Write;
    let sent = (0..1000).take_while(|_| peer.socket.write_all(&piece).is_ok()).count();
    assert!(sent < 300, "{sent} records");
    lives(&server);
}

#[test]
fn empty_pairs_and_cut_off_pairs_do_no_harm() {
    let server = Server::start();
    let empty = [vec![0; 60_000], pairs(&[(b"REQUEST_URI", b"/count")])].concat();
    let mut peer = server.connect();
    peer.send(&[begin(1, true), stream(4, 1, &empty, 65_535), record(5, 1, b"")].concat());
    assert_eq!(peer.answer(1).text(), "1");
    let cut_off = [pairs(&[(b"REQUEST_URI", b"/count")]), vec![0xff, 0xff, 0xff, 0xff, 1, b'n']].concat();
    peer.send(&[begin(1, true), stream(4, 1, &cut_off, 99), record(5, 1, b"")].concat());
    assert_eq!(peer.answer(1).status, 400);
}

#[test]
fn a_peer_may_vanish_after_any_byte_of_a_request() {
    let server = Server::start();
    let bytes = request(1, true, "/echo", b"some body");
    for end in 0..bytes.len() {
        server.connect().send(&bytes[..end]);
    }
    lives(&server);
}

#[test]
fn a_peer_may_vanish_before_and_in_the_middle_of_the_answer() {
    let server = Server::start();
    for uri in ["/unread?10", "/unread?20000000"] {
        server.connect().send(&request(1, true, uri, b""));
        let mut half_closed = server.connect();
        half_closed.send(&request(1, true, uri, b""));
        half_closed.socket.shutdown(Shutdown::Write).unwrap();
        assert_eq!(half_closed.answer(1).status, 200);
        let mut reader = server.connect();
        reader.send(&request(1, true, uri, b"")).read_record();
    }
    lives(&server);
}

#[test]
fn a_kept_connection_may_be_closed_while_it_is_idle() {
    let server = Server::start();
    for _ in 0..200 {
        server.connect().ask(true, "/echo", b"x");
    }
    lives(&server);
}

#[test]
fn a_peer_that_stalls_is_given_up() {
    let server = Server::with(&Options { io_timeout: Duration::from_millis(200), ..Options::default() });
    let started = Instant::now();
    let mut in_params = server.connect();
    assert!(in_params.send(&begin(1, true)).is_closed());
    let mut in_body = server.connect();
    let whole = request(1, true, "/echo", b"never all of this");
    let answer = in_body.send(&whole[..whole.len() - 12]).answer(1);
    assert_eq!((answer.status, answer.text().as_str()), (400, "TimedOut"));
    assert!(in_body.is_closed());
    let mut in_answer = server.connect();
    in_answer.send(&request(1, true, "/unread?20000000", b""));
    lives(&server);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_panic_is_an_answer_and_the_next_request_works() {
    let server = Server::start();
    let mut peer = server.connect();
    let answer = peer.ask(true, "/panic", b"unread");
    assert_eq!((answer.status, answer.text().as_str()), (500, "panicked"));
    assert_eq!(peer.ask(true, "/panic-twice", b"").status, 500);
    assert_eq!(peer.ask(true, "/echo", b"x").body, b"x");
}

#[test]
fn an_unread_or_half_read_body_does_not_stall_a_large_answer() {
    let server = Server::start();
    let mut peer = server.connect();
    let body = vec![7; 3_000_000];
    assert_eq!(peer.ask(true, "/unread?3000000", &body).body.len(), 3_000_000);
    assert_eq!(peer.ask(true, "/part?100000", &body).body, &body[..100_000]);
    assert_eq!(peer.ask(true, "/echo", &body).body, body);
}

#[test]
fn more_connections_than_are_kept_are_all_served() {
    let server = Server::start();
    let mut silent: Vec<Peer> = (0..40).map(|_| server.connect()).collect();
    let mut kept: Vec<Peer> = (0..150)
        .map(|_| {
            let mut peer = server.connect();
            assert_eq!(peer.ask(true, "/echo", b"x").body, b"x");
            peer
        })
        .collect();
    let closed = |peer: &mut Peer| {
        peer.socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        peer.is_closed()
    };
    let closed = kept.iter_mut().filter_map(|peer| closed(peer).then_some(())).count();
    assert!((126..150).contains(&closed), "{closed} closed");
    for peer in &mut silent {
        assert_eq!(peer.ask(true, "/echo", b"at last").body, b"at last");
    }
}
