//! What is done with the store as a whole: back it up, put a backup in its place, move it to another database. Whoever starts it
//! shows how far it has come.

mod archive;
mod aside;
pub mod backup;
mod backup_served;
pub mod copy;
pub mod label;
pub mod made;
mod pour;
pub mod restore;
mod restore_served;
pub mod restored;

/// How far long work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is being done, in a word or two.
    pub what: &'static str,
    /// How much of it is done.
    pub done: u64,
    /// How much there is to do, where that is known.
    pub of: Of,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Nobody knows.
    Unknown,
    /// So many rows or pages.
    Parts(u64),
    /// So many bytes.
    Bytes(u64),
}

/// Whom the steps are told.
pub type Told<'t> = &'t mut dyn FnMut(Step);

/// Counts the parts of some work, and tells of each.
struct Progress<'t> {
    told: Told<'t>,
    step: Step,
}

impl<'t> Progress<'t> {
    fn new(told: Told<'t>, what: &'static str, of: Of) -> Progress<'t> {
        let step = Step { what, done: 0, of };
        told(step);
        Progress { told, step }
    }

    /// So many parts more are done.
    fn add(&mut self, parts: u64) {
        self.step.done += parts;
        (self.told)(self.step);
    }

    /// The work goes on as something else.
    fn turn_to(&mut self, what: &'static str) {
        self.step.what = what;
        (self.told)(self.step);
    }

    /// The work begins anew.
    fn restart(&mut self) {
        self.step.done = 0;
        (self.told)(self.step);
    }
}

/// Does something that nobody can foresee the length of.
fn watched<T>(told: Told<'_>, what: &'static str, work: impl FnOnce() -> T) -> T {
    told(Step { what, done: 0, of: Of::Unknown });
    work()
}
