//! Can mail be sent?

use super::{FILE, Finding, Patient, chmod};
use crate::feature::{Sendmail, Settings, mail as noted};
use crate::net::mail::Way;
use rustix::fs::{Access, access};

/// What is written for a server of the account's own.
const SMTP: &str = "cPanel → Email Accounts → Create makes an account, its Connect Devices shows the server, and in the section [mail] of \
     tandem/tandem.toml the line smtp = \"smtps://no-reply%40YOUR-DOMAIN:PASSWORD@mail.YOUR-DOMAIN\" uses it";

/// What is to be done where no mailer is.
pub fn missing(settings: &Settings) -> String {
    if settings.mail_from.is_none() {
        return format!(
            "mail.from is not set. {FILE}, write [mail] and below it from = \"no-reply@YOUR-DOMAIN\", an address of a domain of this \
             account; then `tandem mail test YOUR-ADDRESS`"
        );
    }
    format!("this host has no sendmail, or mail.sendmail is off, and no server is set. {SMTP}")
}

/// A sender is set, a mailer is there, and the last mail was taken.
pub fn mail(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let settings = &loaded.settings;
    let Some((from, way)) = settings.mailer() else { return without(settings) };
    if let Way::Sendmail(program) = &way
        && let Err(error) = access(program, Access::EXEC_OK)
    {
        let saw = format!("{} takes no mail: {error}", program.display());
        let own = matches!(settings.mail_sendmail, Sendmail::At(_)) && program.is_file();
        return Finding::problem(saw, if own { chmod("755", program) } else { SMTP.to_owned() });
    }
    let failing = patient.db.as_mut().map_or(Ok(None), noted::failing);
    match failing {
        Ok(Some((since, why))) => Finding::problem(
            format!("no mail has left since {since}: {why}"),
            format!("`tandem mail test YOUR-ADDRESS` shows what {way} says. If it is the host's sendmail that fails, {SMTP}"),
        ),
        Ok(None) | Err(_) if settings.link("", "").is_none() => Finding::note(
            format!("by {way}, from {from}, with a code and no link"),
            format!("set site_url, this API's address: {FILE}, the line site_url = \"https://YOUR.SITE/api\""),
        ),
        Ok(None) | Err(_) => Finding::ok(format!("by {way}, from {from}")),
    }
}

fn without(settings: &Settings) -> Finding {
    let saw = "none is sent";
    if settings.email_required {
        let todo = format!("{}. Until then nobody can verify an address, and email_required lets nobody join", missing(settings));
        return Finding::problem(saw, todo);
    }
    Finding::note(saw, missing(settings))
}
