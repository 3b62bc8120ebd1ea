//! The clock protocol, checked exhaustively: every interleaving of writers, clients, kills, purges, restores and wall clocks in a bounded world.
//!
//! What must hold in every state that can be reached:
//!
//! | | property | in words |
//! |---|---|---|
//! | a | [`NOTHING_LOST`] | a client that polls on until nothing is left out shows exactly what the store holds |
//! | a | [`EXACT`] | a client whose last answer left nothing out shows the store as it was at its cursor |
//! | b | [`ORDERED`] | stamps strictly increase in the order of commits |
//! | c | [`FORWARD`] | a cursor never goes backwards |
//! | d | [`WHOLE`] | no page ends inside a stamp |
//!
//! Where each rule of the protocol comes from, and what it would lose in its popular form:
//!
//! | rule | broken form | its test |
//! |---|---|---|
//! | the stamp is chosen under the tenant's lock | before it | [`stamp_before_lock_loses`] |
//! | stamp = max(now, clock + 1) | stamp = now | [`stamp_of_now_loses_when_set_back`], [`stamp_of_now_loses_within_a_tick`] |
//! | write transactions of a tenant exclude each other | they do not | [`no_lock_loses`] |
//! | `server_time` is the tenant's clock in the poll's snapshot | the wall clock | [`server_time_of_the_wall_loses`] |
//! | … even where `since` is later | the later of the two | [`echo_of_a_made_up_since_loses`] |
//! | a page ends after a stamp | anywhere | [`split_stamp_loses`] |
//! | a cursor older than the horizon is reset | purged in silence | [`purge_without_reset_loses`] |
//! | the first page of a reset reaches the horizon | ends anywhere | [`cut_reset_never_ends`] |
//! | a reset by key goes on from the clock of its first page | of its last | [`last_clock_of_pages_by_key_loses`] |
//! | … and its pages come from no snapshot before that | from any | [`older_page_by_key_loses`] |
//! | a transaction's last stamp is the clock | its first | [`uncounted_stamps_lose`] |
//! | own writes are left out before a page is cut | after | [`own_writes_left_out_of_a_page_lose`] |
//! | … by a snapshot that has them | by any | [`own_writes_and_an_older_snapshot_lose`] |
//! | … and named by who has carried out all that they did | a part | [`own_writes_half_done_lose`] |
//! | a restore changes the epoch | it does not | [`restore_without_epoch_loses`] |
//! | objects come with the feed | from a staler replica | [`stale_fetch_loses`] |
//! | a page is cut from the lists that were asked for | cut from all, then thinned out | [`thinned_page_loses`] |
//! | a client first polls, then reads the lists | the other way round, with a fast clock | [`load_then_poll_loses`], [`overlap_mends_load_then_poll`] |
//!
//! On replicas: a client that adopts every `server_time` loses nothing, but on a staler replica its cursor goes back and changes are told again
//! ([`replicas_lose_nothing`]); one that keeps the later of its cursor and `server_time` is exact as well ([`replicas_with_latest_cursor`]), if that cursor came from the server
//! ([`latest_cursor_of_a_made_up_since_loses`]).
//!
//! What becomes of uploads that are repeated late, or that a restore comes between: [`uploads`].
//! A poll that does not open the database: [`hints`].

mod hints;
mod machine;
mod protocol;
mod rules;
mod uploads;

use machine::{Act, EXACT, FORWARD, NOTHING_LOST, ORDERED, Start, WHOLE, World};
use protocol::*;
use rules::*;
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;

/// Every property that must hold.
const ALWAYS: &[&str] = &[NOTHING_LOST, EXACT, ORDERED, FORWARD, WHOLE];

/// A `since` from a phone whose clock is far ahead: later than any stamp of these worlds.
const FAST_PHONE: Tick = 9;

/// Two processes with two transactions each, and a wall clock that may be set back.
fn world(rules: Rules) -> World {
    let start = Start::Zero;
    World { rules, writers: vec![2, 2], clients: 1, start, wall: 3, set_back: true, replicas: false, purges: false, restores: 0 }
}

/// The same with three transactions, for worlds that have more else to explore.
fn small(rules: Rules) -> World {
    World { writers: vec![1, 2], wall: 2, ..world(rules) }
}

