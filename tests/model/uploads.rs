//! Uploads, checked exhaustively: two devices edit one record offline and send their edits, answers are lost, answers that were kept for
//! retries are forgotten, a backup takes the store's place. The record is one field, and so is each edit.
//!
//! | rule | broken form | its test |
//! |---|---|---|
//! | a restore raises every version above those of the lost time | it does not | [`versions_met_again_lose`] |
//! | a key whose answer was forgotten leaves a trace | it is as if new | [`forgotten_keys_write_twice`] |
//! | what was `already_done` has landed | its device sends it anew | [`done_already_and_sent_again_writes_twice`] |
//! | … and what was edited since has not | its device drops it | [`done_already_and_all_dropped_loses`] |
//! | after `epoch_changed` a device starts over | it sends the same for ever | [`refused_for_ever_loses`] |
//! | … and asks again for what it alone has | it takes what the server has | [`started_over_without_edits_loses`] |

use stateright::{Checker, HasDiscoveries, Model, Property};

/// An edit, by its number; 0 is the record as it was made. It is also the bit of a [`Set`].
type Edit = u8;
/// Edits.
type Set = u16;

const fn bit(edit: Edit) -> Set {
    1 << edit
}

/// What a restore adds to a version: more than there can be in the lost time.
const LOST: u8 = 20;

/// What a device does with what it had sent, and has edited since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// As the product's clients do.
    Right,
    /// Sends it anew, or the same again. Broken.
    Again,
    /// Takes what the server has. Broken.
    Drops,
}

#[derive(Debug, Clone, Copy)]
struct Rules {
    client_wins: bool,
    raises: bool,
    traces: bool,
    already_done: After,
    epoch_changed: After,
}

const RULES: Rules =
    Rules { client_wins: true, raises: true, traces: true, already_done: After::Right, epoch_changed: After::Right };

#[derive(Debug, Clone)]
struct World {
    rules: Rules,
    /// Edits that both devices make together.
    edits: u8,
    restores: u8,
    /// Answers may be forgotten.
    forgets: bool,
}

