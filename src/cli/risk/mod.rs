//! `tandem risk`: how likely edits are to meet others, as it is learned.

mod csv;
mod export;
mod file;
mod helps;
mod own;
mod status;
mod train;
mod verdict;
mod words;

use super::{Action, Command, RUNNING, flag, json_flag, no_args};
use clap::Arg;
pub use own::weekly;
pub use status::nightly;

pub const COMMAND: Command = Command {
    name: "risk",
    group: RUNNING,
    about: "Learn which edits will meet another's",
    help: "Two people edit one record while one of them is offline: the later upload has met another's edit, and may be a conflict. Phones \
           are told facts before an edit (who else edits, is it behind), and how likely it is to meet another's: by a model that was learned \
           from what happened here, or by plain rates where none is active. It is advice, and locks nothing. Nothing is to be done for it: \
           `tandem maintain` learns once a week, looks at what comes of it each night, and gives up a model that tells too little. `status` \
           shows where it stands; docs/operator.md explains each figure.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[STATUS, MODELS, TRAIN, ACTIVATE, ROLLBACK, OFF, EXPORT]),
};

const TRAIN: Command = Command {
    name: "train",
    group: RUNNING,
    about: "Train a model on a history of edits, and test it on the later part",
    help: "Without --from it is the site's own history of the last 45 days, and a model that passes becomes the active one: it speaks where facts are \
           silent. FILE is CSV with a line for each edit: asked_at and uploaded_at in seconds, behind_by_others, met, and the columns that a model \
           looks at, as `tandem risk export` writes them; others are passed over. Cells may be quoted. From a file nothing is written but what --predictions asks for. A model is learned from what was known when 70 of 100 were asked, and tested on those \
           asked after that; an outcome that was known before its ask is an error. It is refused unless it tells more than the trivial rule that whoever is behind will meet another. \
           A refused model and too little data are no fault: the command ends with 0. Predictions are written first: where they cannot be, no model is kept.",
    examples: &[
        ("tandem risk train", "learn from what happened here"),
        ("tandem risk train --dry-run", "the same, and leave the active model alone"),
        ("tandem risk train --from edits.csv", "figures as a table"),
        (
            "tandem risk train --from edits.csv --json --predictions told.csv",
            "for scripts, with what is told of each tested edit",
        ),
    ],
    args: |command| {
        let file = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
        command
            .arg(file("from", "FILE").help("A history of edits, as CSV"))
            .arg(flag("dry-run", "Keep nothing of what is learned"))
            .arg(file("predictions", "OUT").help("Write row, behind, met and probability of each tested edit, as CSV"))
            .arg(json_flag())
    },
    action: Action::Run(train::run),
};

const STATUS: Command = Command {
    name: "status",
    group: RUNNING,
    about: "Show which model is active, how it does, and whether advice helps",
    help: "The table's figures are of edits that came after those that it learned from. What it tells of the last 7 days is held to limits, where at least \
           100 edits landed and 10 of them met another's. Each night `tandem maintain` calls it degraded where it is beyond one of them; then, or \
           where a model cannot be read, the command ends with 1, and the doctor says the same. For a share of edits \
           (risk.holdout) only facts are told: what share of each met another's says whether advice helps, with 95 % intervals. What each figure \
           means stands in docs/operator.md.",
    examples: &[("tandem risk status", "as a table"), ("tandem risk status --json", "for scripts, with every figure")],
    args: |command| command.arg(json_flag()),
    action: Action::Run(status::run),
};

const MODELS: Command = Command {
    name: "models",
    group: RUNNING,
    about: "List the models that were learned, newest first",
    help: "One at the most is active: phones are told it. A retired one was before, and `tandem risk rollback` goes back to it; a candidate is good enough and \
           is not told; a refused one was not good enough, and is never told.",
    examples: &[("tandem risk models", "as a table"), ("tandem risk models --json", "for scripts, with every figure")],
    args: |command| command.arg(json_flag()),
    action: Action::Run(own::list),
};

const ACTIVATE: Command = Command {
    name: "activate",
    group: RUNNING,
    about: "Make a model the active one",
    help: "ID is its version, as `tandem risk models` lists it, or as much of its beginning as no other has. The one that was active is retired.",
    examples: &[
        ("tandem risk activate 0b6c8f6e-7d1c-4000-8000-000000000000", "a model by its version"),
        ("tandem risk activate 0b6c", "the same"),
    ],
    args: |command| command.arg(Arg::new("id").value_name("ID").required(true).help("The model's version")),
    action: Action::Run(own::activate),
};

const ROLLBACK: Command = Command {
    name: "rollback",
    group: RUNNING,
    about: "Go back to the model that was active before",
    help: "It holds at once, for the next question; the night looks at it anew, and takes three nights to give it up, if it tells too little. Done again it goes further back, as long as there is an older model; `tandem risk activate` \
           brings a later one. After `tandem risk off` it brings back the one that was active last.",
    examples: &[("tandem risk rollback", "the former model speaks again")],
    args: no_args,
    action: Action::Run(own::rollback),
};

const OFF: Command = Command {
    name: "off",
    group: RUNNING,
    about: "Have no model speak",
    help: "Facts are told all the same, and how often edits of a record met others. It stays so, and `tandem maintain` learns nothing, until \
           `tandem risk rollback`, `activate` or `train` has a model speak again.",
    examples: &[("tandem risk off", "at once, for the next question")],
    args: no_args,
    action: Action::Run(own::off),
};

const EXPORT: Command = Command {
    name: "export",
    group: RUNNING,
    about: "Write the history of edits as numbers, for training elsewhere",
    help: "A line of CSV for each edit of a record of the last 45 days whose device said what it had seen: when it was asked about and when it \
           landed, what was known then, whether it was contested and whether it met another's. Couples and teams are salted hashes; \
           no user, device or record is named, and no content is in it. `tandem risk train --from` takes the file.",
    examples: &[("tandem risk export --out edits.csv", "into a file that only you can read")],
    args: |command| {
        command.arg(
            Arg::new("out").long("out").value_name("FILE").required(true).help("Write into this file, which only you can read"),
        )
    },
    action: Action::Run(export::run),
};
