//! Whose each table is. One place writes it; whoever else reads it is named here, with the reason.

use super::source::Source;
use super::sql::{DRIVERS, may_hold_sql};

/// What another may do with a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    Read,
    Write,
}
use May::{Read, Write};

/// Another than the owner: where its statements stand, what they may do, why. Reviewed, one by one.
type Other = (&'static str, May, &'static str);

/// A table whose name is only known at run time.
const ANY: &str = "any";

/// Each table, its owner (a file, or a folder with its `/`), and the others.
const TABLES: &[(&str, &str, &[Other])] = &[
    (
        ANY,
        COPY,
        &[
            ("src/db/backup.rs", Read, "a backup is checked by how many rows each table has"),
            (ROOM, Read, "what of a table takes room its owner names"),
        ],
    ),
    ("answers", "src/domain/qna/", &[]),
    ("api_usage", "src/feature/usage/", &[]),
    ("attempts", "src/feature/store.rs", &[]),
    (
        "changes",
        "src/feature/store.rs",
        &[
            ("src/domain/sync/store.rs", Read, "the feed is its answer"),
            ("src/domain/push/wake/store.rs", Read, "what a device has not seen of the feed is what wakes it"),
            ("src/faces/realtime/store.rs", Read, "what moved while hints were held back is told by them"),
            ("src/domain/mobile/conflicts/store.rs", Read, "that what a conflict is about was deleted, the feed tells"),
            (ROOM, Read, "what objects weigh stands beside their stamps"),
        ],
    ),
    ("checkins", "src/domain/checkins/", &[]),
    ("codes", "src/domain/auth/", &[]),
    ("conflicts", "src/domain/mobile/", &[(FIGURES, Read, "an hour's figures count its conflicts by domain")]),
    (
        "departures",
        "src/domain/couples/",
        &[("src/feature/store.rs", Read, "an archive's export and end are of accounts, whose passwords confirm it")],
    ),
    (
        "devices",
        "src/domain/devices/",
        &[
            (
                "src/domain/mobile/conflicts/store.rs",
                Read,
                "the share of conflicts is one of all items ever sent, which stands there",
            ),
            ("src/domain/mobile/telemetry/store.rs", Read, "telemetry has no index by its user; their devices are few"),
        ],
    ),
    ("ended_sessions", "src/feature/sessions/", &[]),
    (
        "facts",
        "src/feature/store.rs",
        &[
            ("src/db/migrate.rs", Write, "what the schema asks of programs is known before any seam"),
            (COPY, Write, "a copy begins without facts"),
        ],
    ),
    ("goal_actions", "src/domain/goals/", &[]),
    ("goals", "src/domain/goals/", &[]),
    ("history", "src/domain/risk/", &[]),
    ("idempotency", "src/app/guard/idempotency.rs", &[]),
    ("installations", "src/feature/sessions/", &[]),
    ("invites", "src/domain/couples/", &[(HEALTH, Read, TELLS)]),
    ("letters", "src/domain/letters/", &[]),
    ("limits", "src/app/guard/uploads.rs", &[]),
    ("marks", "src/domain/risk/", &[]),
    (
        "members",
        "src/domain/couples/",
        &[
            ("src/domain/risk/history/store.rs", Read, "who is in the tenant no more is not remembered by name"),
            (ADMISSION, Read, ADMITS),
            ("src/feature/store.rs", Read, "many nouns ask whether a user is in the tenant"),
            (ROOM, Read, "a couple of one has little room"),
            (SESSIONS, Read, "a session polls the couple or team that its user is in"),
            ("src/domain/auth/store.rs", Read, "the operator sees the accounts of a tenant"),
            ("src/domain/letters/store.rs", Read, "a letter is in the languages of those who read it"),
            ("src/domain/push/store.rs", Read, "messages are for who is in the tenant, and was when they were made"),
            (SUBSCRIPTIONS, Read, WAKES),
            ("src/feature/signals/store.rs", Read, "channels are of those who are in the tenant"),
            (RHYTHM, Read, "a tenant's subscriptions are its members'"),
        ],
    ),
    ("migrations", "src/db/migrate.rs", &[(COPY, Write, "a copy is marked as unfinished until it is whole")]),
    ("policies", "src/domain/mobile/", &[]),
    ("push_messages", "src/domain/push/", &[]),
    (
        "push_subscriptions",
        "src/domain/push/",
        &[(RHYTHM, Write, "a subscription ends with its device's last session, and a tenant knows how many are awake")],
    ),
    ("questions", "src/domain/qna/", &[]),
    ("records", "src/domain/mobile/", &[]),
    ("room", "src/feature/room/", &[]),
    (
        "sessions",
        "src/domain/auth/",
        &[
            (ADMISSION, Read, ADMITS),
            (HEALTH, Read, TELLS),
            (SESSIONS, Write, "accounts, devices and the operator end sessions, and each end is remembered"),
            (SUBSCRIPTIONS, Read, WAKES),
            (RHYTHM, Write, "how often a session polls is in its row, which admission reads anyway"),
        ],
    ),
    ("shelf", "src/feature/shelf/", &[]),
    ("snapshots", "src/domain/devices/", &[]),
    ("spent", "src/app/guard/spent.rs", &[]),
    ("telemetry", "src/domain/mobile/", &[]),
    (
        "tenants",
        "src/domain/couples/",
        &[
            (ADMISSION, Read, ADMITS),
            ("src/feature/store.rs", Write, "clock, horizon and epoch of the feed are in the row that writers lock"),
            (ROOM, Read, "a tenant's kind and age say how much room it has"),
            (SUBSCRIPTIONS, Read, WAKES),
            (RHYTHM, Write, "whether a write wakes anybody is in the row that writers lock"),
            ("src/domain/devices/store.rs", Read, "the operator sees tenants by their id on the wire"),
            ("src/domain/mobile/conflicts/store.rs", Read, "in a couple the other side of a conflict is the partner's"),
            ("src/domain/letters/store.rs", Read, "a letter's head has the name of the team"),
            (HEALTH, Read, TELLS),
        ],
    ),
    ("uploads", "src/domain/devices/", &[]),
    (
        "users",
        "src/domain/auth/",
        &[
            (ADMISSION, Read, ADMITS),
            ("src/feature/store.rs", Read, "a backup is as new as the newest change, and accounts have no clock"),
            (SUBSCRIPTIONS, Read, WAKES),
            ("src/domain/checkins/store.rs", Read, NAMES),
            ("src/domain/couples/store.rs", Read, NAMES),
            ("src/domain/letters/store.rs", Read, NAMES),
            ("src/domain/qna/store.rs", Read, NAMES),
            (HEALTH, Read, "a site without an account has nobody to answer, and a clock that was ahead made accounts"),
        ],
    ),
];

