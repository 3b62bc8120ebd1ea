//! What an account may look like.

use super::texts;
use super::{names, password};
use crate::base::text::{self, Message};
use crate::base::time::{Timestamp, Zone};
use crate::feature::sessions::device::DEVICE;
use crate::http::input::{Field, Input, Shape};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The longest user name, given name and family name, in characters.
pub const MAX_NAME: usize = 150;
/// The longest e-mail address (RFC 5321 §4.5.3.1, less the angle brackets).
pub const MAX_EMAIL: usize = 254;
/// Password lengths, in characters: NIST SP 800-63B's minimum, and a bound on what is hashed.
pub const PASSWORD: (usize, usize) = (8, 128);
/// The longest code as it is typed: twice its own length is enough for every hyphen and blank.
pub const MAX_CODE: usize = 16;
/// The longest name of a time zone; the longest in the IANA database has 32 characters.
const MAX_TIMEZONE: usize = 64;
/// The languages of accounts.
pub const LANGUAGES: &[&str] = &["fr", "en", "ko"];

/// A password field: never trimmed.
const fn secret(name: &'static str, min: usize) -> Field {
    Field::new(name, Shape::Text { min, max: PASSWORD.1, trim: false, blank: false })
}

/// A password that is there: the same may be written with up to four times as many characters.
pub const fn known(name: &'static str) -> Field {
    Field::new(name, Shape::Text { min: 0, max: 4 * PASSWORD.1, trim: false, blank: false })
}

/// A name in its longest form: some scripts take four characters apart for one composed, which is what counts.
const fn composed(name: &'static str, max: usize) -> Field {
    Field::name(name, 4 * max).about("Its characters are counted in their composed form (NFKC).")
}

const EMAIL: Field = composed("email", MAX_EMAIL).nullable();
const FIRST_NAME: Field = Field::name("first_name", MAX_NAME);
const LAST_NAME: Field = Field::name("last_name", MAX_NAME);
const LANGUAGE: Field = Field::new("language", Shape::Choice(LANGUAGES));
const TIMEZONE: Field = Field::name("timezone", MAX_TIMEZONE);

/// The fields of a new account.
pub const REGISTER: &[Field] = &[
    composed("username", MAX_NAME).required(),
    secret("password", PASSWORD.0).required(),
    Field::new("password_confirm", Shape::Text { min: 0, max: PASSWORD.1, trim: false, blank: true }),
    EMAIL,
    FIRST_NAME,
    LAST_NAME,
    LANGUAGE,
    TIMEZONE,
    DEVICE,
];

/// The fields of an account that its owner may change.
pub const CHANGE: &[Field] = &[EMAIL, FIRST_NAME, LAST_NAME, LANGUAGE, TIMEZONE];

/// The fields of a login.
pub const LOGIN: &[Field] =
    &[composed("email", MAX_EMAIL).nullable(), composed("username", MAX_EMAIL).nullable(), known("password").required(), DEVICE];

/// The field that carries a refresh token.
pub const REFRESH: &[Field] = &[Field::name("refresh", 4_096).required()];

/// The field that confirms a deletion.
pub const DELETE: &[Field] = &[known("password").required()];

/// The fields of a change of password.
pub const PASSWORDS: &[Field] = &[known("old_password").required(), secret("new_password", PASSWORD.0).required()];

const CODE: Field = Field::name("code", MAX_CODE).about("Small letters, blanks and hyphens do not matter.");
const TOKEN: Field = Field::name("token", 4_096).about("The end of a link that was sent or handed over.");

/// The field of whoever forgot the password.
pub const FORGOT: &[Field] = &[composed("email", MAX_EMAIL).required()];

/// The fields of a new password, by a link or by a code and the address that it was sent to.
pub const RESET: &[Field] = &[TOKEN, composed("email", MAX_EMAIL), CODE, secret("password", PASSWORD.0).required()];

/// The fields of the verification of an address: a code of the caller's, or the link to it; none asks for a mail.
pub const VERIFY: &[Field] = &[CODE, TOKEN];

/// The longest id of a session.
pub const MAX_SESSION: usize = 36;
/// The segment of a path that names a session.
pub const SESSION: &[Field] = &[Field::name("id", MAX_SESSION).about("As `/auth/sessions/` lists it.")];

