//! The mails that bring codes: what they say, and that the courier sends them.
//!
//! A mail waits in the row of its code, sealed. That it is tried is noted before it is, so a courier that is killed in the
//! middle of one does not try for ever; one that was taken may so be sent twice, and none is lost.

use super::store::{self, Due};
use super::{Kind, NOBODYS};
use crate::base::error::Result;
use crate::base::json;
use crate::base::sealed;
use crate::base::text::{Language, Message, Text};
use crate::base::time::{MINUTE, SECOND, Timestamp};
use crate::db::{Mode, within};
use crate::domain::auth::texts;
use crate::feature::{Settings, Shift, mail};
use crate::http::html::escaped;
use crate::net::mail::{Mail, Undelivered};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the key that mails are sealed by is derived for.
pub const SEALED: &str = "mails";
/// How long handing a mail over may take: two that hang leave the courier time to end its turn.
const WITHIN: Duration = Duration::from_secs(8);
/// How long after a try that failed the next one comes, in milliseconds. A server that lists senders grey wants some minutes, and
/// the last try is within the life of the shortest code. Then it is given up.
const AGAIN: [i64; 4] = [30 * SECOND, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE];

/// A mail that waits.
#[derive(Serialize, Deserialize)]
pub struct Letter {
    /// What its code is for.
    pub kind: Kind,
    /// The recipient's language.
    #[serde(with = "tag")]
    pub language: Language,
    /// The recipient.
    pub to: String,
    /// The code.
    pub code: String,
    /// The same as a link's end.
    pub token: String,
}

/// A language as its tag.
mod tag {
    use crate::base::text::Language;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(language.tag())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
        let tag = String::deserialize(deserializer)?;
        Ok(Language::from_tag(&tag).unwrap_or_default())
    }
}

impl Letter {
    /// As it is kept.
    pub fn written(&self) -> Result<Vec<u8>> {
        json::write(self).map(String::into_bytes)
    }

    fn said(&self) -> [&'static Text; 3] {
        match self.kind {
            Kind::Reset => [&texts::MAIL_RESET, &texts::MAIL_RESET_WHY, &texts::MAIL_RESET_CODE],
            Kind::Verify => [&texts::MAIL_VERIFY, &texts::MAIL_VERIFY_WHY, &texts::MAIL_VERIFY_CODE],
        }
    }

    /// Its subject, its text and its HTML. No word of them is a client's: whoever asks for a mail writes nothing in it.
    pub fn composed(&self, settings: &Settings) -> [String; 3] {
        let say = |text: &'static Text| Message::plain(text).render(self.language).into_owned();
        let [subject, why, enter] = self.said().map(say);
        let (or_open, otherwise) = (say(&texts::MAIL_LINK), say(&texts::MAIL_OTHERWISE));
        let (first, second) = self.code.split_at(self.code.len() / 2);
        let code = format!("{first}-{second}");
        let link = settings.link(self.kind.name(), &self.token);
        let plain_link = link.as_ref().map(|link| format!("{or_open}\n{link}\n\n")).unwrap_or_default();
        let html_link = link
            .map(|link| escaped(&link))
            .map(|link| format!("<p>{}<br>\n<a href=\"{link}\">{link}</a></p>\n", escaped(&or_open)));
        let text = format!("{why}\n\n{enter}\n\n    {code}\n\n{plain_link}{otherwise}\n");
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\">\n<body>\n<p>{}</p>\n<p>{}</p>\n<p style=\"font-size: 1.5em\"><strong>{code}</strong></p>\n{}<p>{}</p>\n</body>\n</html>\n",
            self.language.tag(),
            escaped(&why),
            escaped(&enter),
            html_link.unwrap_or_default(),
            escaped(&otherwise),
        );
        [subject, text, html]
    }
}

