//! Tokens that this process has verified: a phone polls with the same one for minutes, and to read and verify it each time takes some
//! twentieth of a poll.
//!
//! What was verified holds as long as the key does, and goes with it: whether a token has ended, whose session has, is asked each time.

use std::sync::Mutex;
use subtle::ConstantTimeEq;

/// Tokens that are kept: a team's fifty phones, at half a kilobyte each. One more takes the place of the oldest.
const KEPT: usize = 64;
/// Bytes of a token's end by which it is looked for: random ones, of its signature.
const END: usize = 8;
/// A longer token is none of ours, or one that nobody polls with.
const LONGEST: usize = 1_024;

/// The tokens of one key, and what each says.
pub struct Verified<C>(Mutex<Kept<C>>);

struct Kept<C> {
    /// Has one come? A process that is there for one request keeps none.
    asked: bool,
    tokens: Vec<(String, C)>,
    oldest: usize,
}

impl<C: Clone> Verified<C> {
    /// None yet.
    pub const fn new() -> Verified<C> {
        Verified(Mutex::new(Kept { asked: false, tokens: Vec::new(), oldest: 0 }))
    }

    /// The claims of a token that was verified before, or those that verifying it finds.
    pub fn or(&self, token: &str, verify: impl FnOnce() -> Option<C>) -> Option<C> {
        // Nothing in here panics while it is held; where it did, each token is verified.
        let Ok(mut kept) = self.0.lock() else { return verify() };
        if let Some(claims) = kept.find(token) {
            return Some(claims.clone());
        }
        let claims = verify()?;
        kept.keep(token, &claims);
        Some(claims)
    }
}

impl<C: Clone> Kept<C> {
    /// Takes as long whichever byte differs: nobody learns a token by trying.
    fn find(&self, token: &str) -> Option<&C> {
        let end = end(token)?;
        let (_, claims) = self.tokens.iter().find(|(kept, _)| {
            self::end(kept).is_some_and(|kept| bool::from(kept.ct_eq(end))) && bool::from(kept.as_bytes().ct_eq(token.as_bytes()))
        })?;
        Some(claims)
    }

    fn keep(&mut self, token: &str, claims: &C) {
        if !std::mem::replace(&mut self.asked, true) || token.len() > LONGEST {
            return;
        }
        let new = (token.to_owned(), claims.clone());
        match self.tokens.get_mut(self.oldest) {
            Some(place) => *place = new,
            None => self.tokens.push(new),
        }
        self.oldest = (self.oldest + 1) % KEPT;
    }
}

fn end(token: &str) -> Option<&[u8; END]> {
    token.as_bytes().last_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: usize) -> String {
        format!("head.{number}.signature-{number:08}")
    }

    #[test]
    fn a_token_is_verified_once_and_another_never_passes_for_it() {
        let verified = Verified::new();
        assert_eq!(verified.or(&token(0), || Some(0)), Some(0), "the first is not kept");
        for number in 0..KEPT {
            assert_eq!(verified.or(&token(number), || Some(number)), Some(number));
        }
        for number in 0..KEPT {
            assert_eq!(verified.or(&token(number), || panic!("{number} is verified again")), Some(number));
            let other = token(number).replace("head", "Head");
            assert_eq!(verified.or(&other, || None), None, "another with the same end");
        }
        assert_eq!(verified.or("short", || None), None);
    }

    #[test]
    fn the_oldest_gives_way_and_what_does_not_pass_is_never_kept() {
        let verified = Verified::new();
        for number in 0..=KEPT + 1 {
            assert_eq!(verified.or(&token(number), || Some(number)), Some(number));
        }
        assert_eq!(verified.or(&token(1), || None), None, "the oldest");
        assert_eq!(verified.or(&token(2), || None), Some(2));
        assert_eq!(verified.or("nobody's, though long enough", || None), None);
        assert_eq!(verified.or("nobody's, though long enough", || None), None);
        let long = "x".repeat(LONGEST + 1);
        verified.or(&long, || Some(0));
        assert_eq!(verified.or(&long, || None), None, "too long to be kept");
        assert_eq!(verified.0.lock().unwrap().tokens.len(), KEPT);
    }
}
