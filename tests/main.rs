//! The integration tests: one binary, so that it links once. The rules that the project's text is held to are a program
//! of their own (`tests/tidy`); what single functions promise is tested beside them, in `src`.
//!
//! | module | what it shows |
//! |---|---|
//! | [`api`] | the contract: what each call answers, in tables of cases, on every web server and both databases |
//! | [`cli`] | the operator's commands, run as an operator runs them |
//! | [`clock`] | no change is lost between many writers and pollers, whatever is killed meanwhile |
//! | [`compressed`] | servers on the way that compress: tags and preconditions hold behind them |
//! | [`converge`] | plain clients hold what the server holds in the end, whatever the network loses |
//! | [`db`] | the database layer on both engines, and where they differ |
//! | [`dependencies`] | the crates that the program is built from: their source, their licence, and which are shut out |
//! | [`docs`] | the tables of the documents are those of the code: settings, commands, routes |
//! | [`erased`] | after deleting and maintenance no deleted text is in the store |
//! | [`faults`] | full disks, closed folders, damaged files, wrong clocks, slow clients: told, and survived |
//! | [`hints`] | polls that do not open the database, as CGI |
//! | [`lifecycle`] | what is to go is announced, refused and drained by the clock, on every route and in both versions |
//! | [`mail`] | mails that bring codes: sent after the answer, bounded, and telling nobody who has an account |
//! | [`model`] | the clock's protocol, every interleaving of a bounded world |
//! | [`push`] | devices are woken: when it is due, through every answer of a push service, and couriers that are killed |
//! | [`realtime`] | sockets and streams, as an engine in front asks for them |
//! | [`registry`] | what the nouns declare: routes say what they take and give, GraphQL's parts make one schema; no server |
//! | [`servers`] | no tests: it starts the web servers and databases that the others use |
//! | [`transport`] | CGI and FastCGI against a peer written from the specification |
//! | [`upgrade`] | another version takes the place of the running one, and no request fails |
//! | [`upkeep`] | maintenance after answers, where cron does not run it |
//! | [`uploads`] | an upload killed at any moment and sent again is stored once |
//! | [`usage`] | who uses what is to go: counted by many processes, and nobody by name |
//! | [`web`] | what a web server must hand to the program, and back |
//!
//! ```text
//! cargo test --test all -- registry             a module
//! CASE=goal cargo test --test all -- api        the contract's cases whose name or module has the word, on every server
//! CASE=goal cargo test --test all -- lighttpd_fastcgi      the same on one server: the shortest loop
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "tests show how far they are")]

mod api;
mod cli;
mod clock;
mod compressed;
mod converge;
mod courier;
mod db;
mod dependencies;
mod docs;
mod erased;
mod faults;
mod hints;
mod lifecycle;
mod mail;
mod model;
mod push;
mod realtime;
mod registry;
mod servers;
mod transport;
mod upgrade;
mod upkeep;
mod uploads;
mod usage;
mod web;