const RHYTHM: &str = "src/feature/rhythm/store.rs";
const SUBSCRIPTIONS: &str = "src/domain/push/subscriptions/store.rs";
const WAKES: &str = "the courier looks at whose devices something was changed for, in one query";
const SESSIONS: &str = "src/feature/sessions/store.rs";
const ROOM: &str = "src/feature/room/store.rs";
const ADMISSION: &str = "src/app/guard/admit.rs";
const ADMITS: &str = "one query admits";
const HEALTH: &str = "src/domain/health/store.rs";
const TELLS: &str = "what a clock that was ahead has made is told";
const COPY: &str = "src/db/rows.rs";
const FIGURES: &str = "src/domain/devices/snapshots/store.rs";
const NAMES: &str = "an object shows the name of whoever made it";

/// Kinds of row that share a table: the table, the kind's word, whose it is.
const KINDS: &[(&str, &str, &str)] = &[
    ("attempts", "code", "src/domain/couples/"),
    ("attempts", "edits", "src/domain/risk/"),
    ("attempts", "login", "src/domain/auth/"),
    ("attempts", "mail", "src/domain/auth/"),
    ("attempts", "link", "src/domain/auth/"),
    ("attempts", "links", "src/domain/auth/"),
    ("attempts", "open links", "src/domain/auth/"),
    ("attempts", "push", "src/domain/push/"),
    ("attempts", "push codes", "src/domain/push/"),
    ("attempts", "refresh", "src/domain/auth/"),
    ("attempts", "reset", "src/domain/auth/"),
    ("attempts", "register", "src/domain/auth/"),
    ("attempts", "verify", "src/domain/auth/"),
    ("changes", "attendance", "src/domain/mobile/"),
    ("changes", "checkins", "src/domain/checkins/"),
    ("changes", "conflicts", "src/domain/mobile/"),
    ("changes", "couple", "src/feature/mod.rs"),
    ("changes", "edits", "src/domain/risk/"),
    ("changes", "goal_actions", "src/domain/goals/"),
    ("changes", "goals", "src/domain/goals/"),
    ("changes", "journal", "src/domain/mobile/"),
    ("changes", "letters", "src/domain/letters/"),
    ("changes", "qna_answers", "src/domain/qna/"),
    ("changes", "qna_questions", "src/domain/qna/"),
    ("changes", "tasks", "src/domain/mobile/"),
    ("changes", "tickets", "src/domain/mobile/"),
    ("changes", "work_orders", "src/domain/mobile/"),
    ("facts", "account_quota", "src/feature/store.rs"),
    ("facts", "backups_kept", "src/feature/backups.rs"),
    ("facts", "edit_sums_made", "src/domain/risk/"),
    ("facts", "lifecycle_file", "src/app/"),
    ("facts", "mail_failing", "src/feature/mail.rs"),
    ("facts", "maintained_at", "src/feature/store.rs"),
    ("facts", "maintained_by", "src/app/"),
    ("facts", "maintenance_lease", "src/app/"),
    ("facts", "push_key", "src/domain/push/"),
    ("facts", "push_late", "src/domain/push/"),
    ("facts", "room_counted", "src/feature/room/"),
    ("facts", "model_degraded", "src/feature/degraded.rs"),
    ("facts", "models_changed", "src/domain/risk/"),
    ("facts", "oldest_schema", "src/db/migrate.rs"),
    ("shelf", "edit_sums", "src/domain/risk/"),
    ("shelf", "model_active", "src/domain/risk/"),
    ("shelf", "model_candidate", "src/domain/risk/"),
    ("shelf", "model_off", "src/domain/risk/"),
    ("shelf", "model_refused", "src/domain/risk/"),
    ("shelf", "model_retired", "src/domain/risk/"),
    ("shelf", "model_told", "src/domain/risk/"),
];