/// Explores the whole world: exactly the properties in `broken` fail, every witness is found, and there are at least `states` states.
fn explore(world: World, states: usize, broken: &[&str]) {
    let checker = world.checker().spawn_bfs().join();
    let found = checker.discoveries();
    let failed: BTreeSet<_> = ALWAYS.iter().copied().filter(|name| found.contains_key(name)).collect();
    let paths: Vec<_> =
        found.into_iter().filter(|(name, _)| failed.contains(name)).map(|(name, path)| (name, path.into_actions())).collect();
    assert_eq!(failed, broken.iter().copied().collect(), "{paths:?}");
    for property in checker.model().properties().iter().filter(|property| !ALWAYS.contains(&property.name)) {
        assert!(checker.discovery(property.name).is_some(), "never seen: {}", property.name);
    }
    assert!(checker.is_done());
    assert!(checker.unique_state_count() >= states, "only {} states", checker.unique_state_count());
}

/// All properties hold.
fn holds(world: World, states: usize) {
    explore(world, states, &[]);
}

/// The steps to the first state of a path where `property` does not hold; there must be one.
fn counterexample(world: World, property: &'static str) -> Vec<Act> {
    let until = HasDiscoveries::AllOf([property].into());
    let checker = world.checker().finish_when(until).spawn_bfs().join();
    let path = checker.assert_any_discovery(property).into_vec();
    let condition = checker.model().property(property).condition;
    let length = path.iter().position(|(state, _)| !condition(checker.model(), state));
    path.into_iter().take(length.unwrap_or(0)).filter_map(|(_, action)| action).collect()
}

#[test]
fn one_lock() {
    holds(world(TANDEM), 341_000);
}

#[test]
fn now_read_before_the_lock() {
    holds(World { wall: 3, ..small(Rules { program: NOW_BEFORE_LOCK, ..TANDEM }) }, 71_000);
}

#[test]
fn two_clients() {
    holds(World { clients: 2, ..small(TANDEM) }, 52_000);
}

#[test]
fn pages_of_one() {
    holds(world(Rules { limit: Some(1), ..TANDEM }), 392_000);
}

/// A client of one list, between changes of another. Its pages are those of a tenant that has no other list.
#[test]
fn some_lists() {
    holds(world(Rules { lists: Lists::FirstBeforeCut, ..TANDEM }), 341_000);
    holds(World { purges: true, ..small(Rules { lists: Lists::FirstBeforeCut, ..TANDEM }) }, 142_000);
}

#[test]
fn purged_tombstones() {
    holds(World { purges: true, ..small(Rules { limit: Some(1), ..TANDEM }) }, 154_000);
}

#[test]
fn restored_backup() {
    holds(World { restores: 1, purges: true, ..small(Rules { limit: Some(1), ..TANDEM }) }, 242_000);
}

const BY_KEY: Rules = Rules { reset: Reset::ByKey(Keyed::FirstClock), limit: Some(1), ..TANDEM };
const CONSECUTIVE: Rules = Rules { stamps: Stamps::Consecutive, ..TANDEM };
const OWN: Rules = Rules { own: Own::Named, ..TANDEM };

#[test]
fn reset_in_pages_by_key() {
    holds(World { purges: true, ..small(BY_KEY) }, 154_000);
    holds(World { purges: true, ..small(Rules { stamps: Stamps::Consecutive, ..BY_KEY }) }, 154_000);
}

#[test]
fn reset_in_pages_by_key_and_a_restored_backup() {
    holds(World { purges: true, restores: 1, ..small(BY_KEY) }, 242_000);
}

/// As [`replicas_with_latest_cursor_and_pages`]: a page from a newer snapshot is ahead of its cursor, too.
#[test]
fn reset_in_pages_by_key_on_replicas() {
    let rules = Rules { cursor: Cursor::KeepsLatest, ..BY_KEY };
    explore(World { replicas: true, purges: true, ..small(rules) }, 162_000, &[EXACT]);
}

#[test]
fn consecutive_stamps() {
    holds(world(CONSECUTIVE), 318_000);
    holds(World { purges: true, ..small(Rules { limit: Some(1), ..CONSECUTIVE }) }, 100_000);
}

/// No change of another is ever left out.
#[test]
fn own_writes() {
    holds(world(OWN), 341_000);
    holds(World { purges: true, ..small(Rules { limit: Some(1), ..OWN }) }, 154_000);
    holds(World { restores: 1, ..small(Rules { stamps: Stamps::Consecutive, ..OWN }) }, 40_000);
    holds(World { purges: true, ..small(Rules { own: Own::Named, stamps: Stamps::Consecutive, ..BY_KEY }) }, 154_000);
}

#[test]
fn own_writes_on_replicas() {
    let rules = Rules { cursor: Cursor::KeepsLatest, ..OWN };
    explore(World { replicas: true, ..small(rules) }, 17_000, &[]);
}

