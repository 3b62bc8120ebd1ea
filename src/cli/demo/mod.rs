//! `tandem demo`: a couple with a month of content, made through the API's own routes and guards.

mod content;

use super::client::{Client, Person};
use super::site::{enter_or_make, within};
use super::{Action, Command, DEVELOPING, Verdict, json_flag, out, progress};
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::base::time::{Timestamp, date_in};
use crate::db::{Db, Mode};
use crate::domain::auth::store;
use chrono::{NaiveDate, TimeDelta};
use clap::ArgMatches;
use content::{ANSWERS, DAYS, GOALS, LETTERS, NOTES, QUESTIONS};
use indicatif::ProgressBar;
use serde_json::{Value, json};

pub const COMMAND: Command = Command {
    name: "demo",
    group: DEVELOPING,
    about: "Make a couple with a month of content, to develop an app against",
    help: "Two accounts, paired, with questions and answers, goals and actions, check-ins of 30 days and letters; the dates end today. \
           Everything goes through the API's own routes. It prints user names, passwords and tokens. Delete an account in the app, or \
           disable it with `tandem user disable`, when you are done.",
    examples: &[("tandem demo", "make a couple"), ("tandem demo --json", "names and tokens for a script")],
    args: |command| command.arg(json_flag()),
    action: Action::Run(run),
};

/// The time zone and languages of the two.
const ZONE: &str = "Europe/Paris";
const NAMES: [(&str, &str, &str); 2] = [("demo-anna", "Anna", "en"), ("demo-ben", "Ben", "fr")];

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (settings, mut db) = enter_or_make()?;
    let names = free_names(&mut db)?;
    drop(db);
    let mut client = Client::new()?;
    let mut register = |n: usize| {
        let (_, first_name, language) = NAMES[n];
        client.register(&names[n], &json!({"first_name": first_name, "language": language, "timezone": ZONE}))
    };
    let couple = [register(0)?, register(1)?];
    let steps = 3 + QUESTIONS.len() * 3 + GOALS.len() * 4 + LETTERS.len() + usize::try_from(DAYS * 2).unwrap_or_default();
    let mut author = Author { client, bar: progress::bar(steps as u64, "writing"), today: date_in(Timestamp::now(), ZONE) };
    author.pair(&couple)?;
    author.questions(&couple)?;
    author.goals(&couple)?;
    author.checkins(&couple)?;
    author.letters(&couple)?;
    author.bar.finish_and_clear();
    if matches.get_flag("json") {
        tell_machines(&couple)?
    } else {
        tell(&couple, settings.link_base().unwrap_or(NO_SITE))?
    }
    Ok(Verdict::Well)
}

/// The names, with the same random end when one is taken.
fn free_names(db: &mut Db) -> Result<[String; 2]> {
    let names = NAMES.map(|name| name.0.to_owned());
    let taken =
        within(db, Mode::Read, |db| Ok(store::listed(db, &names[0])?.is_some() || store::listed(db, &names[1])?.is_some()))?;
    let end = id::hex(&id::bytes::<3>()?);
    Ok(if taken { names.map(|name| format!("{name}-{end}")) } else { names })
}

/// Writes the content.
struct Author {
    client: Client,
    bar: ProgressBar,
    today: NaiveDate,
}

impl Author {
    fn post(&mut self, who: &Person, path: &str, body: &Value) -> Result<Value> {
        let answer = self.client.call(&who.access, "POST", path, body)?;
        self.bar.inc(1);
        Ok(answer)
    }

    /// The calendar date this many days from today. Days are counted in the calendar: one of 25 hours is one.
    fn day(&self, days: i64) -> String {
        self.today.checked_add_signed(TimeDelta::days(days)).unwrap_or(self.today).to_string()
    }

    fn pair(&mut self, [anna, ben]: &[Person; 2]) -> Result<()> {
        self.post(anna, "/couple/create/", &Value::Null)?;
        let invite = self.post(anna, "/couple/invite/", &json!({}))?;
        self.post(ben, "/couple/join/", &json!({"code": invite["invite"]["code"]})).map(drop)
    }

