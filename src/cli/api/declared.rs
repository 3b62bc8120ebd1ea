//! Everything that is declared to go, wherever that is said, and the apps that are declared too old.

use crate::app::{FEATURES, config, lifecycle};
use crate::base::error::Result;
use crate::cli::out;
use crate::faces::graphql::schema;
use crate::feature::Lifecycle;
use crate::feature::lifecycle::clients::Minimum;
use crate::feature::lifecycle::merged;

/// Everything that is declared anywhere, each target once.
pub fn everything() -> Result<Lifecycle> {
    let mut found = lifecycle::look(&config::load()?.settings.data);
    found.entries.extend(schema::deprecated(&FEATURES)?);
    found.entries = merged(&found.entries);
    Ok(found)
}

/// Shows the oldest versions of apps that are served.
pub fn minimums(clients: &[Minimum]) -> Result<()> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let from = |minimum: &Minimum| minimum.from.map_or_else(|| "-".to_owned(), out::minute);
    let cells = |m: &Minimum| [m.name.clone(), text(&m.soft), text(&m.hard), from(m), text(&m.url)];
    let heads = ["app", "reminded before", "refused before", "from (UTC)", "newest"];
    out::table(heads, &clients.iter().map(cells).collect::<Vec<_>>())
}
