//! `tandem risk`: how likely edits are to meet others, as it is learned.

mod export;
mod file;
mod train;

use super::{Action, Command, RUNNING, json_flag, no_args};
use clap::Arg;

pub const COMMAND: Command = Command {
    name: "risk",
    group: RUNNING,
    about: "Learn which edits will meet another's",
    help: "Two people edit one record while one of them is offline: that is met, and a model can tell beforehand where it is likely.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[TRAIN, EXPORT]),
};

const TRAIN: Command = Command {
    name: "train",
    group: RUNNING,
    about: "Train a model on a history of edits, and test it on the later part",
    help: "FILE is CSV with a line for each edit: asked_at and uploaded_at in seconds, behind_by_others, met, and the columns that a model \
           looks at; others are passed over. A model is learned from what was known when 70 of 100 were asked, and tested on those \
           asked after that. It is refused unless it tells more than the trivial rule that whoever is behind will meet another. \
           Nothing is written but what --predictions asks for. A refused model and too little data are no fault: the command ends with 0.",
    examples: &[
        ("tandem risk train --from edits.csv", "figures as a table"),
        (
            "tandem risk train --from edits.csv --json --predictions told.csv",
            "for scripts, with what is told of each tested edit",
        ),
    ],
    args: |command| {
        let file = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
        command
            .arg(file("from", "FILE").required(true).help("The history of edits, as CSV"))
            .arg(file("predictions", "OUT").help("Write row, behind, met and probability of each tested edit, as CSV"))
            .arg(json_flag())
    },
    action: Action::Run(train::run),
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
