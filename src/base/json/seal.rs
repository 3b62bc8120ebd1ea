//! The seal of stand-ins. It is drawn anew for each request and told to nobody, so that no text of a client's can be taken
//! for a number of ours.

use crate::base::error::Result;
use crate::base::id;
use std::cell::RefCell;

/// Why a value cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A number of too many digits, or with too large an exponent.
    Number,
    /// Text with one half of a character that UTF-16 writes in two.
    Half,
    /// Arrays and objects that nest too deep.
    Deep,
}

/// Every fault with its letter behind the seal.
const FAULTS: [(Fault, &str); 3] = [(Fault::Number, "!n"), (Fault::Half, "!h"), (Fault::Deep, "!d")];
/// Between the seal and a number.
const NUMBER: &str = ":";
/// Random bytes of a seal: nobody guesses 128 bits.
const RANDOM: usize = 16;
/// Characters of a seal.
const LENGTH: usize = 2 * RANDOM;

thread_local! {
    /// Nothing until something had to be sealed, which is rare.
    static SEAL: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What stands behind a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed<'t> {
    /// A number, as it was written.
    Number(&'t str),
    /// A value that cannot be kept.
    Fault(Fault),
}

/// Forgets the seal: another request begins, and no value of the last one is left.
pub fn renew() {
    SEAL.with_borrow_mut(|seal| *seal = None);
}

/// Is anything sealed?
pub fn is_used() -> bool {
    SEAL.with_borrow(Option::is_some)
}

/// The stand-in of a number.
pub fn number(text: &str) -> Result<String> {
    sealed(&[NUMBER, text].concat())
}

/// The stand-in of a value that cannot be kept.
pub fn fault(fault: Fault) -> Result<String> {
    sealed(crate::base::word::of(&FAULTS, &fault))
}

fn sealed(what: &str) -> Result<String> {
    SEAL.with_borrow_mut(|seal| {
        let seal = match seal {
            Some(seal) => seal,
            None => seal.insert(id::hex(&id::bytes::<RANDOM>()?)),
        };
        Ok([seal, what].concat())
    })
}

/// What stands behind the seal of a text; `None` when it has none.
pub fn look(text: &str) -> Option<Sealed<'_>> {
    let (head, rest) = text.split_at_checked(LENGTH)?;
    let ours = SEAL.with_borrow(|seal| seal.as_deref() == Some(head));
    if !ours {
        return None;
    }
    let fault = crate::base::word::named(&FAULTS, rest).map(Sealed::Fault);
    fault.or_else(|| rest.strip_prefix(NUMBER).map(Sealed::Number))
}

/// A text of JSON with every number in the place of its stand-in; a value that cannot be kept is null.
pub fn open(text: String) -> String {
    let Some(quoted) = SEAL.with_borrow(|seal| seal.as_ref().map(|seal| format!("\"{seal}"))) else { return text };
    let (mut opened, mut rest) = (String::with_capacity(text.len()), text.as_str());
    while let Some(at) = rest.find(&quoted) {
        let (before, token) = rest.split_at(at);
        opened.push_str(before);
        let end = token[1..].find('"').map_or(token.len(), |end| end + 2);
        // Behind a backslash it is a part of a string that quotes another.
        let inner = token[..end].trim_matches('"');
        match look(inner).filter(|_| !before.ends_with('\\')) {
            Some(Sealed::Number(number)) => opened.push_str(number),
            Some(Sealed::Fault(_)) => opened.push_str("null"),
            None => opened.push_str(&token[..end]),
        }
        rest = &token[end..];
    }
    opened.push_str(rest);
    opened
}
