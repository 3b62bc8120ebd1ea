//! The state machine that the checker walks: writers, clients, a wall clock and the faults between them.

use super::protocol::{Ask, CHANGES, Client, Row, Store, Tick, answer};
use super::rules::{Fetch, Locking, Own, Reset, Rules, Stamps, Step};
use stateright::{Model, Property};

/// How a client begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From nothing: `since` is before everything.
    Zero,
    /// A `since` from the phone's own clock; the first answer gives the cursor, then the lists are read.
    PollThenLoad(Tick),
    /// The lists are read, then a poll with a `since` from the phone's own clock.
    LoadThenPoll(Tick),
}

/// One bounded world. The checker visits every state that it can reach.
#[derive(Debug, Clone)]
pub struct World {
    pub rules: Rules,
    /// Transactions of each writer.
    pub writers: Vec<u8>,
    /// Clients do not touch the store, so one stands for all; a second is there to show it.
    pub clients: usize,
    pub start: Start,
    /// The latest instant of the wall clock.
    pub wall: Tick,
    /// The wall clock may be set back.
    pub set_back: bool,
    /// Polls may read any snapshot that was ever committed.
    pub replicas: bool,
    /// Tombstones may be purged, up to any horizon behind the clock.
    pub purges: bool,
    /// A backup may be restored this many times.
    pub restores: u8,
}

/// A writer's process. One that is killed begins its transaction anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Writer {
    left: u8,
    /// Index of the next step in the program.
    next: usize,
    now: Tick,
    stamp: Tick,
    /// Index into [`CHANGES`].
    change: usize,
    /// The clock that a certified transaction builds on.
    base: Tick,
}

/// Where a client stands in its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    New,
    Half,
    Ready,
}

/// A state of the world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub wall: Tick,
    pub store: Store,
    /// Index of the writer that holds the tenant's lock.
    lock: Option<usize>,
    pub writers: Vec<Writer>,
    pub clients: Vec<(Phase, Client)>,
    /// The snapshot after each commit of this epoch, the empty store first: for replicas, backups and the properties.
    pub history: Vec<Store>,
    commits: u8,
}

/// A step of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The wall clock shows another time.
    Wall(Tick),
    /// A writer's next step; [`Step::Write`] chooses among [`CHANGES`].
    Step(usize, Step, usize),
    /// kill -9.
    Kill(usize),
    /// A client polls the store.
    Poll(usize),
    /// A client polls replicas: the feed from one snapshot, separately fetched objects from another.
    PollReplica(usize, usize, usize),
    /// A client reads the lists.
    Load(usize),
    /// Tombstones up to here are purged.
    Purge(Tick),
    /// The backup made after this many commits is put back.
    Restore(usize),
}

impl World {
    /// The steps that a writer may take, and the end of its process.
    fn writer_actions(&self, state: &State, actions: &mut Vec<Act>) {
        for (w, writer) in state.writers.iter().enumerate().filter(|(_, writer)| writer.left > 0) {
            let step = self.rules.program[writer.next];
            let waits = step == Step::Lock && self.rules.locking == Locking::Exclusive && state.lock.is_some();
            let choices = if step == Step::Write { CHANGES.len() } else { 1 };
            if !waits {
                actions.extend((0..choices).map(|choice| Act::Step(w, step, choice)));
            }
            if writer.next > 0 {
                actions.push(Act::Kill(w));
            }
        }
    }

    fn client_actions(&self, state: &State, actions: &mut Vec<Act>) {
        for (c, (phase, _)) in state.clients.iter().enumerate() {
            match (phase, self.start) {
                (Phase::Half, Start::PollThenLoad(_)) | (Phase::New, Start::LoadThenPoll(_)) => actions.push(Act::Load(c)),
                _ => actions.push(Act::Poll(c)),
            }
            if self.replicas && *phase == Phase::Ready {
                let fetched = if self.rules.fetch == Fetch::Included { 1 } else { state.history.len() };
                let pairs = (0..state.history.len()).flat_map(|feed| (0..fetched).map(move |objects| (feed, objects)));
                actions.extend(pairs.map(|(feed, objects)| Act::PollReplica(c, feed, objects)));
            }
        }
    }