    fn questions(&mut self, couple: &[Person; 2]) -> Result<()> {
        for (n, (text, theme)) in QUESTIONS.iter().enumerate() {
            let question = self.post(&couple[n % 2], "/qna/questions/", &json!({"text": text, "theme": theme}))?;
            let path = format!("/qna/questions/{}/answer/", id_of(&question)?);
            for (person, answers) in couple.iter().zip(ANSWERS) {
                let (status, text) = answers[n % answers.len()];
                self.post(person, &path, &json!({"status": status, "text": text}))?;
            }
        }
        Ok(())
    }

    fn goals(&mut self, couple: &[Person; 2]) -> Result<()> {
        for (n, goal) in GOALS.iter().enumerate() {
            let owner = if n == 0 { Value::Null } else { couple[n % 2].id.into() };
            let body = json!({
                "title": goal.title, "why_for_us": goal.why, "status": goal.status, "target_date": self.day(goal.due_in), "owner": owner,
            });
            let made = self.post(&couple[n % 2], "/goals/", &body)?;
            let path = format!("/goals/{}/actions/", id_of(&made)?);
            for (text, done) in goal.actions {
                self.post(&couple[n % 2], &path, &json!({"text": text, "done": done}))?;
            }
        }
        Ok(())
    }

    /// Values that rise and fall over the week, each partner's in their own rhythm.
    fn checkins(&mut self, couple: &[Person; 2]) -> Result<()> {
        for ago in (0..DAYS).rev() {
            for (person, seat) in couple.iter().zip(0..) {
                let wave = (ago + 3 * seat) % 7;
                let note = usize::try_from(ago + seat).ok().and_then(|n| NOTES.get(n % NOTES.len())).unwrap_or(&"");
                let body = json!({
                    "date": self.day(-ago), "mood": 4 + wave % 5, "stress": 7 - wave, "energy": 3 + (wave * 2) % 6, "note": note,
                });
                self.post(person, "/checkins/", &body)?;
            }
        }
        Ok(())
    }

    /// One letter a month, back from this month.
    fn letters(&mut self, couple: &[Person; 2]) -> Result<()> {
        let mut month = self.day(0)[..7].to_owned();
        for (n, content) in LETTERS.iter().enumerate() {
            self.post(&couple[n % 2], "/letters/", &json!({"month": month, "content": content}))?;
            month = month_before(&month);
        }
        Ok(())
    }
}

/// `2026-01` is followed back by `2025-12`.
fn month_before(month: &str) -> String {
    let parts = month.split_once('-').and_then(|(year, month)| Some((year.parse::<i32>().ok()?, month.parse::<u32>().ok()?)));
    match parts {
        Some((year, 1)) => format!("{:04}-12", year - 1),
        Some((year, month)) => format!("{year:04}-{:02}", month - 1),
        None => month.to_owned(),
    }
}

/// The id of an object that was made, whether it stands by itself or under its name.
fn id_of(answer: &Value) -> Result<&str> {
    let inside = answer.as_object().and_then(|members| members.values().find_map(|member| member.get("id")));
    answer.get("id").or(inside).and_then(Value::as_str).ok_or_else(|| Error::internal("an object that was made has no id"))
}

/// What stands for the site's address where nobody has set `site_url`.
const NO_SITE: &str = "https://YOUR.SITE/api";

fn tell_machines(couple: &[Person; 2]) -> Result<()> {
    let tell = |p: &Person| json!({"id": p.id, "username": p.username, "password": p.password, "access": p.access, "refresh": p.refresh});
    out::json(&couple.iter().map(tell).collect::<Vec<_>>())
}

/// `site` is the API's address.
fn tell(couple: &[Person; 2], site: &str) -> Result<()> {
    for person in couple {
        let Person { username, password, access, refresh, .. } = person;
        out::line(format!("user name  {username}\npassword   {password}\naccess     {access}\nrefresh    {refresh}\n"))?;
    }
    out::line(format!(
        "Try it: curl -H \"Authorization: Bearer ACCESS\" {site}/goals/   (accounts {} and {})",
        couple[0].username, couple[1].username
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_go_back_over_the_new_year() {
        assert_eq!(month_before("2026-03"), "2026-02");
        assert_eq!(month_before("2026-01"), "2025-12");
    }

    #[test]
    fn an_id_is_found_in_both_shapes() {
        assert_eq!(id_of(&json!({"id": "a"})).unwrap(), "a");
        assert_eq!(id_of(&json!({"question": {"id": "b"}})).unwrap(), "b");
        assert!(id_of(&json!({"x": 1})).is_err());
    }
}
