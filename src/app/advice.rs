//! What the operator is told of failures and figures, in sentences: on the command line, in a mail of cron, on a page.

use crate::base::error::{DbFault, Error};
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
        Error::Db(fault) => format!("{} ({})", advice(fault.kind), fault.text),
        Error::NotReady(text) | Error::Internal(text) => text.clone(),
    }
}

/// What can be done about a failure of the database.
pub fn advice(fault: DbFault) -> &'static str {
    match fault {
        DbFault::Busy | DbFault::Retry => "The database is busy: try again in a minute.",
        DbFault::Full => "The disk or the quota is full: make room, then try again.",
        DbFault::ReadOnly => "The database cannot be written: run this as the account that owns the data folder.",
        DbFault::Missing => "The database cannot be opened: `tandem doctor` says what is missing.",
        DbFault::Unreachable => "The database server cannot be reached: see that it runs and that database_url is right.",
        DbFault::Corrupt => "The database is damaged: stop using it and restore a backup.",
        DbFault::Duplicate | DbFault::Other => "The database did not do it: `tandem doctor` may say why.",
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