    fn step(&self, state: &mut State, w: usize, step: Step, choice: usize) {
        let (rules, clock) = (&self.rules, state.store.clock);
        let writer = &mut state.writers[w];
        writer.next += 1;
        match step {
            Step::Now => writer.now = state.wall,
            Step::Stamp => writer.stamp = state.store.stamp(rules.stamping, writer.now),
            Step::Write => writer.change = choice,
            Step::Lock => {
                writer.base = if rules.locking == Locking::Certified { clock } else { 0 };
                state.lock = (rules.locking == Locking::Exclusive).then_some(w);
            }
            Step::Commit => self.commit(state, w),
        }
    }

    fn commit(&self, state: &mut State, w: usize) {
        let writer = state.writers[w].clone();
        let refused = self.rules.locking == Locking::Certified && writer.base != state.store.clock;
        end(state, w);
        if refused {
            return;
        }
        state.writers[w].left -= 1;
        state.commits += 1;
        let change = &CHANGES[writer.change];
        let stamps = state.store.apply(self.rules.stamps, change, writer.stamp, state.commits);
        state.history.push(state.store.clone());
        // The first writer is the first client's own device, which is given its answer at once.
        let (phase, client) = &mut state.clients[0];
        if w == 0 && *phase == Phase::Ready && client.epoch == state.store.epoch {
            client.wrote(&self.rules, change, &stamps, state.commits);
        }
    }

    fn poll(&self, state: &mut State, c: usize, feed: &Store, objects: &Store) {
        let (phase, client) = &mut state.clients[c];
        client.poll(&self.rules, feed, objects, state.wall);
        // A `since` that the client made up is no cursor yet.
        client.went_back &= *phase == Phase::Ready;
        *phase = match (*phase, self.start) {
            (Phase::New, Start::PollThenLoad(_)) => Phase::Half,
            _ => Phase::Ready,
        };
    }

    /// Puts a backup back. Processes are stopped for it; replicas are made anew from it.
    fn restore(&self, state: &mut State, commits: usize) {
        (0..state.writers.len()).for_each(|w| end(state, w));
        let epoch = state.store.epoch + 1;
        state.history.truncate(commits + 1);
        if self.rules.new_epoch {
            state.history.iter_mut().for_each(|snapshot| snapshot.epoch = epoch);
        }
        if let Some(backup) = state.history.last() {
            state.store = backup.clone();
        }
    }
}

/// Ends a writer's transaction, whether it was committed or killed: its lock is free, its next one begins at the beginning.
fn end(state: &mut State, w: usize) {
    state.writers[w] = Writer { left: state.writers[w].left, ..Writer::default() };
    if state.lock == Some(w) {
        state.lock = None;
    }
}

/// The clients that the properties speak of: past their start, and not yet to learn of a restore.
fn ready(state: &State) -> impl Iterator<Item = &Client> {
    state.clients.iter().filter(|(phase, c)| *phase == Phase::Ready && c.epoch == state.store.epoch).map(|(_, client)| client)
}

/// (a) Every client, whenever it polls on, ends up with what the store holds.
pub const NOTHING_LOST: &str = "nothing is lost";
/// (a) A client whose last answer left nothing out shows the store as of its cursor.
pub const EXACT: &str = "a settled client shows the store as of its cursor";
/// (b) Stamps strictly increase in the order of commits.
pub const ORDERED: &str = "stamps increase as commits";
/// (c) A cursor never goes backwards.
pub const FORWARD: &str = "a cursor never goes backwards";
/// (d) No page ends inside a stamp.
pub const WHOLE: &str = "pages never split a stamp";

fn nothing_lost(world: &World, state: &State) -> bool {
    ready(state).all(|client| client.catches_up(&world.rules, &state.store, state.wall))
}

fn exact(world: &World, state: &State) -> bool {
    let as_of = |cursor| state.history.iter().rfind(|snapshot| snapshot.clock <= cursor);
    ready(state)
        .filter(|client| client.settled)
        .all(|client| as_of(client.cursor).is_some_and(|s| s.view(&world.rules) == client.view))
}

fn ordered(_: &World, state: &State) -> bool {
    let within = |snapshot: &Store| snapshot.rows.iter().all(|row| row.stamp <= snapshot.clock);
    state.history.windows(2).all(|pair| pair[0].clock < pair[1].clock) && state.history.iter().all(within)
}

fn forward(_: &World, state: &State) -> bool {
    ready(state).all(|client| !client.went_back)
}

