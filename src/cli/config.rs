//! `tandem config`: every setting, what holds, and where it comes from.

use super::{Action, Command, SETTING_UP, Verdict, flag, json_flag, out};
use crate::app::config::{self, FILE_VARIABLE, Loaded, SETTINGS, Setting, Source, Value as Shape};
use crate::base::error::Result;
use crate::db::Address;
use clap::ArgMatches;
use serde_json::{Value, json};
use std::fmt::Write;

pub const COMMAND: Command = Command {
    name: "config",
    group: SETTING_UP,
    about: "Show every setting, what holds and where it comes from",
    help: "Tandem works without any configuration. What you set stands in tandem/tandem.toml in the home folder, or in the file that the \
           environment variable TANDEM_CONFIG names; environment variables such as TANDEM_POLL_IDLE win over the file. Secrets are not \
           shown.",
    examples: &[
        ("tandem config", "what holds"),
        ("tandem config --example > tandem.toml", "a file to start from, everything in it commented out"),
    ],
    args: |command| {
        command.arg(json_flag().conflicts_with("example")).arg(flag("example", "Print a commented configuration file"))
    },
    action: Action::Run(run),
};

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

fn run(matches: &ArgMatches) -> Result<Verdict> {
    if matches.get_flag("example") {
        out::line(example().trim_end())?;
        return Ok(Verdict::Well);
    }
    let loaded = config::load()?;
    if matches.get_flag("json") {
        out::json(&SETTINGS.iter().map(|setting| as_json(&loaded, setting)).collect::<Vec<_>>())?;
    } else {
        out::table(["setting", "value", "from"], &SETTINGS.iter().map(|setting| as_row(&loaded, setting)).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

/// The value in force, as the operator would write it.
fn effective(loaded: &Loaded, setting: &Setting) -> String {
    match (loaded.written.get(setting.name), setting.name) {
        (Some(_), _) if setting.secret => HIDDEN.to_owned(),
        // A database's URL may hold a password; one that cannot be read is not shown at all.
        (Some((value, _)), "database_url" | "read_url") => {
            Address::parse(value.trim()).map_or(HIDDEN.to_owned(), |address| address.to_string())
        }
        (Some((value, _)), _) => value.trim().to_owned(),
        (None, "data") => loaded.settings.data.display().to_string(),
        (None, "database_url") => loaded.settings.database_url.clone(),
        (None, _) => inherited(loaded, setting),
    }
}

/// What holds where nothing was written: a limit may have been switched off together with another.
fn inherited(loaded: &Loaded, setting: &Setting) -> String {
    let settings = &loaded.settings;
    let off = match setting.name {
        "limits.address" => settings.limit_address.is_none(),
        "limits.all_codes" => settings.limit_all_codes.is_none(),
        "limits.codes" => settings.limit_codes.is_none(),
        "limits.registrations" => settings.limit_registrations.is_none(),
        "limits.polls" => settings.limit_polls.is_none(),
        _ => false,
    };
    if off { "off".to_owned() } else { setting.default.to_owned() }
}

fn as_row(loaded: &Loaded, setting: &Setting) -> [String; 3] {
    let from = match loaded.source(setting) {
        Source::Default => "default".to_owned(),
        Source::File(file) => file.display().to_string(),
        Source::Environment(variable) => variable,
    };
    [setting.name.to_owned(), effective(loaded, setting), from]
}

fn as_json(loaded: &Loaded, setting: &Setting) -> Value {
    let (source, at) = match loaded.source(setting) {
        Source::Default => ("default", None),
        Source::File(file) => ("file", Some(file.display().to_string())),
        Source::Environment(variable) => ("environment", Some(variable)),
    };
    json!({
        "name": setting.name, "value": effective(loaded, setting), "source": source, "where": at,
        "default": setting.default, "variable": config::variable(setting.name), "help": setting.help,
    })
}

/// Examples of settings whose default is a sentence, not a value.
const EXAMPLES: &[(&str, &str)] = &[
    ("data", "/home/ACCOUNT/tandem/data"),
    ("database_url", "sqlite:/home/ACCOUNT/tandem/data/tandem.db"),
    ("courier.program", "/home/ACCOUNT/tandem/bin/tandem"),
    ("app_url", "https://app.example"),
    ("mail.from", "no-reply@YOUR.SITE"),
    ("mail.smtp", "smtps://no-reply%40YOUR.SITE:PASSWORD@mail.YOUR.SITE"),
    ("push.contact", "mailto:you@YOUR.SITE"),
    ("push.hosts", "fcm.googleapis.com"),
    ("push.private", "push.YOUR.SITE"),
    ("push.ca", "/home/ACCOUNT/push-ca.pem"),
    ("grip.control_url", "http://127.0.0.1:5561"),
    ("grip.key", "replace-this-by-at-least-32-random-characters"),
    ("grip.public_url", "https://rt.YOUR.SITE/api"),
    ("limits.store", "8192"),
    ("read_url", "mysql://USER:PASSWORD@replica.example/DATABASE"),
    ("site_url", "https://YOUR.SITE/api"),
    ("jwt_secret", "replace-this-by-at-least-32-random-characters"),
    ("trusted_proxies", "10.0.0.0/8"),
    ("cors_origins", "https://app.example"),
];

/// A configuration file from the table, everything in it commented out; a table of TOML must follow every plain setting.
fn example() -> String {
    let mut text = format!(
        "# Tandem's configuration. Put it into the folder tandem of your home folder as {}, or name it in {FILE_VARIABLE}.\n\
         # Everything is optional: take away the # in front of what you change. Keep this file outside the web root.\n",
        config::FILE
    );
    for setting in SETTINGS.iter().filter(|setting| !setting.name.contains('.')) {
        entry(&mut text, setting, setting.name);
    }
    let mut section = "";
    for setting in SETTINGS {
        let Some((table, name)) = setting.name.split_once('.') else { continue };
        if table != section {
            let _ = write!(text, "\n# [{table}]\n");
            section = table;
        }
        entry(&mut text, setting, name);
    }
    text
}

fn entry(text: &mut String, setting: &Setting, name: &str) {
    let value = EXAMPLES.iter().find(|e| e.0 == setting.name).map_or(setting.default, |e| e.1);
    let value = match setting.value {
        Shape::Number(..) => value.to_owned(),
        Shape::List(_) => format!("[{value:?}]"),
        Shape::Text(_) | Shape::Checked(_) | Shape::Word(..) | Shape::Limit(_) => format!("{value:?}"),
    };
    let _ = write!(text, "\n# {} Default: {}.\n# {name} = {value}\n", setting.help, setting.default);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_example_is_sound_when_every_setting_in_it_is_taken() {
        let is_toml = |line: &&str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
        let taken: Vec<String> =
            example().lines().filter_map(|line| line.strip_prefix("# ")).filter(is_toml).map(str::to_owned).collect();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tandem.toml");
        std::fs::write(&file, taken.join("\n")).unwrap();
        let environment = BTreeMap::from([(FILE_VARIABLE.to_owned(), file.clone().into_os_string())]);
        let loaded = config::load_from(&environment, None).unwrap();
        for setting in SETTINGS {
            assert_eq!(loaded.source(setting), Source::File(file.clone()), "{}", setting.name);
        }
    }
}
