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
//! | a proof is of a snapshot in which the state is still the same | of any | [`a_proof_of_another_snapshot_loses`] |

use stateright::{Checker, HasDiscoveries, Model, Property};

/// A random number that no other is equal to.
type Fresh = u8;

#[derive(Debug, Clone, Copy)]
struct Rules {
    seal_is_read: bool,
    seal_is_checked: bool,
    own_commit: bool,
    before_commit: bool,
    stamped: bool,
    same_state: bool,
}

const RULES: Rules =
    Rules { seal_is_read: true, seal_is_checked: true, own_commit: true, before_commit: true, stamped: true, same_state: true };

#[derive(Debug, Clone)]
struct World {
    rules: Rules,
    /// Transactions of the two writers that register.
    writes: [u8; 2],
    /// Of the one that does not.
    foreign: u8,
    polls: u8,
    /// How often a part of the file goes back.
    setbacks: u8,
    /// How often the database does.
    restores: u8,
    kills: u8,
}

/// The database's header: which file, which commit.
type Header = (u8, u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Page {
    generation: Fresh,
    slot: Fresh,
    stamp: Fresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Proof {
    generation: Fresh,
    slot: Fresh,
    clock: u8,
}

/// The hint file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Hints {
    page: Page,
    seal: Option<(Header, Fresh)>,
    proof: Option<Proof>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Step {
    #[default]
    Rests,
    /// Has the lock, and knows the state and the page of before.
    Works,
    Registered,
    Committed,
    /// Knows that it may seal this state.
    Seals(Header),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Writer {
    done: u8,
    step: Step,
    before: Header,
    page: Page,
    everybody: bool,
    news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Look {
    #[default]
    Rests,
    Proof,
    State,
    Page,
    /// May open the database, and prove what it sees there.
    Fits,
    /// What it saw.
    Saw(u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Poller {
    polls: u8,
    look: Look,
    proof: Option<Proof>,
    state: Header,
    /// The clock at the moment that the answer is true of.
    clock: u8,
    page: Page,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct State {
    header: Header,
    clock: u8,
    /// What the clock has reached in any history: a history that is undone does not give its stamps again.
    highest: u8,
    hints: Hints,
    copy: Hints,
    locked: bool,
    fresh: Fresh,
    writers: [Writer; 2],
    pollers: [Poller; 2],
    foreign: u8,
    setbacks: u8,
    restores: u8,
    kills: u8,
    is_lost: bool,
    is_fast: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// A writer's next step; where it works, on something that polls tell, or not.
    Write(usize, bool),
    /// A program that knows nothing of hints commits.
    Foreign,
    Kill(usize),
    Poll(usize),
    /// The file is copied, and later these parts of it go back: page, seal, proof.
    Copy,
    GoBack([bool; 3]),
    /// Another file takes the database's place, which holds something else.
    Restore,
}

impl State {
    fn fresh(&mut self) -> Fresh {
        self.fresh += 1;
        self.fresh
    }

    fn commit(&mut self, news: bool) {
        self.header.1 += 1;
        if news {
            self.highest += 1;
            self.clock = self.highest;
        }
        self.locked = false;
    }

    fn fits(&self, rules: Rules, state: Header, page: Page) -> bool {
        let sealed = self.hints.seal.is_some_and(|(of, stamp)| of == state && (stamp == page.stamp || !rules.stamped));
        sealed || !rules.seal_is_read
    }

    fn begin(&mut self, rules: Rules, w: usize, news: bool) {
        let page = self.hints.page;
        let everybody = !self.fits(Rules { seal_is_read: true, ..rules }, self.header, page) && rules.seal_is_checked;
        self.locked = true;
        let done = self.writers[w].done + 1;
        self.writers[w] = Writer { done, step: Step::Works, before: self.header, page, everybody, news };
    }

    fn register(&mut self, w: usize) {
        let mut page = self.writers[w].page;
        page.stamp = self.fresh();
        if self.writers[w].everybody {
            page.generation = self.fresh();
        } else if self.writers[w].news {
            page.slot = self.fresh();
        }
        (self.writers[w].page, self.hints.page) = (page, page);
    }

    fn write(&mut self, rules: Rules, w: usize, news: bool) {
        let writer = self.writers[w].clone();
        let step = match writer.step {
            Step::Rests => return self.begin(rules, w, news),
            Step::Works if rules.before_commit => {
                self.register(w);
                Step::Registered
            }
            Step::Works => {
                self.commit(writer.news);
                Step::Registered
            }
            Step::Registered if rules.before_commit => {
                self.commit(writer.news);
                Step::Committed
            }
            Step::Registered => {
                self.register(w);
                Step::Committed
            }
            Step::Committed => {
                let follows = self.header == (writer.before.0, writer.before.1 + 1);
                if follows || !rules.own_commit { Step::Seals(self.header) } else { Step::Rests }
            }
            Step::Seals(state) => {
                self.hints.seal = Some((state, writer.page.stamp));
                Step::Rests
            }
        };
        self.writers[w].step = step;
    }

    /// A process ends. What it has not committed is undone.
    fn kill(&mut self, rules: Rules, w: usize) {
        let held =
            matches!(self.writers[w].step, Step::Works) || (self.writers[w].step == Step::Registered && rules.before_commit);
        self.locked &= !held;
        self.writers[w].step = Step::Rests;
        self.kills += 1;
    }

    fn poll(&mut self, rules: Rules, p: usize) {
        let poller = self.pollers[p].clone();
        let look = match poller.look {
            Look::Rests => {
                self.pollers[p] = Poller { polls: poller.polls + 1, proof: self.hints.proof, ..Poller::default() };
                Look::Proof
            }
            Look::Proof => {
                (self.pollers[p].state, self.pollers[p].clock) = (self.header, self.clock);
                Look::State
            }
            Look::State => {
                self.pollers[p].page = self.hints.page;
                Look::Page
            }
            Look::Page => self.decide(rules, &poller),
            // A snapshot in which nobody commits: SQLite's reader holds its lock.
            Look::Fits if self.header == poller.state || !rules.same_state => Look::Saw(self.clock),
            Look::Fits => Look::Rests,
            Look::Saw(clock) => {
                let Page { generation, slot, .. } = poller.page;
                self.hints.proof = Some(Proof { generation, slot, clock });
                Look::Rests
            }
        };
        self.pollers[p].look = look;
    }

    fn decide(&mut self, rules: Rules, poller: &Poller) -> Look {
        if !self.fits(rules, poller.state, poller.page) {
            return Look::Rests;
        }
        let of_page = |proof: &Proof| (proof.generation, proof.slot) == (poller.page.generation, poller.page.slot);
        match poller.proof.filter(of_page) {
            None => Look::Fits,
            Some(proof) => {
                self.is_fast = true;
                self.is_lost |= proof.clock != poller.clock;
                Look::Rests
            }
        }
    }

    fn go_back(&mut self, [page, seal, proof]: [bool; 3]) {
        let copy = self.copy;
        if page {
            self.hints.page = copy.page;
        }
        if seal {
            self.hints.seal = copy.seal;
        }
        if proof {
            self.hints.proof = copy.proof;
        }
        self.setbacks += 1;
        self.end_all();
    }

    fn restore(&mut self) {
        self.header = (self.header.0 + 1, 0);
        self.highest += 1;
        self.clock = self.highest;
        self.restores += 1;
        self.end_all();
    }

    /// No process lives through a loss of power.
    fn end_all(&mut self) {
        self.locked = false;
        self.writers.iter_mut().for_each(|writer| writer.step = Step::Rests);
        self.pollers.iter_mut().for_each(|poller| poller.look = Look::Rests);
    }
}

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
            if poller.polls < self.polls || poller.look != Look::Rests {
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
            Act::Kill(w) => state.kill(self.rules, w),
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

const SMALL: World = World { rules: RULES, writes: [2, 1], foreign: 0, polls: 2, setbacks: 0, restores: 0, kills: 0 };

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
    holds(World { writes: [2, 2], polls: 2, ..SMALL }, 10_000);
}

#[test]
fn a_program_that_does_not_register_and_kills() {
    holds(World { foreign: 1, kills: 1, ..SMALL }, 10_000);
}

#[test]
fn parts_that_go_back_and_another_database() {
    holds(World { writes: [2, 0], foreign: 1, setbacks: 1, restores: 1, polls: 2, ..SMALL }, 10_000);
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
    loses(World { rules: Rules { own_commit: false, ..RULES }, foreign: 1, ..SMALL });
}

#[test]
fn registered_after_the_commit_loses() {
    loses(World { rules: Rules { before_commit: false, ..RULES }, ..SMALL });
}

#[test]
fn a_seal_without_a_stamp_loses() {
    loses(World { rules: Rules { stamped: false, ..RULES }, setbacks: 1, ..SMALL });
}

#[test]
fn a_proof_of_another_snapshot_loses() {
    loses(World { rules: Rules { same_state: false, ..RULES }, ..SMALL });
}
