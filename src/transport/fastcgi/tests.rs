//! The record stream over a real socket pair: arbitrary bytes, and the same request however it is cut up.

use super::connection::Connection;
use super::params::push_pair;
use super::record::{self, push_header};
use super::request::{self, BodyState, Params, Stdin};
use super::wire::{Input, Wire};
use crate::http::Vars;
use proptest::collection::vec;
use proptest::prelude::*;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A request as it was received: its variables, its body and what became of that.
type Received = (Vec<(Vec<u8>, Vec<u8>)>, Vec<u8>, BodyState);

/// What came of bytes; nothing when no request was complete.
fn receive(bytes: &[u8], reads: usize) -> Option<Received> {
    let (mut peer, ours) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    peer.write_all(bytes).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let wire = Wire::new(ours.into(), Duration::from_secs(5));
    let (mut input, mut block, mut vars) = (Input::default(), Vec::new(), Vars::default());
    wire.fill(&mut input).ok()?;
    let mut connection = Connection::new(&wire, &mut input);
    let request = request::receive(&mut connection, &mut block, &mut vars).ok()??;
    let mut body = Vec::new();
    let mut stdin = Stdin::new(&mut connection, request.id);
    let mut piece = vec![0; reads];
    while let Ok(read @ 1..) = stdin.read(&mut piece) {
        body.extend_from_slice(&piece[..read]);
    }
    let list = vars.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    (request.params == Params::Complete).then(|| (list, body, stdin.drain()))
}

/// A stream as records cut at the given lengths, with padding.
fn stream(out: &mut Vec<u8>, kind: u8, content: &[u8], cuts: &[(usize, u8)]) {
    let mut rest = content;
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let &(length, padding) = cuts.next().unwrap();
        let (piece, tail) = rest.split_at(length.min(rest.len()));
        push_header(out, kind, 7, piece.len());
        let at = out.len() - 2;
        out[at] = padding;
        out.extend_from_slice(piece);
        out.resize(out.len() + usize::from(padding), 0xAA);
        rest = tail;
    }
    push_header(out, kind, 7, 0);
}

fn cuts() -> impl Strategy<Value = Vec<(usize, u8)>> {
    vec((1usize..5000, any::<u8>()), 1..6)
}

proptest! {
    #[test]
    fn a_request_is_the_same_however_it_is_cut(
        list in vec((vec(any::<u8>(), 1..200), vec(any::<u8>(), 0..300)), 0..12),
        body in vec(any::<u8>(), 0..20_000), cut_params in cuts(), cut_body in cuts(), reads in 1usize..9000,
    ) {
        let mut block = Vec::new();
        list.iter().for_each(|(name, value)| push_pair(&mut block, name, value));
        let mut bytes = Vec::new();
        push_header(&mut bytes, record::BEGIN_REQUEST, 7, 8);
        bytes.extend_from_slice(&[0, 1, 1, 0, 0, 0, 0, 0]);
        stream(&mut bytes, record::PARAMS, &block, &cut_params);
        stream(&mut bytes, record::STDIN, &body, &cut_body);
        // A socket pair holds some 200 KiB; more would wait for a reader.
        prop_assume!(bytes.len() < 150_000);
        prop_assert_eq!(receive(&bytes, reads), Some((list, body, BodyState::Ended)));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..4000)) {
        receive(&bytes, 100);
    }

    #[test]
    fn arbitrary_records_never_panic(records in vec((0u8..12, 0u16..3, vec(any::<u8>(), 0..60)), 0..40)) {
        let mut bytes = Vec::new();
        for (kind, id, content) in &records {
            push_header(&mut bytes, *kind, *id, content.len());
            bytes.extend_from_slice(content);
        }
        receive(&bytes, 10);
    }
}
