//! Writes the font into the file: the glyphs in use, their widths, and the two maps from codes, to glyphs and to Unicode.

use super::deflate;
use super::typeface::{FONT, Typeface};
use crate::base::error::{Error, Result};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use ttf_parser::{GlyphId, RawFace, Tag};

/// How many object numbers the font takes.
pub(super) const OBJECTS: i32 = 6;

const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
const CODES: Name<'static> = Name(b"Letter-Codes");
const UNICODE: Name<'static> = Name(b"Letter-Unicode");
/// The most entries that one block of a character map may hold (Adobe Technical Note 5014).
const BLOCK: usize = 100;
/// How heavy the upright strokes are, for viewers that imitate the font (PDF units: 1/1000 em).
const STEM: f32 = 84.0;

struct Refs {
    font: Ref,
    glyphs: Ref,
    descriptor: Ref,
    file: Ref,
    codes: Ref,
    unicode: Ref,
}

/// Writes the font's objects, from the number `first` on; `first` is the font itself.
pub(super) fn write(pdf: &mut Pdf, first: i32, typeface: &Typeface<'_>) -> Result<()> {
    let at = |n| Ref::new(first + n);
    let refs = Refs { font: at(0), glyphs: at(1), descriptor: at(2), file: at(3), codes: at(4), unicode: at(5) };
    let outlines = outlines(typeface)?;
    let name = format!("{}+Pretendard-Regular", tag(&outlines));
    write_font(pdf, &refs, Name(name.as_bytes()), typeface);
    write_glyphs(pdf, &refs, Name(name.as_bytes()), typeface);
    write_descriptor(pdf, &refs, Name(name.as_bytes()), typeface);
    pdf.stream(refs.file, &deflate(&outlines)).filter(Filter::FlateDecode).pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    if !typeface.aliases.is_empty() {
        let map = deflate(code_map(typeface).as_bytes());
        pdf.cmap(refs.codes, &map).name(CODES).system_info(SYSTEM).filter(Filter::FlateDecode);
    }
    pdf.stream(refs.unicode, &deflate(&unicode_map(typeface))).filter(Filter::FlateDecode);
    Ok(())
}

/// The bare CFF table of the cut-down font.
fn outlines(typeface: &Typeface<'_>) -> Result<Vec<u8>> {
    let font = subsetter::subset(FONT, 0, &typeface.kept).map_err(Error::internal)?;
    let tables = RawFace::parse(&font, 0).map_err(Error::internal)?;
    let table = tables.table(Tag::from_bytes(b"CFF ")).ok_or_else(|| Error::internal("the cut-down font has no outlines"))?;
    Ok(table.to_vec())
}

/// Six letters that tell one cut of a font from another (ISO 32000-1, 9.6.4).
fn tag(outlines: &[u8]) -> String {
    Sha256::digest(outlines).iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect()
}

fn write_font(pdf: &mut Pdf, refs: &Refs, name: Name<'_>, typeface: &Typeface<'_>) {
    let mut font = pdf.type0_font(refs.font);
    font.base_font(name).descendant_font(refs.glyphs).to_unicode(refs.unicode);
    match typeface.aliases.is_empty() {
        true => font.encoding_predefined(Name(b"Identity-H")),
        false => font.encoding_cmap(refs.codes),
    };
}

fn write_glyphs(pdf: &mut Pdf, refs: &Refs, name: Name<'_>, typeface: &Typeface<'_>) {
    let per_mille = per_mille(typeface);
    let widths = typeface.kept.remapped_gids().map(|glyph| typeface.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0));
    let mut font = pdf.cid_font(refs.glyphs);
    font.subtype(CidFontType::Type0).base_font(name).system_info(SYSTEM).font_descriptor(refs.descriptor);
    font.widths().consecutive(0, widths.map(|width| f32::from(width) * per_mille));
    font.finish();
}

fn write_descriptor(pdf: &mut Pdf, refs: &Refs, name: Name<'_>, typeface: &Typeface<'_>) {
    let (face, per_mille) = (&typeface.face, per_mille(typeface));
    let scale = |units: i16| (f32::from(units) * per_mille).round();
    let bounds = face.global_bounding_box();
    pdf.font_descriptor(refs.descriptor)
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(scale(bounds.x_min), scale(bounds.y_min), scale(bounds.x_max), scale(bounds.y_max)))
        .italic_angle(0.0)
        .ascent(scale(face.ascender()))
        .descent(scale(face.descender()))
        .cap_height(scale(face.capital_height().unwrap_or_else(|| face.ascender())))
        .stem_v(STEM)
        .font_file3(refs.file);
}

/// Font units to the 1/1000 em of PDF.
fn per_mille(typeface: &Typeface<'_>) -> f32 {
    1000.0 / f32::from(typeface.face.units_per_em())
}

/// From codes to glyphs (ISO 32000-1, 9.7.5.3): the identity, and then the aliases.
fn code_map(typeface: &Typeface<'_>) -> String {
    let last = typeface.kept.num_gids().saturating_sub(1);
    // The codes of a range may differ in their last byte only.
    let identity = (0..=last).step_by(0x100).map(|low| format!("<{low:04x}> <{:04x}> {low}\n", last.min(low | 0xff)));
    let aliases = typeface.aliases.iter().map(|alias| format!("<{:04x}> {}\n", alias.code, alias.glyph));
    let name = String::from_utf8_lossy(CODES.0);
    format!(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
         /CIDSystemInfo 3 dict dup begin /Registry (Adobe) def /Ordering (Identity) def /Supplement 0 def end def\n\
         /CMapName /{name} def\n/CMapType 1 def\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n\
         {}{}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n",
        blocks("cidrange", &identity.collect::<Vec<_>>()),
        blocks("cidchar", &aliases.collect::<Vec<_>>()),
    )
}

fn blocks(kind: &str, entries: &[String]) -> String {
    entries.chunks(BLOCK).fold(String::new(), |mut text, block| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{} begin{kind}\n{}end{kind}\n", block.len(), block.concat());
        text
    })
}

/// From codes to Unicode, for search and copying (ISO 32000-1, 9.10.3).
fn unicode_map(typeface: &Typeface<'_>) -> Vec<u8> {
    let mut map = UnicodeCmap::<u16>::new(UNICODE, SYSTEM);
    for (code, c) in typeface.codes() {
        map.pair(code, c);
    }
    map.finish().to_vec()
}
