//! Can requests start the courier?

use super::store::cron;
use super::{Finding, Patient, chmod};
use crate::app::work::marks::Marks;
use crate::app::work::soon;
use rustix::fs::{Access, access};

/// What to do where the program is not found.
const WHERE: &str = "File Manager → tandem/tandem.toml, write the line courier.program = \"/WHERE/IT/IS/tandem\"; until then \
     `tandem maintain` does the courier's work";

/// The program is there, and the last one that a request has started came to its end.
pub fn courier(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let Some(program) = soon::program(&loaded.settings) else {
        return Finding::note("requests cannot start it: the operator's program is not where the bundle puts it", WHERE);
    };
    if let Err(error) = access(&program, Access::EXEC_OK) {
        if program.is_file() {
            let saw = format!("neither requests nor cron can start {}: {error}", program.display());
            return Finding::problem(saw, chmod("755", &program));
        }
        return Finding::note(format!("requests cannot start {}: {error}", program.display()), WHERE);
    }
    match Marks::of(&loaded.settings).failing.get() {
        Some(since) => {
            let saw = format!("cron alone does its work: none that a request has started since {since} came to its end");
            Finding::note(saw, format!("tandem/data/tandem.log says why. If it is the host that forbids it, {}", cron()))
        }
        None => Finding::ok(format!("{}, started by requests when something is due", program.display())),
    }
}