/// Where a kind is named: what stands before its word. By the first ones nothing but a kind is.
const NAMED: [&str; 7] = [".bucket(", ".touch(", ".bury(", "Kind { name: ", "fact(db, ", "&str = ", "&'static str = "];
/// How many of them name nothing but a kind.
const ALWAYS: usize = 5;

/// The tables that a text of SQL names, and what it does to each.
fn touched(sql: &str) -> Vec<(String, May)> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    // A question that goes on by its own answers has a name for them, which is no table.
    let own = words.windows(2).find(|pair| pair[0] == "RECURSIVE").map(|pair| pair[1]);
    let mut found = Vec::new();
    for (n, pair) in words.windows(2).enumerate() {
        let may = match pair[0] {
            "INTO" | "UPDATE" => Write,
            "FROM" if n > 0 && words[n - 1] == "DELETE" => Write,
            "FROM" | "JOIN" => Read,
            _ => continue,
        };
        let name = pair[1].trim_end_matches([')', ',', ';']);
        // A bound value is no table, and a table in brackets is looked at by itself.
        if !name.starts_with(['(', '?']) && Some(name) != own {
            found.push((if name.starts_with('{') { ANY } else { name }.to_owned(), may));
        }
    }
    found
}

/// The table of each upsert in a file.
fn upserts(source: &Source, text: &str) -> Vec<(String, May)> {
    let starts = source.code.match_indices("table: \"").map(|(at, before)| at + before.len());
    starts.map(|at| (text[at..].split('"').next().unwrap_or_default().to_owned(), Write)).collect()
}

