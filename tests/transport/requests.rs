//! What a good web server sends, in every shape that the protocol allows.

use super::Server;
use super::peer::{begin, padded, pairs, record, request, stream};

#[test]
fn a_kept_connection_serves_request_after_request() {
    let server = Server::start();
    let mut peer = server.connect();
    for round in 0..50u8 {
        assert_eq!(peer.ask(true, "/echo", &[round; 300]).body, [round; 300]);
    }
    assert_eq!(peer.ask(false, "/echo", b"last").body, b"last");
    assert!(peer.is_closed());
}

#[test]
fn two_requests_sent_at_once_on_one_connection_are_both_answered() {
    let server = Server::start();
    let mut peer = server.connect();
    peer.send(&[request(1, true, "/echo", b"one"), request(2, true, "/echo", b"two")].concat());
    assert_eq!(peer.answer(1).body, b"one");
    assert_eq!(peer.answer(2).body, b"two");
}

#[test]
fn an_answer_is_a_cgi_answer_with_its_length() {
    let server = Server::start();
    let answer = server.connect().ask(false, "/echo", b"abc");
    assert_eq!(answer.head, "Status: 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 3");
    let head = server.connect().ask(false, "/head?70000", b"");
    assert!(head.head.ends_with("Content-Length: 70000") && head.body.is_empty());
}

#[test]
fn answers_of_every_size_arrive_whole() {
    let server = Server::start();
    let mut peer = server.connect();
    for size in [0, 1, 32_600, 32_680, 32_768, 65_527, 65_528, 65_529, 131_056, 131_057, 20_000_000] {
        let answer = peer.ask(true, &format!("/unread?{size}"), b"");
        assert!(answer.body.len() == size && answer.body.iter().all(|byte| *byte == b'u'), "{size}");
    }
}

#[test]
fn a_small_answer_is_three_records_in_one_piece() {
    let server = Server::start();
    let mut peer = server.connect();
    peer.send(&request(1, true, "/echo", b"abc"));
    let kinds = [peer.read_record(), peer.read_record(), peer.read_record()].map(|record| record.kind);
    assert_eq!(kinds, [6, 6, 3]);
}

#[test]
fn every_byte_may_come_alone() {
    let server = Server::start();
    let mut peer = server.connect();
    for byte in request(1, false, "/echo", b"slow and steady") {
        peer.send(&[byte]);
        std::thread::yield_now();
    }
    assert_eq!(peer.answer(1).body, b"slow and steady");
}

#[test]
fn params_may_be_larger_than_a_record_and_cut_anywhere() {
    let server = Server::start();
    let long = vec![b'v'; 200_000];
    let params = pairs(&[(b"HTTP_LONG", &long), (b"", b""), (b"REQUEST_URI", b"/count"), (b"E", b"")]);
    for size in [1, 7, 8, 1000, 65_535] {
        let bytes = [begin(3, true), stream(4, 3, &params, size), record(5, 3, b"")].concat();
        let mut peer = server.connect();
        assert_eq!(peer.send(&bytes).answer(3).text(), "3", "records of {size}");
    }
}

#[test]
fn odd_bytes_in_one_variable_leave_the_others_alone() {
    let server = Server::start();
    let params = pairs(&[(b"HTTP_A", b"\xff\x00\xfe"), (b"\xc3(", b"n"), (b"REQUEST_URI", b"/vars"), (b"Z", b"z")]);
    let bytes = [begin(1, false), stream(4, 1, &params, 5), record(5, 1, b"")].concat();
    let mut peer = server.connect();
    let text = peer.send(&bytes).answer(1).text();
    assert_eq!(text, "HTTP_A=\\xff\\x00\\xfe\n\\xc3(=n\nREQUEST_URI=/vars\nZ=z\n");
}