/// What stands in the place of the hash where no password fits.
pub const NO_PASSWORD: &str = "!";
/// What the user names of deleted accounts begin with. The colon keeps them apart from every name that can be registered.
pub const FORGOTTEN: &str = "deleted:";

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct User {
    /// A random 48-bit number.
    pub id: i64,
    /// Unique whatever the case.
    pub username: String,
    /// Unique whatever the case; empty when there is none.
    #[serde(serialize_with = "or_empty")]
    #[schemars(with = "String")]
    pub email: Option<String>,
    /// Did a code that was sent to the address come back? Another address is not verified.
    pub email_verified: bool,
    /// Does the address lead to this account? One that another has not verified either does when this account verifies it.
    #[serde(skip)]
    #[schemars(skip)]
    pub holds_email: bool,
    /// The given name.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// fr, en or ko.
    #[schemars(extend("enum" = LANGUAGES))]
    pub language: String,
    /// An IANA name.
    pub timezone: String,
    /// When the account was made.
    #[serde(skip)]
    pub created_at: Timestamp,
}

/// Existing clients read the address as a text, always.
fn or_empty<S: Serializer>(email: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(email.as_deref().unwrap_or_default())
}

impl User {
    /// An account with the contract's defaults.
    pub fn new(id: i64, created_at: Timestamp) -> User {
        let (language, timezone) = ("fr".to_owned(), "UTC".to_owned());
        let (first_name, last_name, username) = (String::new(), String::new(), String::new());
        let (email, email_verified, holds_email) = (None, false, true);
        User { id, username, email, email_verified, holds_email, first_name, last_name, language, timezone, created_at }
    }

    /// Takes what was sent and is sound; an empty address is none.
    pub fn take(&mut self, input: &Input) {
        input.set("username", &mut self.username);
        self.username = names::shown(&self.username);
        let before = self.email.clone();
        input.set("email", &mut self.email);
        self.email = self.email.take().map(|email| names::shown(&email)).filter(|email| !email.is_empty());
        self.email_verified &= self.has_address_of(before.as_deref());
        input.set("first_name", &mut self.first_name);
        input.set("last_name", &mut self.last_name);
        input.set("language", &mut self.language);
        input.set("timezone", &mut self.timezone);
        self.timezone = Zone::named(&self.timezone).map_or_else(|| std::mem::take(&mut self.timezone), Zone::name);
    }
}

impl User {
    /// Is this the account's address, however it is written?
    pub fn has_address_of(&self, email: Option<&str>) -> bool {
        self.email.as_deref().map(names::key) == email.map(names::key)
    }
}

/// Checks what the table of fields cannot.
pub fn check_account(input: &mut Input) {
    if let Some(name) = input.text("username").map(names::shown) {
        let plain = name.chars().all(|c| c.is_alphanumeric() || "_@.+-".contains(c)) && !names::hides_something(&name);
        input.check(plain, "username", &texts::USERNAME_FORM);
        check_length(input, "username", &name, MAX_NAME);
    }
    if let Some(email) = input.text("email").map(names::shown) {
        input.check(email.is_empty() || is_email(&email), "email", &texts::EMAIL_FORM);
        check_length(input, "email", &email, MAX_EMAIL);
    }
    if let Some(zone) = input.text("timezone").map(str::to_owned).filter(|zone| Zone::named(zone).is_none()) {
        input.error("timezone", Message::with(&texts::TIMEZONE, &[&zone]));
    }
}

/// Composing and folding can make a name longer: it is kept in both forms, which have room for so many characters.
fn check_length(input: &mut Input, field: &'static str, name: &str, max: usize) {
    if [name, &names::key(name)].iter().any(|form| form.chars().count() > max) {
        input.error(field, Message::with(&text::TOO_LONG, &[&max]));
    }
}

/// Checks a new password.
pub fn check_password(input: &mut Input, field: &'static str, username: &str) {
    let Some(new) = input.text(field).map(names::composed) else { return };
    if new.chars().count() < PASSWORD.0 {
        input.error(field, Message::with(&text::TOO_SHORT, &[&PASSWORD.0]));
    }
    input.check(!new.chars().all(char::is_numeric), field, &texts::PASSWORD_NUMERIC);
    input.check(!password::is_common(&new), field, &texts::PASSWORD_COMMON);
    input.check(names::key(&new) != names::key(username), field, &texts::PASSWORD_USERNAME);
}

/// One `@`, something before it, a dotted host after it, no white space: whether mail arrives is not for a form to say.
fn is_email(text: &str) -> bool {
    let plain = !names::hides_something(text)
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c));
    let host_is_sound =
        |host: &str| host.contains('.') && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
    plain && text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.contains('@') && host_is_sound(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["a@b.fr", "jean.dupont+x@ex-ample.co.kr", "é@é.fr"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "a@b", "@b.fr", "a@.fr", "a@b.", "a b@c.fr", "a@@b.fr", "a@b@c.fr", "<a@b.fr>"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
