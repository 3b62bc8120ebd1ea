//! Progress of long work: a bar on standard error, only where that is a terminal.

use crate::app::store::{Of, Step, Told};
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
fn bytes(size: u64, what: &'static str) -> ProgressBar {
    styled(Some(size), what, "{msg} {wide_bar} {bytes}/{total_bytes}, {eta} left")
}

/// A sign of life for work whose length nobody knows.
fn spin(what: &'static str) -> ProgressBar {
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

/// The bar of the step that is being done.
#[derive(Default)]
pub struct Shown {
    step: Option<&'static str>,
    bar: Option<ProgressBar>,
}

impl Shown {
    /// Shows the steps of some work while it is done.
    pub fn during<T>(work: impl FnOnce(Told<'_>) -> T) -> T {
        let mut shown = Shown::default();
        let done = work(&mut |step| shown.take(step));
        shown.end();
        done
    }

    fn take(&mut self, step: Step) {
        if self.step != Some(step.what) {
            self.end();
            self.step = Some(step.what);
            self.bar = Some(match step.of {
                Of::Unknown => spin(step.what),
                Of::Parts(parts) => bar(parts, step.what),
                Of::Bytes(size) => bytes(size, step.what),
            });
        }
        if let (Some(bar), Of::Parts(of) | Of::Bytes(of)) = (&self.bar, step.of) {
            bar.set_length(of);
            bar.set_position(step.done);
        }
    }

    fn end(&mut self) {
        self.step = None;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
