//! The hint file, checked exhaustively: writers that register what they do, a program that does not, pollers with and without a proof, kills at any
//! point, parts of the file that go back (a loss of power, a restore) and a database that does. One tenant, one session.
//!
//! | rule | broken form | its test |
//! |---|---|---|
//! | a poll believes a sealed page alone | any page | [`an_unsealed_page_believed_loses`] |
//! | a writer that finds no seal forgets all proofs | it goes on from the page | [`an_unchecked_seal_loses`] |
//! | the seal is written for one's own commit | for whatever state is there | [`a_seal_of_any_state_loses`] |
//! | a change is registered before its commit | after it | [`registered_after_the_commit_loses`] |
//! | the seal names the page's stamp | the state alone | [`a_seal_without_a_stamp_loses`] |

mod protocol;

use protocol::*;
use stateright::{Checker, HasDiscoveries, Model, Property};

const KEPT: &str = "a poll that is answered from the hint is answered as the database would";
const FAST: &str = "a poll is answered from the hint";

impl Model for World {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Act>) {
        for (w, writer) in state.writers.iter().enumerate() {
            match writer.step {
                Step::Rests if writer.done < self.writes[w] && !state.locked => {
                    actions.extend([Act::Write(w, true), Act::Write(w, false)]);
                }
                Step::Rests => {}
                _ => actions.push(Act::Write(w, true)),
            }
            if writer.step != Step::Rests && state.kills < self.kills {
                actions.push(Act::Kill(w));
            }
        }
        if state.foreign < self.foreign && !state.locked {
            actions.push(Act::Foreign);
        }
        for (p, poller) in state.pollers.iter().enumerate() {
            if poller.polls < self.polls[p] || poller.look != Look::Rests {
                actions.push(Act::Poll(p));
            }
        }
        if state.setbacks < self.setbacks {
            actions.push(Act::Copy);
            let bits = |n: u8| Act::GoBack([n & 1 != 0, n & 2 != 0, n & 4 != 0]);
            actions.extend((1..8).map(bits));
        }
        if state.restores < self.restores {
            actions.push(Act::Restore);
        }
    }

    fn next_state(&self, last: &State, action: Act) -> Option<State> {
        let mut state = last.clone();
        match action {
            Act::Write(w, news) => state.write(self.rules, w, news),
            Act::Foreign => {
                state.commit(true);
                state.foreign += 1;
            }
            Act::Kill(w) => state.kill(w),
            Act::Poll(p) => state.poll(self.rules, p),
            Act::Copy => state.copy = state.hints,
            Act::GoBack(parts) => state.go_back(parts),
            Act::Restore => state.restore(),
        }
        Some(state).filter(|state| state != last)
    }

    fn properties(&self) -> Vec<Property<World>> {
        vec![
            Property::always(KEPT, |_, state: &State| !state.is_lost),
            Property::sometimes(FAST, |_, state: &State| state.is_fast),
        ]
    }
}

const SMALL: World = World { rules: RULES, writes: [2, 0], foreign: 0, polls: [2, 0], setbacks: 0, restores: 0, kills: 0 };

fn holds(world: World, states: usize) {
    let checker = world.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() >= states, "only {} states", checker.unique_state_count());
}

fn loses(world: World) {
    let checker = world.checker().finish_when(HasDiscoveries::AllOf([KEPT].into())).spawn_bfs().join();
    checker.assert_any_discovery(KEPT);
}

#[test]
fn writers_and_pollers() {
    holds(World { writes: [2, 1], polls: [3, 0], ..SMALL }, 10_000);
    holds(World { writes: [2, 0], polls: [2, 1], ..SMALL }, 10_000);
}

#[test]
fn a_program_that_does_not_register_and_kills() {
    holds(World { foreign: 1, kills: 1, polls: [3, 0], ..SMALL }, 5_000);
    holds(World { writes: [1, 1], foreign: 1, ..SMALL }, 5_000);
}

#[test]
fn parts_that_go_back_and_another_database() {
    holds(World { foreign: 1, setbacks: 1, ..SMALL }, 10_000);
    holds(World { foreign: 1, restores: 1, ..SMALL }, 5_000);
}

#[test]
fn an_unsealed_page_believed_loses() {
    loses(World { rules: Rules { seal_is_read: false, ..RULES }, foreign: 1, ..SMALL });
}

#[test]
fn an_unchecked_seal_loses() {
    loses(World { rules: Rules { seal_is_checked: false, ..RULES }, foreign: 1, ..SMALL });
}

#[test]
fn a_seal_of_any_state_loses() {
    loses(World { rules: Rules { own_commit: false, ..RULES }, writes: [1, 1], foreign: 1, ..SMALL });
}

#[test]
fn registered_after_the_commit_loses() {
    loses(World { rules: Rules { before_commit: false, ..RULES }, ..SMALL });
}

#[test]
fn a_seal_without_a_stamp_loses() {
    loses(World { rules: Rules { stamped: false, ..RULES }, setbacks: 1, ..SMALL });
}