#[test]
fn last_clock_of_pages_by_key_loses() {
    let rules = Rules { reset: Reset::ByKey(Keyed::LastClock), ..BY_KEY };
    counterexample(World { purges: true, ..small(rules) }, NOTHING_LOST);
}

#[test]
fn older_page_by_key_loses() {
    let rules = Rules { reset: Reset::ByKey(Keyed::AnySnapshot), cursor: Cursor::KeepsLatest, ..BY_KEY };
    counterexample(World { replicas: true, purges: true, ..small(rules) }, NOTHING_LOST);
}

#[test]
fn uncounted_stamps_lose() {
    counterexample(small(Rules { stamps: Stamps::Uncounted, ..TANDEM }), ORDERED);
}

#[test]
fn own_writes_left_out_of_a_page_lose() {
    let rules = Rules { own: Own::AfterCut, limit: Some(1), ..TANDEM };
    counterexample(small(rules), NOTHING_LOST);
}

#[test]
fn own_writes_and_an_older_snapshot_lose() {
    let rules = Rules { own: Own::AnySnapshot, cursor: Cursor::KeepsLatest, ..TANDEM };
    counterexample(World { replicas: true, ..small(rules) }, NOTHING_LOST);
}

#[test]
fn own_writes_half_done_lose() {
    counterexample(small(Rules { own: Own::HalfDone, ..TANDEM }), NOTHING_LOST);
}

#[test]
fn fast_phone_polls_first() {
    holds(World { start: Start::PollThenLoad(FAST_PHONE), ..small(TANDEM) }, 40_000);
}

#[test]
fn replicas_lose_nothing() {
    let rules = Rules { limit: Some(1), ..TANDEM };
    explore(World { replicas: true, purges: true, ..small(rules) }, 489_000, &[EXACT, FORWARD]);
}

#[test]
fn replicas_with_latest_cursor() {
    let rules = Rules { cursor: Cursor::KeepsLatest, ..TANDEM };
    holds(World { replicas: true, purges: true, ..small(rules) }, 142_000);
}

/// A staler replica may say "nothing more" between two pages: what moved past the page is still to come, and comes.
#[test]
fn replicas_with_latest_cursor_and_pages() {
    let rules = Rules { limit: Some(1), cursor: Cursor::KeepsLatest, ..TANDEM };
    explore(World { replicas: true, purges: true, ..small(rules) }, 162_000, &[EXACT]);
}

/// An echo of `since` is right for a cursor that the server gave, and for no other ([`echo_of_a_made_up_since_loses`]).
#[test]
fn replicas_that_echo_a_given_cursor() {
    let rules = Rules { server_time: ServerTime::ClockOrSince, ..TANDEM };
    holds(World { replicas: true, purges: true, ..small(rules) }, 142_000);
}

#[test]
fn galera_nodes() {
    let rules = Rules { locking: Locking::Certified, program: NOW_BEFORE_LOCK, cursor: Cursor::KeepsLatest, ..TANDEM };
    holds(World { replicas: true, ..small(rules) }, 72_000);
}

#[test]
fn replicas_with_checked_fetch() {
    let rules = Rules { fetch: Fetch::SeparateChecked, cursor: Cursor::KeepsLatest, ..TANDEM };
    // The fetched object may be newer than the feed: the client is ahead of its cursor, which costs nothing.
    explore(World { replicas: true, purges: true, ..small(rules) }, 169_000, &[EXACT]);
}

/// The protocol that everybody copies, and the interleaving that breaks it: stamped, polled, only then committed.
#[test]
fn stamp_before_lock_loses() {
    let popular = Rules { program: STAMP_BEFORE_LOCK, stamping: Stamping::Now, server_time: ServerTime::Wall, ..TANDEM };
    let steps = counterexample(World { set_back: false, ..small(popular) }, NOTHING_LOST);
    let loser = steps.iter().rev().find_map(|act| if let Act::Step(w, Step::Commit, _) = act { Some(*w) } else { None });
    assert!(matches!(steps.last(), Some(Act::Step(_, Step::Commit, _))), "{steps:?}");
    let stamped = steps.iter().rposition(|act| loser.is_some_and(|w| *act == Act::Step(w, Step::Stamp, 0)));
    let polled = steps.iter().rposition(|act| matches!(act, Act::Poll(_)));
    assert!(stamped.is_some() && stamped < polled, "{steps:?}");
}

