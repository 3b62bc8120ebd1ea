//! Rust as the rules read it: the code without comments, strings and tests; and the strings by themselves.

/// A file, taken apart. Offsets and lines stay what they were.
#[derive(Debug, Default)]
pub struct Source {
    /// The code; comments, the content of strings and `#[cfg(test)]` modules are blanks.
    pub code: String,
    /// The content of string literals outside tests, as written, with the line each begins in.
    pub strings: Vec<(usize, String)>,
    /// The offset of each of them.
    pub places: Vec<usize>,
}

impl Source {
    /// Takes a file apart.
    pub fn of(text: &str) -> Source {
        let bytes = text.as_bytes();
        let (mut code, mut found, mut at) = (bytes.to_vec(), Vec::new(), 0);
        while at < bytes.len() {
            let (end, string) = token(text, at);
            if let Some((from, to)) = string {
                found.push((from, text[from..to].to_owned()));
                blank(&mut code[from..to]);
            } else if text[at..].starts_with("//") || text[at..].starts_with("/*") || bytes[at] == b'\'' {
                blank(&mut code[at..end]);
            }
            at = end;
        }
        let tests = tests(&String::from_utf8_lossy(&code));
        for (from, to) in &tests {
            blank(&mut code[*from..*to]);
        }
        found.retain(|(at, _)| !tests.iter().any(|(from, to)| (from..to).contains(&at)));
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let places = found.iter().map(|(at, _)| *at).collect();
        let strings = found.into_iter().map(|(at, string)| (line(at), string)).collect();
        Source { code: String::from_utf8_lossy(&code).into_owned(), strings, places }
    }
}

/// Blanks all but line ends.
fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// Where the token at this place ends, and where its content lies if it is a string.
fn token(text: &str, at: usize) -> (usize, Option<(usize, usize)>) {
    let rest = &text[at..];
    let end_of = |mark: &str, from: usize| rest[from..].find(mark).map_or(rest.len(), |n| from + n + mark.len());
    if rest.starts_with("//") {
        return (at + rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (at + end_of("*/", 2), None);
    }
    let hashes = rest.strip_prefix('r').map_or(0, |raw| raw.bytes().take_while(|byte| *byte == b'#').count());
    if rest.starts_with('r') && rest[1 + hashes..].starts_with('"') && !in_word(text, at) {
        let close = format!("\"{}", "#".repeat(hashes));
        let end = at + end_of(&close, hashes + 2);
        return (end, Some((at + hashes + 2, end.saturating_sub(close.len()))));
    }
    if rest.starts_with('"') {
        let end = closing(rest.as_bytes());
        return (at + end, Some((at + 1, at + end - 1)));
    }
    if rest.starts_with('\'') {
        return (at + character(rest), None);
    }
    (at + rest.chars().next().map_or(1, char::len_utf8), None)
}

/// Is this place inside a word? A byte string's `br` begins one.
fn in_word(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches('b');
    before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Where a string that begins here ends, its quotes included.
fn closing(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Where a character literal that begins here ends; a lifetime is its quote alone.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(1, |n| n + 4),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(1, |(n, _)| n + 1),
        None => 1,
    }
}

/// The places of test modules, from their attribute to their closing brace.
fn tests(code: &str) -> Vec<(usize, usize)> {
    let starts = code.match_indices("#[cfg(test)]").map(|(at, _)| at);
    starts.map(|at| (at, at + item_end(&code[at..]))).collect()
}

/// Where an item ends: at its `;`, or at the brace that closes its first.
fn item_end(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b';' if depth == 0 => return at + 1,
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn a_file_is_taken_apart() {
    let text = "fn a<'x>(b: &'x str) -> char { '\"' } // \"no\"\n\
        const S: &str = \"one \\\" {\"; /* \"no\" */ const R: &str = r#\"two \"x\" {\"#;\n\
        const B: &[u8] = b\"three\"; const C: char = '\\'';\n\
        #[cfg(test)]\nmod tests { fn f() { let s = \"no }\"; s.unwrap() } }\nfn last() { \"four\"; }\n";
    let source = Source::of(text);
    let strings: Vec<(usize, &str)> = source.strings.iter().map(|(line, string)| (*line, string.as_str())).collect();
    assert_eq!(strings, [(2, "one \\\" {"), (2, "two \"x\" {"), (3, "three"), (6, "four")]);
    assert!(source.code.contains("fn last()") && !source.code.contains("unwrap") && !source.code.contains("no"));
    assert_eq!(source.code.len(), text.len());
    let at = |place: &usize| text[*place..].chars().next();
    assert_eq!(source.places.iter().filter_map(at).collect::<String>(), "ottf");
}
