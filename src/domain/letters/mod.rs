//! Letters: one a month, shared by the partners.

pub mod pdf;
