//! `tandem logs`: what failed lately, and what fails while one watches.

use super::{Action, Command, RUNNING, Verdict, flag, out};
use crate::app::{config, log};
use crate::base::error::{Error, Result};
use crate::feature::Settings;
use clap::{Arg, ArgMatches, value_parser};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

pub const COMMAND: Command = Command {
    name: "logs",
    group: RUNNING,
    about: "Show what failed lately",
    help: "A line a problem, newest last, with the id that the client was given as X-Request-Id. Nothing personal is in it. With --follow it \
           goes on until you stop it with Ctrl-C. Full logs get another name by themselves; the last four are kept.",
    examples: &[
        ("tandem logs", "the last fifty lines"),
        ("tandem logs --lines 1000", "more of them"),
        ("tandem logs --follow", "and whatever comes, until Ctrl-C"),
    ],
    args: |command| {
        let lines = Arg::new("lines").long("lines").value_name("N").value_parser(value_parser!(u32)).default_value("50");
        command.arg(lines.help("How many lines to begin with")).arg(flag("follow", "Go on with what comes"))
    },
    action: Action::Run(run),
};

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(300);

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    let (wanted, follow) = (matches.get_one::<u32>("lines").copied().unwrap_or_default() as usize, matches.get_flag("follow"));
    let mut newest = Reader::default();
    let mut lines = Vec::new();
    for file in log::files(&settings) {
        newest = Reader::of(&file)?;
        newest.read(&mut |line| {
            lines.push(line);
            Ok(true)
        })?;
    }
    lines.drain(..lines.len().saturating_sub(wanted));
    let mut heard = true;
    for line in &lines {
        heard = show(line)?;
    }
    if lines.is_empty() && !follow {
        out::line("nothing has failed yet")?;
    }
    while follow && heard {
        std::thread::sleep(PAUSE);
        let next = newest.next(&settings)?;
        // What came between the last look and the change of names is read before the old file is let go.
        heard = newest.read(&mut |line| show(&line))?;
        newest = next.unwrap_or(newest);
    }
    Ok(Verdict::Well)
}

/// Shows a line; answers whether anybody may still be reading.
fn show(line: &str) -> Result<bool> {
    let mark = "[ERROR]";
    out::heard(line.replacen(mark, &out::paint(out::BAD, mark), 1))
}

/// A log that is read line by line.
#[derive(Default)]
struct Reader {
    file: Option<BufReader<File>>,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
}

impl Reader {
    fn of(path: &Path) -> Result<Reader> {
        let file = File::open(path).map_err(|e| Error::NotReady(format!("{}: {e}", path.display())))?;
        Ok(Reader { file: Some(BufReader::new(file)), begun: Vec::new() })
    }

    /// Hands over the lines that have come, until `told` answers `false`, which is then the answer.
    fn read(&mut self, told: &mut dyn FnMut(String) -> Result<bool>) -> Result<bool> {
        let Some(file) = &mut self.file else { return Ok(true) };
        while file.read_until(b'\n', &mut self.begun).map_err(Error::internal)? > 0 {
            if self.begun.ends_with(b"\n") {
                let line = String::from_utf8_lossy(self.begun.trim_ascii_end()).into_owned();
                self.begun.clear();
                if !told(line)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The file that is written now, if that is another one.
    fn next(&self, settings: &Settings) -> Result<Option<Reader>> {
        let written = settings.data.join(log::FILE);
        let now = fs::metadata(&written).map(|meta| meta.ino()).ok();
        let own = self.file.as_ref().and_then(|file| file.get_ref().metadata().map(|meta| meta.ino()).ok());
        if now.is_some() && own != now { Reader::of(&written).map(Some) } else { Ok(None) }
    }
}