/// Sends the mail that has been due for longest; answers 0 when none is.
pub fn deliver(shift: &mut Shift<'_>) -> Result<u64> {
    if shift.house.settings.mailer().is_none() {
        return Ok(0);
    }
    let now = Timestamp::now();
    let Some(due) = within(shift.db, Mode::Write, |db| taken(db, now))? else {
        if let Some(at) = within(shift.db, Mode::Read, |db| store::next_due(db, now))? {
            shift.again(at);
        }
        return Ok(0);
    };
    let opened = sealed::open(&shift.house.derive(SEALED), &due.mail).and_then(|plain| json::read::<Letter>(&plain).ok());
    let Some(letter) = opened.filter(|_| due.owner != NOBODYS) else {
        return within(shift.db, Mode::Write, |db| due.end(db)).map(|()| 1);
    };
    let [subject, text, html] = letter.composed(&shift.house.settings);
    let outcome = shift.mail(&Mail { to: &letter.to, subject: &subject, text: &text, html: &html, within: WITHIN })?;
    within(shift.db, Mode::Write, |db| match &outcome {
        Ok(()) => due.done(db).and_then(|()| mail::went(db)),
        Err(undelivered) => {
            if !undelivered.again || next(&due, now).is_none() {
                due.done(db)?;
            }
            mail::failed(db, &undelivered.why, now)
        }
    })?;
    if let Err(undelivered) = outcome {
        tell(&due, &undelivered, now);
    }
    Ok(1)
}

/// The mail that is due, noted as tried.
fn taken(db: &mut crate::db::Db, now: Timestamp) -> Result<Option<Due>> {
    let due = store::due(db, now)?;
    if let Some(due) = &due {
        due.tried(db, next(due, now))?;
    }
    Ok(due)
}

/// When it is tried again, should it fail this time; never behind the end of its code.
fn next(due: &Due, now: Timestamp) -> Option<Timestamp> {
    let wait = usize::try_from(due.tries).ok().and_then(|tries| AGAIN.get(tries))?;
    Some(now.plus(*wait)).filter(|at| *at < due.expires_at)
}

/// The log has a line where nothing more is done, and none of whom it was for.
fn tell(due: &Due, undelivered: &Undelivered, now: Timestamp) {
    if !undelivered.again || next(due, now).is_none() {
        log::warn!(
            "a mail was given up after {} tries: {}; `tandem mail test ADDRESS` tries one",
            due.tries + 1,
            undelivered.why
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(kind: Kind, language: Language) -> Letter {
        Letter { kind, language, to: "a@b.fr".into(), code: "BCDFGHJK".into(), token: "0f".into() }
    }

    #[test]
    fn a_mail_has_its_code_and_its_link_in_both_forms_and_in_every_language() {
        let app = Settings { app_url: Some("https://app.example/x".into()), ..Settings::default() };
        let mut subjects = std::collections::BTreeSet::new();
        for kind in [Kind::Reset, Kind::Verify] {
            for language in [Language::En, Language::Fr, Language::Ko] {
                let [subject, text, html] = letter(kind, language).composed(&app);
                let link = format!("https://app.example/x/{}#token=0f", kind.name());
                assert!(text.contains("BCDF-GHJK") && text.contains(&link), "{text}");
                assert!(html.contains("BCDF-GHJK") && html.contains(&format!("<a href=\"{link}\">")), "{html}");
                assert!(subjects.insert(subject.clone()), "{subject}");
            }
        }
    }

    #[test]
    fn a_link_leads_to_an_address_that_the_operator_gave() {
        let link = |settings: Settings| letter(Kind::Verify, Language::En).composed(&settings)[1].contains("https://");
        assert!(!link(Settings::default()), "not to a host that a request names");
        let site = Settings { site_url: "https://a.example/api".into(), ..Settings::default() };
        assert!(letter(Kind::Verify, Language::En).composed(&site)[1].contains("https://a.example/api/verify/#token=0f\n"));
    }

    #[test]
    fn what_waits_is_read_as_it_was_written() {
        let read: Letter = json::read(&letter(Kind::Reset, Language::Ko).written().unwrap()).unwrap();
        assert!(read.kind == Kind::Reset && read.language == Language::Ko && read.to == "a@b.fr");
    }
}
