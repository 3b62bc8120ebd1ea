//! `tandem risk export`: the history of edits as numbers.

use crate::app::open;
use crate::base::error::Result;
use crate::base::id;
use crate::base::time::{SECOND, Timestamp};
use crate::cli::files::Output;
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out, text};
use crate::db::{Db, Mode};
use crate::domain::risk::columns::COLUMNS;
use crate::domain::risk::history::asks::{self, Outcomes};
use crate::domain::risk::history::store;
use clap::ArgMatches;
use sha2::{Digest, Sha256};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};

/// What the hashes of couples and teams are salted with.
const SALT: &str = "the export of edits";
/// Bytes of such a hash.
const HASH: usize = 8;

pub fn run(matches: &ArgMatches) -> Result<Verdict> {
    let name = text(matches, "out").unwrap_or_default();
    let output = Output::of(name)?;
    let (_, mut db) = enter()?;
    let salt = open::house()?.derive(SALT);
    let rows = write(&mut db, &output, &salt)?;
    if output.done()? {
        out::line(format!("{rows} edits are in {name}."))?;
    }
    Ok(Verdict::Well)
}

/// Writes each edit; answers how many there were. A transaction that is run again begins the file again.
fn write(db: &mut Db, output: &Output, salt: &[u8]) -> Result<u64> {
    let failed = output.failed();
    let columns: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let now = Timestamp::now();
    within(db, Mode::Read, |db| {
        let file = OpenOptions::new().write(true).truncate(true).open(output.draft()).map_err(&failed)?;
        let (mut csv, mut rows) = (BufWriter::new(file), 0);
        writeln!(csv, "source,asked_at,uploaded_at,behind_by_others,{},conflict,met", columns.join(",")).map_err(&failed)?;
        for tenant in store::tenants(db)? {
            let source = source(salt, tenant);
            asks::each(db, tenant, now, &mut |outcomes| {
                rows += 1;
                line(&mut csv, &source, outcomes).map_err(&failed)
            })?;
        }
        csv.flush().map_err(&failed)?;
        Ok(rows)
    })
}

/// A couple or team as it is told apart: who does not know the site's secret cannot say which it is.
fn source(salt: &[u8], tenant: i64) -> String {
    let hash = Sha256::new().chain_update(salt).chain_update(tenant.to_le_bytes()).finalize();
    id::hex(hash.first_chunk::<HASH>().map_or(&[], |bytes| bytes.as_slice()))
}

fn line(csv: &mut impl Write, source: &str, outcomes: &Outcomes) -> std::io::Result<()> {
    let Outcomes { asked, landed, behind, row, conflict, met, .. } = outcomes;
    let seconds = |at: &Timestamp| at.0 as f64 / SECOND as f64;
    write!(csv, "{source},{},{},{behind}", seconds(asked), seconds(landed))?;
    row.iter().try_for_each(|value| write!(csv, ",{value}"))?;
    writeln!(csv, ",{},{}", u8::from(*conflict), u8::from(*met))
}
