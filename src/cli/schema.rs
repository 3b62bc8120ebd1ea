//! `tandem schema`: what GraphQL understands.

use super::{Action, Command, DEVELOPING, Verdict, no_args, out};
use crate::app::FEATURES;
use crate::base::error::Result;
use crate::faces::graphql::schema;
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "schema",
    group: DEVELOPING,
    about: "Print the schema of GraphQL",
    help: "The schema that /api/graphql/ answers by, in the schema definition language, for code generators and editors. It is the same \
           whether or not the server lets itself be asked for it.",
    examples: &[("tandem schema > schema.graphql", "for a code generator")],
    args: no_args,
    action: Action::Run(run),
};

fn run(_: &ArgMatches) -> Result<Verdict> {
    out::line(schema::text(&FEATURES)?.trim_end())?;
    Ok(Verdict::Well)
}