/// An upload whose key was used: what it was answered, until that is forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Spent {
    key: u8,
    answer: Option<(u8, Edit)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Server {
    epoch: u8,
    version: u8,
    content: Edit,
    spent: Vec<Spent>,
    /// What conflicts keep.
    kept: Set,
    /// What was ever written.
    written: Set,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Upload {
    key: u8,
    epoch: u8,
    version: u8,
    base: Edit,
    content: Edit,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Device {
    epoch: u8,
    version: u8,
    /// What its edit began with, and what it shows.
    base: Edit,
    local: Edit,
    upload: Option<Upload>,
    /// What its person has seen.
    seen: Set,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct State {
    server: Server,
    backup: Option<Server>,
    devices: [Device; 2],
    edits: u8,
    keys: u8,
    restores: u8,
    /// Edits that whoever wrote over them had seen, and those that were acknowledged and lost in a restore.
    replaced: Set,
    gone: Set,
    acknowledged: Set,
    /// Something was written over by who had not seen it, and is kept nowhere.
    is_lost: bool,
    is_twice: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Act {
    Edit(usize),
    /// A device sends; its answer arrives, or is lost.
    Send(usize, bool),
    Poll(usize),
    Forget,
    Backup,
    Restore,
}

enum Reply {
    Taken(u8, Edit),
    AlreadyDone,
    EpochChanged,
}

impl State {
    fn edit(&mut self, d: usize) {
        self.edits += 1;
        let device = &mut self.devices[d];
        // What is shown and was not sent yet is the person's own.
        let is_sent = device.upload.as_ref().is_some_and(|upload| upload.content == device.local);
        self.replaced |= if device.local != device.base && !is_sent { bit(device.local) } else { 0 };
        device.local = self.edits;
        device.seen |= bit(self.edits);
    }

    fn write(&mut self, d: usize, upload: &Upload) {
        let old = bit(self.server.content);
        let server = &mut self.server;
        self.is_twice |= server.written & bit(upload.content) != 0;
        let is_seen = self.devices[d].seen & old != 0;
        self.is_lost |= !is_seen && server.kept & old == 0;
        self.replaced |= if is_seen { old } else { 0 };
        server.written |= bit(upload.content);
        server.content = upload.content;
        server.version = server.version.max(upload.version.min(server.version + LOST)) + 1;
    }

    fn receive(&mut self, rules: Rules, d: usize, upload: &Upload) -> Reply {
        if upload.epoch != self.server.epoch {
            return Reply::EpochChanged;
        }
        match self.server.spent.iter().find(|spent| spent.key == upload.key) {
            Some(Spent { answer: Some((version, content)), .. }) => return Reply::Taken(*version, *content),
            Some(_) if rules.traces => return Reply::AlreadyDone,
            _ => {}
        }
        let is_clean = upload.version >= self.server.version || upload.base == self.server.content;
        if is_clean && upload.content != self.server.content {
            self.write(d, upload);
        } else if upload.content != self.server.content {
            self.server.kept |= bit(upload.content) | bit(self.server.content);
            if rules.client_wins {
                self.write(d, upload);
            }
        }
        let (version, content) = (self.server.version, self.server.content);
        self.server.spent.retain(|spent| spent.key != upload.key);
        self.server.spent.push(Spent { key: upload.key, answer: Some((version, content)) });
        Reply::Taken(version, content)
    }

    fn send(&mut self, rules: Rules, d: usize, arrives: bool) {
        let Device { epoch, version, base, local, .. } = self.devices[d];
        let upload = self.devices[d].upload.clone().unwrap_or_else(|| {
            self.keys += 1;
            Upload { key: self.keys, epoch, version, base, content: local }
        });
        let reply = self.receive(rules, d, &upload);
        self.devices[d].upload = Some(upload.clone());
        if arrives {
            self.hear(rules, d, &upload, &reply);
        }
    }

    fn hear(&mut self, rules: Rules, d: usize, upload: &Upload, reply: &Reply) {
        let device = &mut self.devices[d];
        let is_edited_since = device.local != upload.content;
        match reply {
            Reply::Taken(version, content) => {
                self.acknowledged |= bit(upload.content);
                device.upload = None;
                if !is_edited_since {
                    (device.version, device.base, device.local) = (*version, *content, *content);
                    device.seen |= bit(*content);
                } else {
                    device.version = if *content == upload.content { *version } else { device.version };
                    device.base = upload.content;
                }
            }
            Reply::AlreadyDone => {
                device.upload = None;
                device.base = if rules.already_done == After::Again { device.base } else { upload.content };
                device.local = if rules.already_done == After::Drops { upload.content } else { device.local };
            }
            Reply::EpochChanged => {
                // What was edited since was written over what was sent.
                self.replaced |= if is_edited_since { bit(upload.content) } else { 0 };
                device.upload = device.upload.take().filter(|_| rules.epoch_changed == After::Again);
                device.local = if rules.epoch_changed == After::Drops { device.base } else { device.local };
            }
        }
    }

    /// Takes what the server has, unless the device has edited it. It sends first what it must.
    fn poll(&mut self, d: usize) {
        let (server, device) = (&self.server, &mut self.devices[d]);
        device.epoch = server.epoch;
        if device.local == device.base {
            (device.version, device.base, device.local) = (server.version, server.content, server.content);
            device.seen |= bit(server.content);
        }
    }

    fn restore(&mut self, rules: Rules) {
        let Some(backup) = self.backup.clone() else { return };
        // Conflicts of the lost time are lost, too.
        let held = |server: &Server| server.written | server.kept;
        self.gone |= held(&self.server) & !held(&backup) & self.acknowledged;
        let raised = if rules.raises { backup.version + LOST } else { backup.version };
        self.server = Server { epoch: self.server.epoch + 1, version: raised, ..backup };
        self.restores += 1;
    }

    fn wants(&self, d: usize) -> bool {
        let device = &self.devices[d];
        device.upload.is_some() || device.local != device.base
    }

    /// When the network is well, all is told, and nothing that anybody edited is lost.
    fn comes_to_rest(&self, rules: Rules) -> bool {
        let mut state = self.clone();
        for _ in 0..4 {
            for d in 0..2 {
                if state.wants(d) {
                    state.send(rules, d, true);
                }
                if state.devices[d].upload.is_none() {
                    state.poll(d);
                }
            }
        }
        let there = bit(state.server.content) | state.server.kept | state.replaced | state.gone;
        state.devices.iter().all(|device| device.local == state.server.content)
            && (0..=state.edits).all(|edit| there & bit(edit) != 0)
    }
}

const KEPT: &str = "nobody writes over what they have not seen, unless a conflict keeps it";
const ONCE: &str = "no edit is written twice";
const RESTS: &str = "all come to hold the same, and no edit is lost";

impl Model for World {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        vec![State { devices: [0, 1].map(|_| Device { seen: bit(0), ..Device::default() }), ..State::default() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Act>) {
        for d in 0..2 {
            if state.edits < self.edits {
                actions.push(Act::Edit(d));
            }
            if state.wants(d) {
                actions.extend([Act::Send(d, true), Act::Send(d, false)]);
            }
            if state.devices[d].upload.is_none() {
                actions.push(Act::Poll(d));
            }
        }
        if self.forgets {
            actions.push(Act::Forget);
        }
        if state.restores < self.restores {
            actions.extend([Act::Backup, Act::Restore]);
        }
    }

    fn next_state(&self, last: &State, action: Act) -> Option<State> {
        let mut state = last.clone();
        match action {
            Act::Edit(d) => state.edit(d),
            Act::Send(d, arrives) => state.send(self.rules, d, arrives),
            Act::Poll(d) => state.poll(d),
            Act::Forget => state.server.spent.iter_mut().for_each(|spent| spent.answer = None),
            Act::Backup => state.backup = Some(state.server.clone()),
            Act::Restore => state.restore(self.rules),
        }
        Some(state).filter(|state| state != last)
    }

    /// Uploads that a restored store refused make new keys, and nothing else of it new.
    fn within_boundary(&self, state: &State) -> bool {
        state.keys <= self.edits + self.restores
    }

    fn properties(&self) -> Vec<Property<World>> {
        let mut list = vec![
            Property::always(KEPT, |_, state: &State| !state.is_lost),
            Property::always(RESTS, |world: &World, state: &State| state.comes_to_rest(world.rules)),
            Property::sometimes("a conflict is kept", |_, state: &State| state.server.kept != 0),
        ];
        // What a device sent before a restore, it asks again for: whether that had landed, it cannot know.
        if self.restores == 0 {
            list.push(Property::always(ONCE, |_, state: &State| !state.is_twice));
        } else {
            list.push(Property::sometimes("an edit is lost in a restore", |_, state: &State| state.gone != 0));
        }
        list
    }
}

const RETRIES: World = World { rules: RULES, edits: 3, restores: 0, forgets: true };
const RESTORED: World = World { rules: RULES, edits: 3, restores: 1, forgets: false };

/// Every state is visited, and everything holds in each.
fn holds(world: World, states: usize) {
    let checker = world.checker().spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() >= states, "only {} states", checker.unique_state_count());
}

fn loses(world: World, property: &'static str) {
    let checker = world.checker().finish_when(HasDiscoveries::AllOf([property].into())).spawn_bfs().join();
    checker.assert_any_discovery(property);
}

#[test]
fn retries_of_forgotten_uploads() {
    for client_wins in [true, false] {
        holds(World { rules: Rules { client_wins, ..RULES }, ..RETRIES }, 5_000);
    }
}

#[test]
fn restored_store() {
    for client_wins in [true, false] {
        holds(World { rules: Rules { client_wins, ..RULES }, ..RESTORED }, 50_000);
    }
}

#[test]
fn versions_met_again_lose() {
    loses(World { rules: Rules { raises: false, ..RULES }, edits: 4, ..RESTORED }, KEPT);
}

#[test]
fn forgotten_keys_write_twice() {
    loses(World { rules: Rules { traces: false, ..RULES }, ..RETRIES }, ONCE);
}

#[test]
fn done_already_and_sent_again_writes_twice() {
    loses(World { rules: Rules { already_done: After::Again, ..RULES }, ..RETRIES }, ONCE);
}

#[test]
fn done_already_and_all_dropped_loses() {
    loses(World { rules: Rules { already_done: After::Drops, ..RULES }, ..RETRIES }, RESTS);
}

#[test]
fn refused_for_ever_loses() {
    loses(World { rules: Rules { epoch_changed: After::Again, ..RULES }, ..RESTORED }, RESTS);
}

#[test]
fn started_over_without_edits_loses() {
    loses(World { rules: Rules { epoch_changed: After::Drops, ..RULES }, ..RESTORED }, RESTS);
}
