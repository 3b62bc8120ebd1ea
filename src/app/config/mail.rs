//! The forms of the settings about mail.

use crate::feature::Sendmail;
use std::path::Path;

/// Who writes mails: an address, or a name with one in angle brackets.
pub fn sender(text: &str) -> Result<String, String> {
    let address = text.strip_suffix('>').and_then(|text| text.rsplit_once('<')).map_or(text, |(_, address)| address);
    let sound = address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        && !address.contains([' ', '<', '>', ',', ';'])
        && !text.chars().any(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err("must be an address such as no-reply@example.org".to_owned()) }
}

/// Which `sendmail` takes mail.
pub fn program(text: &str) -> Result<Sendmail, String> {
    match text {
        "auto" => Ok(Sendmail::Auto),
        "off" => Ok(Sendmail::Off),
        path if Path::new(path).is_absolute() => Ok(Sendmail::At(path.into())),
        _ => Err("must be auto, off, or a whole path, from / on: nothing is looked for elsewhere".to_owned()),
    }
}

/// The app's address: an origin with or without a path, to which pages are appended.
pub fn app(text: &str) -> Result<String, String> {
    let sound = ["https://", "http://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    if sound && !text.contains(['#', '?', ' ']) {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err("must be an address such as https://app.example.org".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_programs_and_addresses_have_a_form() {
        for good in ["a@b.fr", "Our app <no-reply@b.fr>", "한글 <a@b.kr>"] {
            assert_eq!(sender(good).as_deref(), Ok(good));
        }
        for bad in ["a", "a@b", "@b.fr", "a b@c.fr", "App <a@b.fr", "a@b.fr, c@d.fr", "a@b.fr\r\nBcc: c@d.fr"] {
            assert!(sender(bad).is_err(), "{bad}");
        }
        assert_eq!(program("/opt/sendmail"), Ok(Sendmail::At("/opt/sendmail".into())));
        assert!(program("sendmail").is_err() && program("auto") == Ok(Sendmail::Auto) && program("off") == Ok(Sendmail::Off));
        assert_eq!(app("https://app.example/x/").as_deref(), Ok("https://app.example/x"));
        assert!(app("app.example").is_err() && app("https://a/#b").is_err());
    }
}
