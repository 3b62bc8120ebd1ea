//! `tandem openapi`: the description of the API, as the API itself shows it.

use super::{Action, Command, DEVELOPING, Verdict, out};
use crate::app::FEATURES;
use crate::base::error::{Error, Result};
use crate::faces::openapi;
use crate::http::version::{self, Asked, VERSIONS};
use clap::{Arg, ArgMatches};

pub const COMMAND: Command = Command {
    name: "openapi",
    group: DEVELOPING,
    about: "Print the description of the API (OpenAPI 3.1)",
    help: "The same document that the API shows at /api/openapi.json, and for version 2 at /api/v2/openapi.json, for generators of clients and documentation. It is made from the \
           table that the program routes by and from the types that it writes.",
    examples: &[("tandem openapi > openapi.json", "as a file"), ("tandem openapi --api 2 > openapi-2.json", "version 2's")],
    args: |command| command.arg(Arg::new(API).long(API).value_name("N").help("The version of the API [default: 1]")),
    action: Action::Run(run),
};

const API: &str = "api";

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let asked = matches.get_one::<String>(API).map(String::as_str);
    let Asked::Fields(version) = version::in_fields(asked, None) else {
        let known: Vec<&str> = VERSIONS.iter().map(|version| version.digits).collect();
        return Err(Error::NotReady(format!("there is no such version of the API: ask for {}", known.join(" or "))));
    };
    out::json(&openapi::document::of(&FEATURES, "/api", version))?;
    Ok(Verdict::Well)
}
