//! What a client would rather be answered: the field `Accept` (RFC 9110 §12.5.1).

/// The quality that `Accept` gives a media type by this name.
pub fn quality(accept: &str, name: &str) -> Option<f32> {
    accept.split(',').find_map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|media| media.eq_ignore_ascii_case(name));
        named.then(|| parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0)))
    })
}
