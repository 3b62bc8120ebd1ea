//! Tandem: the backend of an offline-first mobile app for the cheapest hosting there is.
//!
//! The layers, top to bottom; imports point down only (`tests/tidy` holds that):
//!
//! | layer | what it knows |
//! |---|---|
//! | [`transport`] | bytes to and from [`http`]: CGI and FastCGI |
//! | [`cli`] | the operator's commands, a table |
//! | [`app`] | the composition root: configuration, routing, guards |
//! | [`faces`] | what shows all nouns at once: GraphQL, the API's description, pages |
//! | [`domain`] | a folder a noun |
//! | [`feature`] | the seam between nouns and the house |
//! | [`http`], [`db`], [`net`] | requests and answers; statements and transactions; outgoing HTTP |
//! | [`base`] | drafts of files, errors, texts, ids, marks, time, tokens |

pub mod app;
pub mod base;
pub mod cli;
pub mod db;
pub mod domain;
pub mod faces;
pub mod feature;
pub mod http;
pub mod net;
pub mod transport;
