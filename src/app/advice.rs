//! What the operator is told of failures and figures, in sentences: on the command line, in a mail of cron, on a page.

use crate::base::error::Error;
use crate::base::text::Language;
use crate::db::migrate::{self, Standing};

/// What to do where the newer programs are missing.
pub const UPGRADE: &str = "extract the newer zip file in a folder new and let a cron job run $HOME/new/tandem/bin/tandem upgrade";

/// `1 session`, `2 sessions`.
pub fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// An error in sentences for the operator.
pub fn explain(error: &Error) -> String {
    match error {
        Error::Refused(refusal) if refusal.fields.is_empty() => refusal.detail.render(Language::En).into_owned(),
        Error::Refused(refusal) => {
            let told =
                |(field, message): &(&str, crate::base::text::Message)| format!("{field}: {}", message.render(Language::En));
            refusal.fields.iter().map(told).collect::<Vec<_>>().join("\n       ")
        }
        Error::Db(fault) => format!("{} ({})", fault.kind.advice().operator, fault.text),
        Error::NotReady(text) | Error::Internal(text) => text.clone(),
    }
}

/// How the schema stands, in words.
pub fn describe(standing: Standing) -> String {
    match standing {
        Standing::Empty => "empty: the first request makes the schema".to_owned(),
        Standing::Current => format!("schema {}, which is this program's", migrate::newest()),
        Standing::Old(version) => format!("schema {version}, this program needs {}", migrate::newest()),
        Standing::Ahead(version) => {
            format!("schema {version}, which this program, of schema {}, may use, too", migrate::newest())
        }
        Standing::Newer(version) => migrate::newer(version),
        Standing::Unfinished => migrate::NOT_FINISHED.to_owned(),
        Standing::Moved => format!("moved to another database: set database_url to that one; {}", migrate::UNMOVE),
    }
}
