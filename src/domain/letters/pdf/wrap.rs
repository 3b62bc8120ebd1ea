//! From any text to lines that fit: cleaning, wrapping, shortening. Widths are in the font's units.

use icu_normalizer::ComposingNormalizerBorrowed;

/// A tabulator's width in spaces; a PDF has no tab stops.
const TAB: &str = "    ";

/// Composes characters (NFC), makes every line end `\n`, every tabulator spaces, and drops other control characters.
pub(super) fn clean(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let mut clean = String::with_capacity(composed.len());
    let mut before = '\0';
    for c in composed.chars() {
        match c {
            '\n' if before == '\r' => {}
            // What Unicode ends a line with (UAX 14: BK, CR, LF, NL).
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\t' => clean.push_str(TAB),
            _ if c.is_control() => {}
            _ => clean.push(c),
        }
        before = c;
    }
    clean
}

/// The lines of a clean text, none wider than `width` (a single wider character excepted). Spaces at their ends are
/// gone, and empty lines at the text's ends.
pub(super) fn lines<'a>(text: &'a str, width: u32, advance: &dyn Fn(char) -> u32) -> Vec<&'a str> {
    let mut lines = Vec::new();
    for paragraph in text.trim_end().trim_start_matches('\n').split('\n') {
        Wrapper { paragraph, limit: width, ..Wrapper::default() }.run(advance, &mut lines);
    }
    lines
}

/// The text if it fits, else its beginning and `…`.
pub(super) fn fit(text: &str, width: u32, advance: &dyn Fn(char) -> u32) -> String {
    let length = |text: &str| text.chars().map(advance).sum::<u32>();
    if length(text) <= width {
        return text.to_owned();
    }
    let (mut left, mut fitting) = (width.saturating_sub(advance('…')), String::new());
    for c in text.chars() {
        match left.checked_sub(advance(c)) {
            Some(rest) => left = rest,
            None => break,
        }
        fitting.push(c);
    }
    fitting + "…"
}

/// A place to break at: the line ends before the spaces, the next begins after them.
#[derive(Clone, Copy)]
struct Gap {
    end: usize,
    next: usize,
    /// The width up to `end`, and up to `next`.
    widths: (u32, u32),
}

/// Breaks one paragraph, greedily. Places are offsets into it.
#[derive(Default)]
struct Wrapper<'a> {
    paragraph: &'a str,
    limit: u32,
    /// Where the line begins.
    start: usize,
    /// The width of the line so far.
    width: u32,
    /// The last gap that the line may end at.
    gap: Option<Gap>,
    /// The gap just before the next character, which decides whether it is one.
    open: Option<Gap>,
    /// The last character that is not a space.
    ink: Option<char>,
}

impl<'a> Wrapper<'a> {
    fn run(mut self, advance: &dyn Fn(char) -> u32, lines: &mut Vec<&'a str>) {
        for (at, c) in self.paragraph.char_indices() {
            let step = advance(c);
            match is_space(c) {
                true => self.space(at, c, step),
                false => self.character(at, c, step, lines),
            }
        }
        lines.push(self.paragraph[self.start..].trim_end_matches(is_space));
    }

    /// Spaces hang over the edge, and a run of them is one gap; those that begin a line indent it.
    fn space(&mut self, at: usize, c: char, step: u32) {
        let (end, width) = self.open.map_or((at, self.width), |gap| (gap.end, gap.widths.0));
        self.width = self.width.saturating_add(step);
        self.open = Some(Gap { end, next: at + c.len_utf8(), widths: (width, self.width) });
    }

    fn character(&mut self, at: usize, c: char, step: u32, lines: &mut Vec<&'a str>) {
        let spaced = self.open.is_some();
        if let (Some(gap), Some(ink)) = (self.open.take(), self.ink)
            && !sticks(ink, c)
        {
            self.gap = Some(gap);
        }
        // A mark stays with its character, unless that is a space over the edge.
        while (step > 0 || spaced) && self.width.saturating_add(step) > self.limit && at > self.start {
            lines.push(self.break_at(at, c));
        }
        self.width = self.width.saturating_add(step);
        self.ink = Some(c);
    }

    /// Ends the line so that `c` at `at` comes on the next one.
    fn break_at(&mut self, at: usize, c: char) -> &'a str {
        let ideographic = is_ideographic(c) && self.ink.is_some_and(is_ideographic);
        // Breaking a long word of Hangul or Han looks better than a line not half full.
        let gap = self.gap.take().filter(|gap| !ideographic || gap.widths.0 >= self.limit / 2);
        let (end, next, width) = gap.map_or((at, at, self.width), |gap| (gap.end, gap.next, gap.widths.1));
        let line = self.paragraph[self.start..end].trim_end_matches(is_space);
        self.start = next;
        self.width -= width;
        line
    }
}

/// Spaces that a line may end at; the no-break ones are not among them (UAX 14: SP, BA, ZW).
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{1680}' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200b}' | '\u{205f}' | '\u{3000}')
}

/// French parts its quotation marks and high punctuation from their words by a space at which no line may end.
fn sticks(before: char, after: char) -> bool {
    matches!(before, '«' | '‹') || matches!(after, '»' | '›' | ';' | ':' | '!' | '?')
}

/// Hangul syllables, kana and Han: a line may end between any two (UAX 14: H2, H3, ID).
fn is_ideographic(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3fffd}')
}
