//! The steps of writers and pollers, and the file that they share.

/// A random number that no other is equal to.
pub type Fresh = u8;

#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub seal_is_read: bool,
    pub seal_is_checked: bool,
    pub own_commit: bool,
    pub before_commit: bool,
    pub stamped: bool,
}

pub const RULES: Rules =
    Rules { seal_is_read: true, seal_is_checked: true, own_commit: true, before_commit: true, stamped: true };

#[derive(Debug, Clone)]
pub struct World {
    pub rules: Rules,
    /// Transactions of the two writers that register.
    pub writes: [u8; 2],
    /// Of the one that does not.
    pub foreign: u8,
    /// Polls of the two pollers.
    pub polls: [u8; 2],
    /// How often a part of the file goes back.
    pub setbacks: u8,
    /// How often the database does.
    pub restores: u8,
    pub kills: u8,
}

/// The database's header: which file, which commit.
pub type Header = (u8, u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Page {
    pub generation: Fresh,
    pub slot: Fresh,
    pub stamp: Fresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Proof {
    pub generation: Fresh,
    pub slot: Fresh,
    pub clock: u8,
}

/// The hint file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hints {
    pub page: Page,
    pub seal: Option<(Header, Fresh)>,
    pub proof: Option<Proof>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Step {
    #[default]
    Rests,
    /// Has the lock, and knows the state and the page of before.
    Works,
    Registered,
    Committed,
    /// Knows that it may seal this state.
    Seals(Header),
    /// Broken: it registers now.
    Late,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Writer {
    pub done: u8,
    pub step: Step,
    pub before: Header,
    pub page: Page,
    pub everybody: bool,
    pub news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Look {
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
pub struct Poller {
    pub polls: u8,
    pub look: Look,
    pub proof: Option<Proof>,
    pub state: Header,
    /// The clock at the moment that the answer is true of.
    pub clock: u8,
    pub page: Page,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct State {
    pub header: Header,
    pub clock: u8,
    /// What the clock has reached in any history: a history that is undone does not give its stamps again.
    pub highest: u8,
    pub hints: Hints,
    pub copy: Hints,
    pub locked: bool,
    pub fresh: Fresh,
    pub writers: [Writer; 2],
    pub pollers: [Poller; 2],
    pub foreign: u8,
    pub setbacks: u8,
    pub restores: u8,
    pub kills: u8,
    pub is_lost: bool,
    pub is_fast: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
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
    pub fn fresh(&mut self) -> Fresh {
        self.fresh += 1;
        self.fresh
    }

    pub fn commit(&mut self, news: bool) {
        self.header.1 += 1;
        if news {
            self.highest += 1;
            self.clock = self.highest;
        }
        self.locked = false;
    }

    pub fn fits(&self, rules: Rules, state: Header, page: Page) -> bool {
        let sealed = self.hints.seal.is_some_and(|(of, stamp)| of == state && (stamp == page.stamp || !rules.stamped));
        sealed || !rules.seal_is_read
    }

    pub fn begin(&mut self, rules: Rules, w: usize, news: bool) {
        let page = self.hints.page;
        let everybody = !self.fits(Rules { seal_is_read: true, ..rules }, self.header, page) && rules.seal_is_checked;
        self.locked = true;
        let done = self.writers[w].done + 1;
        self.writers[w] = Writer { done, step: Step::Works, before: self.header, page, everybody, news };
    }

    pub fn stamp(&mut self, w: usize) {
        let stamp = self.fresh();
        self.writers[w].page.stamp = stamp;
        self.hints.page = self.writers[w].page;
    }

    pub fn register(&mut self, w: usize) {
        let mut page = self.writers[w].page;
        if self.writers[w].everybody {
            page.generation = self.fresh();
        } else if self.writers[w].news {
            page.slot = self.fresh();
        }
        (self.writers[w].page, self.hints.page) = (page, page);
    }

    pub fn write(&mut self, rules: Rules, w: usize, news: bool) {
        let writer = self.writers[w].clone();
        let step = match writer.step {
            Step::Rests => return self.begin(rules, w, news),
            Step::Works => {
                self.stamp(w);
                if rules.before_commit {
                    self.register(w);
                }
                Step::Registered
            }
            Step::Registered => {
                self.commit(writer.news);
                Step::Committed
            }
            Step::Committed => {
                let follows = self.header == (writer.before.0, writer.before.1 + 1);
                if follows || !rules.own_commit { Step::Seals(self.header) } else { Step::Rests }
            }
            Step::Seals(state) => {
                self.hints.seal = Some((state, writer.page.stamp));
                if rules.before_commit { Step::Rests } else { Step::Late }
            }
            Step::Late => {
                self.register(w);
                Step::Rests
            }
        };
        self.writers[w].step = step;
    }

    /// A process ends. What it has not committed is undone.
    pub fn kill(&mut self, w: usize) {
        let held = matches!(self.writers[w].step, Step::Works | Step::Registered);
        self.locked &= !held;
        self.writers[w].step = Step::Rests;
        self.kills += 1;
    }

    pub fn poll(&mut self, rules: Rules, p: usize) {
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
            Look::Fits if self.header == poller.state => Look::Saw(self.clock),
            Look::Fits => Look::Rests,
            Look::Saw(clock) => {
                let Page { generation, slot, .. } = poller.page;
                self.hints.proof = Some(Proof { generation, slot, clock });
                Look::Rests
            }
        };
        self.pollers[p].look = look;
    }

    pub fn decide(&mut self, rules: Rules, poller: &Poller) -> Look {
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

    pub fn go_back(&mut self, [page, seal, proof]: [bool; 3]) {
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

    pub fn restore(&mut self) {
        self.header = (self.header.0 + 1, 0);
        self.highest += 1;
        self.clock = self.highest;
        self.restores += 1;
        self.end_all();
    }

    /// No process lives through a loss of power.
    pub fn end_all(&mut self) {
        self.locked = false;
        self.writers.iter_mut().for_each(|writer| writer.step = Step::Rests);
        self.pollers.iter_mut().for_each(|poller| poller.look = Look::Rests);
    }
}
