//! `tandem openapi`: the description of the API, as the API itself shows it.

use super::{Action, Command, DEVELOPING, Verdict, no_args, out};
use crate::app::FEATURES;
use crate::base::error::Result;
use crate::faces::openapi;
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "openapi",
    group: DEVELOPING,
    about: "Print the description of the API (OpenAPI 3.1)",
    help: "The same document that the API shows at /api/openapi.json, for generators of clients and documentation. It is made from the \
           table that the program routes by and from the types that it writes.",
    examples: &[("tandem openapi > openapi.json", "as a file")],
    args: no_args,
    action: Action::Run(run),
};

fn run(_: &ArgMatches) -> Result<Verdict> {
    out::json(&openapi::document::of(&FEATURES, "/api"))?;
    Ok(Verdict::Well)
}