fn whole(world: &World, state: &State) -> bool {
    let splits = |since| {
        let page = answer(&world.rules, &state.store, &Ask { since, ..Ask::default() }, state.wall);
        if page.keyed.is_some() {
            return false;
        }
        let Some((_, last)) = page.rows.last() else { return false };
        let told = |object| !world.rules.asks(object) || page.rows.iter().any(|(o, _)| *o == object);
        state.store.rows.iter().enumerate().any(|(o, row)| row.content > 0 && row.stamp == last.stamp && !told(o))
    };
    !(0..=state.store.clock).any(splits)
}

/// What must have happened somewhere for the check to mean anything.
fn witnesses(world: &World) -> Vec<Property<World>> {
    let mut list = vec![
        Property::sometimes("all is written and polled", |world: &World, s: &State| {
            let knows_all = |c: &Client| c.settled && c.view == s.store.view(&world.rules) && c.cursor > 0;
            s.writers.iter().all(|w| w.left == 0) && ready(s).any(knows_all)
        }),
        Property::sometimes("one transaction writes two objects", |world: &World, s: &State| {
            let last = s.store.rows[0];
            let apart = if world.rules.stamps == Stamps::One { 0 } else { 1 };
            last.content > 0 && s.store.rows[1] == Row { stamp: last.stamp + apart, ..last }
        }),
    ];
    if world.rules.limit.is_some() {
        list.push(Property::sometimes("a page leaves more", |_, s: &State| ready(s).any(|c| c.cursor > 0 && !c.settled)));
    }
    if world.set_back {
        list.push(Property::sometimes("the wall clock is behind the clock", |_, s: &State| s.wall + 1 < s.store.clock));
    }
    if world.purges {
        list.push(Property::sometimes("a client is reset", |_, s: &State| ready(s).any(|c| c.was_reset && c.settled)));
    }
    if world.purges && matches!(world.rules.reset, Reset::ByKey(_)) && world.rules.limit.is_some() {
        list.push(Property::sometimes("a reset has pages", |_, s: &State| ready(s).any(|c| c.had_pages && c.settled)));
    }
    if world.rules.own != Own::Told {
        list.push(Property::sometimes("own writes are left out", |_, s: &State| ready(s).any(|c| c.left_out && c.settled)));
    }
    if world.restores > 0 {
        list.push(Property::sometimes("a client learns of a restore", |_, s: &State| ready(s).any(|c| c.epoch > 0 && c.settled)));
    }
    list
}

impl Model for World {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        let (phase, cursor) = match self.start {
            Start::Zero => (Phase::Ready, 0),
            Start::PollThenLoad(since) | Start::LoadThenPoll(since) => (Phase::New, since),
        };
        vec![State {
            wall: 1,
            store: Store::default(),
            lock: None,
            writers: self.writers.iter().map(|left| Writer { left: *left, ..Writer::default() }).collect(),
            clients: vec![(phase, Client { cursor, ..Client::default() }); self.clients],
            history: vec![Store::default()],
            commits: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Act>) {
        let earliest = if self.set_back { 1 } else { state.wall };
        actions.extend((earliest..=self.wall).filter(|t| *t != state.wall).map(Act::Wall));
        self.writer_actions(state, actions);
        self.client_actions(state, actions);
        if self.purges && state.lock.is_none() {
            actions.extend((state.store.horizon + 1..=state.store.clock).map(Act::Purge));
        }
        if state.store.epoch < self.restores {
            actions.extend((0..state.history.len().saturating_sub(1)).map(Act::Restore));
        }
    }

    fn next_state(&self, last: &State, action: Act) -> Option<State> {
        let mut state = last.clone();
        match action {
            Act::Wall(tick) => state.wall = tick,
            Act::Step(w, step, choice) => self.step(&mut state, w, step, choice),
            Act::Kill(w) => end(&mut state, w),
            Act::Poll(c) => self.poll(&mut state, c, &last.store, &last.store),
            Act::PollReplica(c, feed, objects) => self.poll(&mut state, c, &last.history[feed], &last.history[objects]),
            Act::Load(c) => {
                let (phase, client) = &mut state.clients[c];
                client.view = state.store.view(&self.rules);
                client.settled = false;
                *phase = if *phase == Phase::New { Phase::Half } else { Phase::Ready };
            }
            Act::Purge(horizon) => state.store.purge(horizon),
            Act::Restore(commits) => self.restore(&mut state, commits),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<World>> {
        let mut list = witnesses(self);
        list.extend([
            Property::always(NOTHING_LOST, nothing_lost),
            Property::always(EXACT, exact),
            Property::always(ORDERED, ordered),
            Property::always(FORWARD, forward),
            Property::always(WHOLE, whole),
        ]);
        list
    }
}
