//! The typeface: which glyph stands for a character, how wide it is, and by which two-byte code a text names it.
//!
//! A document names the typeface twice. In the [`Cast::Plain`] font a code *is* a glyph of the cut-down font,
//! which every reader of PDF understands, and each glyph stands for one character. Characters that share the
//! glyph of another (no-break and plain space; all that the font lacks) are [`Cast::Alias`]es: in the second
//! font a code is the place in a list of glyphs. So the text can be read back exactly.

use crate::base::error::{Error, Result};
use std::collections::{BTreeSet, HashMap, HashSet};
use subsetter::GlyphRemapper;
use ttf_parser::Face;

/// Pretendard Regular 1.3.9: all 11,172 Hangul syllables; Latin, Greek, Cyrillic; kana. See `FONT.md`.
pub(super) const FONT: &[u8] = include_bytes!("Pretendard-Regular.otf");

/// Stands for what the font lacks.
const REPLACEMENT: char = '□';
/// Its glyph is empty and has no width.
const INVISIBLE: char = '\u{200b}';

/// Glyphs better than a box for what people in love write: (first, last, shown as).
const LOOKALIKES: [(char, char, char); 8] = [
    ('\u{2763}', '\u{2764}', '♥'),
    ('\u{1f493}', '\u{1f49f}', '♥'),
    ('\u{1f5a4}', '\u{1f5a4}', '♥'),
    ('\u{1f90d}', '\u{1f90e}', '♥'),
    ('\u{1f9e1}', '\u{1f9e1}', '♥'),
    ('\u{1fa75}', '\u{1fa77}', '♥'),
    ('\u{2b50}', '\u{2b50}', '★'),
    ('\u{1f3b5}', '\u{1f3b6}', '♪'),
];

/// Characters without a shape of their own (Unicode, `Default_Ignorable_Code_Point`, and the skin tones of emoji).
const IGNORABLE: [(char, char); 11] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{1f3fb}', '\u{1f3ff}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Which of the two fonts a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cast {
    /// Codes are glyphs.
    Plain,
    /// Codes are places in [`Typeface::aliases`].
    Alias,
}

#[derive(Clone, Copy)]
struct Slot {
    cast: Cast,
    code: u16,
    /// In font units.
    advance: u16,
}

/// A character that is shown by the glyph of another.
pub(super) struct Alias {
    /// What it shows.
    pub glyph: u16,
    /// What it stands for.
    pub character: char,
}

/// The glyphs of one document.
pub(super) struct Typeface<'a> {
    /// The whole font.
    pub face: Face<'a>,
    /// Which glyphs are kept, under which numbers.
    pub kept: GlyphRemapper,
    /// A place in this list is a code of the second font.
    pub aliases: Vec<Alias>,
    slots: HashMap<char, Slot>,
}

impl Typeface<'_> {
    /// The typeface for these texts.
    pub fn new(texts: &[&str]) -> Result<Self> {
        let face = Face::parse(FONT, 0).map_err(Error::internal)?;
        // Sorted: the same letter is the same file.
        let characters: BTreeSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
        let mut typeface =
            Typeface { face, kept: GlyphRemapper::new(), aliases: Vec::new(), slots: HashMap::with_capacity(characters.len()) };
        typeface.assign(&characters);
        Ok(typeface)
    }

    /// The first character to use a glyph is plain, the others are aliases.
    fn assign(&mut self, characters: &BTreeSet<char>) {
        let mut taken = HashSet::new();
        for &character in characters {
            let glyph = glyph(&self.face, character);
            let advance = self.face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
            let mut slot = Slot { cast: Cast::Plain, code: self.kept.remap(glyph), advance };
            // A text with more aliases than codes shows the last ones as well, but they are read back as another character.
            if !taken.insert(glyph)
                && let Ok(code) = u16::try_from(self.aliases.len())
            {
                self.aliases.push(Alias { glyph: slot.code, character });
                slot = Slot { cast: Cast::Alias, code, advance };
            }
            self.slots.insert(character, slot);
        }
    }

    /// A character's width, in font units.
    pub fn advance(&self, c: char) -> u32 {
        self.slots.get(&c).map_or(0, |slot| u32::from(slot.advance))
    }

    /// The codes of a text, in runs of one font.
    pub fn encode(&self, text: &str) -> Vec<(Cast, Vec<u8>)> {
        let mut runs: Vec<(Cast, Vec<u8>)> = Vec::new();
        for slot in text.chars().filter_map(|c| self.slots.get(&c)) {
            match runs.last_mut() {
                Some((cast, codes)) if *cast == slot.cast => codes.extend(slot.code.to_be_bytes()),
                _ => runs.push((slot.cast, slot.code.to_be_bytes().to_vec())),
            }
        }
        runs
    }

    /// The codes of the first font with the characters they stand for, in ascending order.
    pub fn plain(&self) -> Vec<(u16, char)> {
        let plain = self.slots.iter().filter(|(_, slot)| slot.cast == Cast::Plain);
        let mut codes: Vec<_> = plain.map(|(c, slot)| (slot.code, *c)).collect();
        codes.sort_unstable();
        codes.dedup_by_key(|(code, _)| *code);
        codes
    }

    /// The width of a text in points.
    pub fn points(&self, text: &str, size: f32) -> f32 {
        let units: u32 = text.chars().map(|c| self.advance(c)).sum();
        units as f32 * size / f32::from(self.face.units_per_em())
    }

    /// A length in points as font units at a size.
    pub fn units(&self, points: f32, size: f32) -> u32 {
        (points / size * f32::from(self.face.units_per_em())) as u32
    }
}

/// The glyph that shows a character.
fn glyph(face: &Face<'_>, c: char) -> u16 {
    let shown = match IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&c)) {
        true => INVISIBLE,
        false => c,
    };
    let lookalike = || LOOKALIKES.iter().find(|(first, last, _)| (*first..=*last).contains(&shown)).map(|l| l.2);
    face.glyph_index(shown)
        .or_else(|| face.glyph_index(lookalike()?))
        .or_else(|| face.glyph_index(REPLACEMENT))
        .map_or(0, |glyph| glyph.0)
}