/// What a file does to which tables.
fn uses(path: &str, text: &str) -> Vec<(String, May)> {
    if !may_hold_sql(path) || path.ends_with("/tests.rs") || DRIVERS.iter().any(|driver| path.starts_with(driver)) {
        return Vec::new();
    }
    let source = Source::of(text);
    let upserts = upserts(&source, text);
    source.strings.iter().flat_map(|(_, string)| touched(string)).chain(upserts).collect()
}

/// Does a file belong to an owner?
fn is_of(path: &str, owner: &str) -> bool {
    path == owner || (owner.ends_with('/') && path.starts_with(owner))
}

/// A statement stands with its table's owner, or in a place that was reviewed.
pub fn have_one_owner(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (table, may) in uses(path, text) {
        let Some((_, owner, others)) = TABLES.iter().find(|(name, ..)| *name == table) else {
            wrong.push(format!("{table} has no owner"));
            continue;
        };
        let reviewed = others.iter().any(|(other, reviewed, _)| *other == path && (may == Read || *reviewed == Write));
        if !is_of(path, owner) && !reviewed {
            wrong.push(format!("{} {table}, which is {owner}'s", if may == Read { "reads" } else { "writes" }));
        }
    }
    wrong
}

/// A kind of row is named where its owner names it; one that is named for a shared table is listed.
pub fn share_by_kind(path: &str, text: &str) -> Vec<String> {
    let code = Source::of(text).code;
    let mut wrong = Vec::new();
    for (n, before) in NAMED.iter().enumerate() {
        for (at, _) in code.match_indices(&format!("{before}\"")) {
            let word = text[at + before.len() + 1..].split('"').next().unwrap_or_default();
            match KINDS.iter().find(|(_, kind, _)| *kind == word) {
                Some((table, _, owner)) if !is_of(path, owner) => {
                    wrong.push(format!("names the kind {word} of {table}, which is {owner}'s"));
                }
                None if n < ALWAYS => wrong.push(format!("the kind {word} has no owner")),
                _ => {}
            }
        }
    }
    wrong
}

#[test]
fn every_table_is_listed_and_every_exception_used() {
    let files = super::files();
    let lines = || files.iter().filter(|(path, _)| path.starts_with("sql/")).flat_map(|(_, text)| text.lines());
    let named = |before: &'static str| {
        let rest = lines().filter_map(move |line| line.strip_prefix(before));
        rest.map(|rest| rest.split([' ', ';']).next().unwrap_or_default())
    };
    // A table that is made anew has another name until it takes the place of the old one.
    let anew: Vec<&str> = named("CREATE TABLE ").filter_map(|name| name.strip_prefix("new_")).collect();
    let dropped: Vec<&str> = named("DROP TABLE ").filter(|name| !anew.contains(name)).collect();
    let stands = |name: &&str| !name.starts_with("new_") && !dropped.contains(name);
    let mut made: Vec<&str> = named("CREATE TABLE ").filter(stands).chain([ANY]).collect();
    made.sort_unstable();
    let mut listed: Vec<&str> = TABLES.iter().map(|(table, ..)| *table).collect();
    listed.sort_unstable();
    assert_eq!(listed, made);
    let used = |path: &str, table: &str, may: May| {
        let mut files = files.iter().filter(|(file, _)| is_of(file, path));
        files.any(|(file, text)| uses(file, text).contains(&(table.to_owned(), may)))
    };
    for (table, owner, others) in TABLES {
        assert!(used(owner, table, Read) || used(owner, table, Write), "{owner} does not use {table}");
        for (other, may, _) in *others {
            assert!(used(other, table, *may), "{other} does not use {table}: take it off the list");
        }
    }
    for (table, kind, owner) in KINDS {
        let names = |(file, text): &(String, String)| is_of(file, owner) && text.contains(&format!("\"{kind}\""));
        assert!(files.iter().any(names), "{owner} does not name {kind} of {table}");
    }
}