#[test]
fn stamp_before_lock_loses_with_any_server_time() {
    let rules = Rules { program: STAMP_BEFORE_LOCK, stamping: Stamping::Now, ..TANDEM };
    counterexample(World { set_back: false, ..small(rules) }, NOTHING_LOST);
    counterexample(World { set_back: false, ..small(rules) }, ORDERED);
}

#[test]
fn stamp_of_now_loses_when_set_back() {
    let steps = counterexample(small(Rules { stamping: Stamping::Now, ..TANDEM }), NOTHING_LOST);
    assert!(steps.iter().any(|act| matches!(act, Act::Poll(_))), "{steps:?}");
}

#[test]
fn stamp_of_now_loses_within_a_tick() {
    let world = World { set_back: false, wall: 1, ..small(Rules { stamping: Stamping::Now, ..TANDEM }) };
    counterexample(world.clone(), NOTHING_LOST);
    counterexample(world, ORDERED);
}

#[test]
fn no_lock_loses() {
    let world = World { set_back: false, ..small(Rules { locking: Locking::None, ..TANDEM }) };
    counterexample(world.clone(), NOTHING_LOST);
    counterexample(world, ORDERED);
}

#[test]
fn server_time_of_the_wall_loses() {
    let world = World { set_back: false, ..small(Rules { server_time: ServerTime::Wall, ..TANDEM }) };
    counterexample(world, NOTHING_LOST);
}

#[test]
fn echo_of_a_made_up_since_loses() {
    let rules = Rules { server_time: ServerTime::ClockOrSince, ..TANDEM };
    counterexample(World { start: Start::PollThenLoad(FAST_PHONE), ..small(rules) }, NOTHING_LOST);
}

#[test]
fn split_stamp_loses() {
    let world = small(Rules { paging: Paging::AnyRow, limit: Some(1), ..TANDEM });
    counterexample(world.clone(), NOTHING_LOST);
    counterexample(world, WHOLE);
}

#[test]
fn thinned_page_loses() {
    counterexample(small(Rules { lists: Lists::FirstAfterCut, limit: Some(1), ..TANDEM }), NOTHING_LOST);
}

#[test]
fn purge_without_reset_loses() {
    let rules = Rules { reset: Reset::Never, ..TANDEM };
    counterexample(World { purges: true, ..small(rules) }, NOTHING_LOST);
}

#[test]
fn cut_reset_never_ends() {
    let rules = Rules { reset: Reset::CutAnywhere, limit: Some(1), ..TANDEM };
    counterexample(World { purges: true, ..small(rules) }, NOTHING_LOST);
}

#[test]
fn restore_without_epoch_loses() {
    let rules = Rules { new_epoch: false, ..TANDEM };
    counterexample(World { restores: 1, ..small(rules) }, NOTHING_LOST);
}

#[test]
fn stale_fetch_loses() {
    let rules = Rules { fetch: Fetch::Separate, ..TANDEM };
    counterexample(World { replicas: true, ..small(rules) }, NOTHING_LOST);
}

#[test]
fn load_then_poll_loses() {
    counterexample(World { start: Start::LoadThenPoll(FAST_PHONE), ..small(TANDEM) }, NOTHING_LOST);
}

/// Whoever keeps the latest cursor must still take the first `server_time` as it is.
#[test]
fn latest_cursor_of_a_made_up_since_loses() {
    let rules = Rules { cursor: Cursor::KeepsLatest, ..TANDEM };
    counterexample(World { start: Start::PollThenLoad(FAST_PHONE), ..small(rules) }, NOTHING_LOST);
}

#[test]
fn load_then_poll_from_before_the_load() {
    holds(World { start: Start::LoadThenPoll(0), ..small(TANDEM) }, 21_000);
}

/// Telling the last day again to a `since` of the future mends that order for clients that adopt `server_time` …
#[test]
fn overlap_mends_load_then_poll() {
    let rules = Rules { future: Future::Overlap(FAST_PHONE), ..TANDEM };
    holds(World { start: Start::LoadThenPoll(FAST_PHONE), ..small(rules) }, 21_000);
    explore(World { replicas: true, purges: true, ..small(rules) }, 374_000, &[EXACT, FORWARD]);
}

/// … but a client that keeps the latest cursor takes an old object from a staler replica for good.
#[test]
fn overlap_on_replicas_loses_with_latest_cursor() {
    let rules = Rules { future: Future::Overlap(FAST_PHONE), cursor: Cursor::KeepsLatest, ..TANDEM };
    counterexample(World { replicas: true, ..small(rules) }, NOTHING_LOST);
}
