//! Writes the font into the file: the glyphs in use, their widths, and the maps from codes to glyphs and to Unicode.

use super::deflate;
use super::typeface::{Alias, Cast, FONT, Typeface};
use crate::base::error::{Error, Result};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use sha2::{Digest, Sha256};
use ttf_parser::{GlyphId, RawFace, Tag};

/// How many object numbers the font takes.
pub(super) const OBJECTS: i32 = 8;

const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
const CODES: Name<'static> = Name(b"Letter-Codes");
const UNICODE: Name<'static> = Name(b"Letter-Unicode");
/// The most entries that one block of a character map may hold (Adobe Technical Note 5014).
const BLOCK: usize = 100;
/// How heavy the upright strokes are, for viewers that imitate the font (PDF units: 1/1000 em).
const STEM: f32 = 84.0;

/// The shared parts of the two fonts.
struct Parts {
    glyphs: Ref,
    descriptor: Ref,
    file: Ref,
}

/// The fonts' names on a sheet, and their objects, if the objects are those from `first` on.
pub(super) fn fonts(first: i32, typeface: &Typeface<'_>) -> impl Iterator<Item = (Name<'static>, Ref)> {
    let aliases = (!typeface.aliases.is_empty()).then(|| (name(Cast::Alias), Ref::new(first + 1)));
    [(name(Cast::Plain), Ref::new(first))].into_iter().chain(aliases)
}

/// What a sheet calls a font.
pub(super) fn name(cast: Cast) -> Name<'static> {
    match cast {
        Cast::Plain => Name(b"P"),
        Cast::Alias => Name(b"A"),
    }
}

/// Writes both fonts, with object numbers from `first` on.
pub(super) fn write(pdf: &mut Pdf, first: i32, typeface: &Typeface<'_>) -> Result<()> {
    let at = |n| Ref::new(first + n);
    let (parts, unicode, codes) = (Parts { glyphs: at(2), descriptor: at(3), file: at(4) }, at(5), (at(6), at(7)));
    let outlines = outlines(typeface)?;
    let base = format!("{}+Pretendard-Regular", tag(&outlines));
    let base = Name(base.as_bytes());
    write_plain(pdf, at(0), base, &parts, unicode, typeface);
    if !typeface.aliases.is_empty() {
        write_aliases(pdf, at(1), base, &parts, codes, &typeface.aliases);
    }
    write_glyphs(pdf, base, &parts, typeface);
    write_descriptor(pdf, base, &parts, typeface);
    pdf.stream(parts.file, &deflate(&outlines)).filter(Filter::FlateDecode).pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
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

fn write_plain(pdf: &mut Pdf, font: Ref, base: Name<'_>, parts: &Parts, unicode: Ref, typeface: &Typeface<'_>) {
    pdf.type0_font(font)
        .base_font(base)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(parts.glyphs)
        .to_unicode(unicode);
    pdf.stream(unicode, &deflate(&unicode_map(typeface.plain().into_iter()))).filter(Filter::FlateDecode);
}
fn write_aliases(pdf: &mut Pdf, font: Ref, base: Name<'_>, parts: &Parts, maps: (Ref, Ref), aliases: &[Alias]) {
    let (codes, unicode) = maps;
    let characters = (0..=u16::MAX).zip(aliases.iter().map(|alias| alias.character));
    pdf.type0_font(font).base_font(base).encoding_cmap(codes).descendant_font(parts.glyphs).to_unicode(unicode);
    let map = deflate(code_map(aliases).as_bytes());
    pdf.cmap(codes, &map).name(CODES).system_info(SYSTEM).filter(Filter::FlateDecode);
    pdf.stream(unicode, &deflate(&unicode_map(characters))).filter(Filter::FlateDecode);
}

fn write_glyphs(pdf: &mut Pdf, base: Name<'_>, parts: &Parts, typeface: &Typeface<'_>) {
    let per_mille = per_mille(typeface);
    let widths = typeface.kept.remapped_gids().map(|glyph| typeface.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0));
    let mut font = pdf.cid_font(parts.glyphs);
    font.subtype(CidFontType::Type0).base_font(base).system_info(SYSTEM).font_descriptor(parts.descriptor);
    font.widths().consecutive(0, widths.map(|width| f32::from(width) * per_mille));
    font.finish();
}

fn write_descriptor(pdf: &mut Pdf, base: Name<'_>, parts: &Parts, typeface: &Typeface<'_>) {
    let (face, per_mille) = (&typeface.face, per_mille(typeface));
    let scale = |units: i16| (f32::from(units) * per_mille).round();
    let bounds = face.global_bounding_box();
    pdf.font_descriptor(parts.descriptor)
        .name(base)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(scale(bounds.x_min), scale(bounds.y_min), scale(bounds.x_max), scale(bounds.y_max)))
        .italic_angle(0.0)
        .ascent(scale(face.ascender()))
        .descent(scale(face.descender()))
        .cap_height(scale(face.capital_height().unwrap_or_else(|| face.ascender())))
        .stem_v(STEM)
        .font_file3(parts.file);
}

/// Font units to the 1/1000 em of PDF.
fn per_mille(typeface: &Typeface<'_>) -> f32 {
    1000.0 / f32::from(typeface.face.units_per_em())
}

/// From the codes of aliases to glyphs (ISO 32000-1, 9.7.5.3).
fn code_map(aliases: &[Alias]) -> String {
    let entries: Vec<_> = aliases.iter().enumerate().map(|(code, alias)| format!("<{code:04x}> {}\n", alias.glyph)).collect();
    let blocks = entries.chunks(BLOCK).map(|block| format!("{} begincidchar\n{}endcidchar\n", block.len(), block.concat()));
    format!(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
         /CIDSystemInfo 3 dict dup begin /Registry (Adobe) def /Ordering (Identity) def /Supplement 0 def end def\n\
         /CMapName /{} def\n/CMapType 1 def\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n\
         {}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n",
        String::from_utf8_lossy(CODES.0),
        blocks.collect::<String>(),
    )
}

/// From codes to Unicode, for search and copying (ISO 32000-1, 9.10.3).
fn unicode_map(codes: impl Iterator<Item = (u16, char)>) -> Vec<u8> {
    let mut map = UnicodeCmap::<u16>::new(UNICODE, SYSTEM);
    codes.for_each(|(code, c)| map.pair(code, c));
    map.finish().to_vec()
}