#[test]
fn padding_is_skipped_everywhere() {
    let server = Server::start();
    let params = pairs(&[(b"REQUEST_URI", b"/echo")]);
    let one = [
        padded(1, 1, &[0, 1, 1, 0, 0, 0, 0, 0], 255),
        padded(4, 1, &params, 3),
        padded(4, 1, b"", 8),
        padded(5, 1, b"abc", 5),
        padded(5, 1, b"def", 255),
        padded(5, 1, b"", 255),
    ]
    .concat();
    let mut peer = server.connect();
    for _ in 0..3 {
        assert_eq!(peer.send(&one).answer(1).body, b"abcdef");
    }
}

#[test]
fn a_body_is_measured_by_its_content_length() {
    let server = Server::start();
    for (announced, expected) in [
        (&b"3"[..], &b"abc"[..]),
        (b"6", b"abcdef"),
        (b"", b"abcdef"),
        (b"0", b""),
        (b"7", b"UnexpectedEof"),
        (b"six", b"InvalidData"),
    ] {
        let params = pairs(&[(b"REQUEST_URI", b"/echo"), (b"REQUEST_METHOD", b"GET"), (b"CONTENT_LENGTH", announced)]);
        let bytes = [begin(1, true), stream(4, 1, &params, 99), stream(5, 1, b"abcdef", 4)].concat();
        let mut peer = server.connect();
        assert_eq!(peer.send(&bytes).answer(1).body, expected, "{announced:?}");
        assert_eq!(peer.ask(true, "/echo", b"next").body, b"next", "after {announced:?}");
    }
}

#[test]
fn the_limits_are_told() {
    let server = Server::start();
    let mut peer = server.connect();
    let asked = pairs(&[(b"FCGI_MPXS_CONNS", b""), (b"FCGI_MAX_CONNS", b""), (b"FCGI_OTHER", b""), (b"FCGI_MAX_REQS", b"")]);
    let told = peer.send(&record(9, 0, &asked)).read_record();
    assert_eq!((told.kind, told.id), (10, 0));
    assert_eq!(told.content, pairs(&[(b"FCGI_MAX_CONNS", b"64"), (b"FCGI_MAX_REQS", b"1"), (b"FCGI_MPXS_CONNS", b"0")]));
    assert_eq!(peer.ask(true, "/echo", b"then").body, b"then");
}

#[test]
fn management_in_the_middle_of_a_request_does_not_disturb_it() {
    let server = Server::start();
    let params = pairs(&[(b"REQUEST_URI", b"/echo")]);
    let mut peer = server.connect();
    peer.send(&[begin(1, true), record(9, 0, b""), stream(4, 1, &params, 4), record(5, 1, b"ab")].concat());
    peer.send(&[record(99, 0, b"odd"), record(5, 1, b"cd"), record(5, 1, b"")].concat());
    assert_eq!(peer.read_record().kind, 10);
    let unknown = peer.read_record();
    assert_eq!((unknown.kind, unknown.content), (11, vec![99, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(peer.answer(1).body, b"abcd");
}

#[test]
fn a_second_request_at_once_is_refused_and_the_first_goes_on() {
    let server = Server::start();
    let params = pairs(&[(b"REQUEST_URI", b"/echo")]);
    let mut peer = server.connect();
    peer.send(&[begin(1, true), begin(2, true), stream(4, 1, &params, 99), stream(4, 2, &params, 99)].concat());
    peer.send(&[record(5, 2, b"theirs"), record(5, 1, b"mine"), begin(3, true), record(5, 1, b"")].concat());
    for id in [2, 3] {
        let refusal = peer.read_record();
        assert_eq!((refusal.kind, refusal.id, refusal.content), (3, id, vec![0, 0, 0, 0, 1, 0, 0, 0]));
    }
    assert_eq!(peer.answer(1).body, b"mine");
}

#[test]
fn other_roles_are_refused() {
    let server = Server::start();
    for role in [0, 2, 3, 9] {
        let mut peer = server.connect();
        let end = peer.send(&record(1, 5, &[0, role, 1, 0, 0, 0, 0, 0])).read_record();
        assert_eq!((end.kind, end.id, end.content), (3, 5, vec![0, 0, 0, 0, 3, 0, 0, 0]));
        assert_eq!(peer.send(&request(6, true, "/echo", b"x")).answer(6).body, b"x");
    }
}
