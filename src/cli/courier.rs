//! `tandem courier`: does what is due soon and waits for other servers. Requests start it after their answers.

use super::mail::outside;
use super::site::found;
use super::{Action, Command, RUNNING, Verdict, flag};
use crate::app::open;
use crate::app::work::courier::{self, DETACHED, Starter};
use crate::base::error::Result;
use clap::{Arg, ArgAction, ArgMatches};

pub const COMMAND: Command = Command {
    name: "courier",
    group: RUNNING,
    about: "Do what is due soon and has to wait for other servers; requests start it by themselves",
    help: "A request's process never waits for somebody else's server. When something is due it starts this after its answer, with nothing \
           of the request's. One works at a time, for at most 20 seconds. `tandem maintain` does the same where a host lets no \
           request start it; `tandem doctor` tells.",
    examples: &[
        ("tandem courier", "do what is due, and come back when it is done"),
        ("tandem courier --detach", "do it in the background, as requests have it done"),
    ],
    args: |command| {
        let detached = Arg::new(DETACHED).long(DETACHED).action(ArgAction::SetTrue).hide(true);
        command.arg(flag("detach", "Go on in the background, and come back at once")).arg(detached)
    },
    action: Action::Run(run),
};

fn run(matches: &ArgMatches) -> Result<Verdict> {
    if matches.get_flag("detach") {
        return courier::detach().map(|()| Verdict::Well);
    }
    let by = if matches.get_flag(DETACHED) { Starter::Request } else { Starter::Operator };
    found()?;
    let house = open::house()?;
    let net = outside(&house.settings)?;
    courier::live(&house, &net, by).inspect_err(|error| log::error!("{}: {error}", courier::DUTY.name))?;
    Ok(Verdict::Well)
}
