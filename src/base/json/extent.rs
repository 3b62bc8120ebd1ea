//! What a text of JSON would take to be held, found before it is parsed: eight bytes of it become 800 in memory.

/// What an object takes: a whole node of a tree, though it has one member.
pub const OBJECT: usize = 700;
/// What a list takes: room for four, though it has one element.
pub const LIST: usize = 160;
/// What an element takes.
pub const ELEMENT: usize = 32;
/// What a member takes beside its name and its value.
pub const MEMBER: usize = 80;
/// What a string takes, for each of its quotation marks.
pub const QUOTE: usize = 16;

/// What stands in a text of JSON.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How deep arrays and objects nest, strings skipped.
    pub depth: usize,
    /// About how many bytes its values take; never much less than they do.
    pub held: usize,
}

/// The bytes that say something of a text's shape.
const TELLS: [bool; 256] = {
    let (mut tells, signs, mut n) = ([false; 256], br#"{}[]",:\"#, 0);
    while n < signs.len() {
        tells[signs[n] as usize] = true;
        n += 1;
    }
    tells
};

/// Looks a text of JSON over, well-formed or not. Brackets in strings count as well: a field may hold JSON as a text.
pub fn extent(json: &[u8]) -> Extent {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, json.len());
    let mut found = Extent::default();
    for (at, byte) in json.iter().enumerate() {
        // Nearly all are letters and digits.
        if !TELLS[usize::from(*byte)] {
            continue;
        }
        match byte {
            _ if escaped == at => {}
            b'\\' if in_string => escaped = at + 1,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                found.depth = found.depth.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        found.held += match byte {
            b'{' => OBJECT,
            b'[' => LIST,
            b'"' => QUOTE,
            b',' if !in_string => ELEMENT,
            b':' if !in_string => MEMBER,
            _ => 0,
        };
    }
    found
}
