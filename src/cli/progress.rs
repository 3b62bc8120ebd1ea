//! Progress of long work: a bar on standard error, only where that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::time::Duration;

/// How often a spinner moves.
const TICK: Duration = Duration::from_millis(120);

/// A bar of a number of steps; it shows nothing where nobody watches.
pub fn bar(steps: u64, what: &'static str) -> ProgressBar {
    styled(Some(steps), what, "{msg} {wide_bar} {human_pos}/{human_len}, {eta} left")
}

/// A bar of a number of bytes.
pub fn bytes(size: u64, what: &'static str) -> ProgressBar {
    styled(Some(size), what, "{msg} {wide_bar} {bytes}/{total_bytes}, {eta} left")
}

/// A sign of life for work whose length nobody knows.
pub fn spin(what: &'static str) -> ProgressBar {
    let spinner = styled(None, what, "{spinner} {msg} {elapsed}");
    spinner.enable_steady_tick(TICK);
    spinner
}

fn styled(length: Option<u64>, what: &'static str, template: &str) -> ProgressBar {
    let target = if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template(template);
    ProgressBar::with_draw_target(length, target)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(what)
}
