//! A letter as a PDF (ISO 32000-1): A4, one embedded typeface, searchable, the same bytes for the same letter.
//!
//! The way: `wrap::clean` the text, choose a glyph for every character (`Typeface`), break it into
//! lines (`wrap::lines`) and sheets, write the sheets and then the part of the font that they use.

mod embed;
mod heading;
#[cfg(test)]
mod tests;
mod typeface;
mod wrap;

use crate::base::error::Result;
use crate::base::text::Language;
use pdf_writer::{Content, Filter, Finish, Pdf, Rect, Ref, Settings, Str, TextStr};
use typeface::{Cast, Typeface};

/// What a letter's PDF shows.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The letter's month, `YYYY-MM`.
    pub month: &'a str,
    /// The letter's text; `\n` breaks the line.
    pub content: &'a str,
    /// The language of the heading.
    pub language: Language,
    /// Whose letter it is, for the foot of each sheet.
    pub names: &'a str,
}

// Lengths are in points (1/72 inch), from the lower left corner.

/// A4, ISO 216.
const SHEET: (f32, f32) = (595.28, 841.89);
/// 30 mm left and right leave some 75 characters a line, which reads well.
const MARGIN: f32 = 85.0;
const MEASURE: f32 = SHEET.0 - 2.0 * MARGIN;
const BODY: Type = Type { size: 11.5, ink: 0.13 };
const TITLE: Type = Type { size: 23.0, ink: 0.13 };
const SMALL: Type = Type { size: 8.5, ink: 0.45 };
/// Baseline to baseline; Hangul fills its square and needs more air than Latin.
const LEADING: f32 = 18.5;
/// An empty line parts paragraphs; a whole line would part them too far.
const GAP: f32 = 11.0;
const TITLE_BASELINE: f32 = 728.0;
const RULE_TOP: f32 = 710.0;
const RULE: (f32, f32) = (36.0, 1.5);
const RULE_RGB: [f32; 3] = [0.72, 0.33, 0.38];
/// The first baseline of the text, on the first sheet and on the others.
const FIRST_BASELINE: f32 = 672.0;
const NEXT_BASELINE: f32 = 748.0;
/// No baseline of the text lies lower.
const LAST_BASELINE: f32 = 92.0;
const FOOT_BASELINE: f32 = 50.0;
/// The names take at most this part of the measure; the page number needs the rest.
const NAMES_PART: f32 = 0.8;

/// A size of type, and its grey: 0 is black.
#[derive(Clone, Copy)]
struct Type {
    size: f32,
    ink: f32,
}

/// The lines of one sheet, each with its baseline.
type Sheet<'a> = Vec<(f32, &'a str)>;

const CATALOG: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
/// The objects of the fonts take the numbers from here; see [`embed::OBJECTS`].
const FONT: i32 = 4;
const SHEETS: i32 = FONT + embed::OBJECTS;

/// A letter's PDF.
///
/// # Errors
///
/// [`crate::base::error::Error::Internal`] if the month is not `YYYY-MM` or the font cannot be cut; no text causes one.
pub fn render(letter: &Page<'_>) -> Result<Vec<u8>> {
    let title = heading::heading(letter.month, letter.language)?;
    let text = wrap::clean(letter.content);
    let names = wrap::clean(letter.names).replace('\n', " ");
    let typeface = Typeface::new(&[&text, &title, &names, "0123456789/…"])?;
    let names = wrap::fit(&names, typeface.units(MEASURE * NAMES_PART, SMALL.size), &|c| typeface.advance(c));
    let lines = wrap::lines(&text, typeface.units(MEASURE, BODY.size), &|c| typeface.advance(c));
    let sheets = sheets(&lines);

    let mut pdf = Pdf::with_settings(Settings { pretty: false });
    write_frame(&mut pdf, &title, &names, letter.language);
    write_tree(&mut pdf, &typeface, sheets.len());
    for (n, sheet) in sheets.iter().enumerate() {
        let foot = format!("{} / {}", n + 1, sheets.len());
        write_sheet(&mut pdf, n, &draw(&typeface, sheet, (n == 0).then_some(&title), &names, &foot));
    }
    embed::write(&mut pdf, FONT, &typeface)?;
    Ok(pdf.finish())
}

/// Deals lines to sheets. There is always one sheet; none after it begins with an empty line.
fn sheets<'a>(lines: &[&'a str]) -> Vec<Sheet<'a>> {
    let (mut all, mut sheet, mut y) = (Vec::new(), Sheet::new(), FIRST_BASELINE);
    for line in lines {
        if y < LAST_BASELINE {
            all.push(std::mem::take(&mut sheet));
            y = NEXT_BASELINE;
        }
        match line.is_empty() {
            true if sheet.is_empty() && !all.is_empty() => {}
            true => y -= GAP,
            false => {
                sheet.push((y, line));
                y -= LEADING;
            }
        }
    }
    if !sheet.is_empty() || all.is_empty() {
        all.push(sheet);
    }
    all
}

/// The document around the sheets.
fn write_frame(pdf: &mut Pdf, title: &str, names: &str, language: Language) {
    let tag = match language {
        Language::En => "en",
        Language::Fr => "fr",
        Language::Ko => "ko",
    };
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(TREE).lang(TextStr(tag));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.finish();
    // No date: the same letter is the same file, so that its ETag stays.
    pdf.document_info(INFO).title(TextStr(title)).author(TextStr(names));
}

/// The list of sheets, and what they share.
fn write_tree(pdf: &mut Pdf, typeface: &Typeface<'_>, count: usize) {
    let mut tree = pdf.pages(TREE);
    tree.media_box(Rect::new(0.0, 0.0, SHEET.0, SHEET.1)).kids((0..count).map(|n| sheet_refs(n).0)).count(count as i32);
    tree.resources().fonts().pairs(embed::fonts(FONT, typeface));
}

/// The objects of a sheet: the page and its content.
fn sheet_refs(n: usize) -> (Ref, Ref) {
    let first = SHEETS + 2 * n as i32;
    (Ref::new(first), Ref::new(first + 1))
}

fn write_sheet(pdf: &mut Pdf, n: usize, content: &[u8]) {
    let (page, stream) = sheet_refs(n);
    pdf.page(page).parent(TREE).contents(stream);
    pdf.stream(stream, &deflate(content)).filter(Filter::FlateDecode);
}

fn draw(typeface: &Typeface<'_>, sheet: &Sheet<'_>, title: Option<&String>, names: &str, foot: &str) -> Vec<u8> {
    let mut content = Content::with_settings(Settings { pretty: false });
    if let Some(title) = title {
        show(&mut content, typeface, TITLE, &[(TITLE_BASELINE, title)], MARGIN);
        let [r, g, b] = RULE_RGB;
        content.set_fill_rgb(r, g, b).rect(MARGIN, RULE_TOP - RULE.1, RULE.0, RULE.1).fill_nonzero();
    }
    show(&mut content, typeface, BODY, sheet, MARGIN);
    show(&mut content, typeface, SMALL, &[(FOOT_BASELINE, names)], MARGIN);
    let width = typeface.points(foot, SMALL.size);
    show(&mut content, typeface, SMALL, &[(FOOT_BASELINE, foot)], MARGIN + MEASURE - width);
    content.finish().to_vec()
}

/// Writes lines one below the other from `x` on.
fn show(content: &mut Content, typeface: &Typeface<'_>, kind: Type, lines: &[(f32, &str)], x: f32) {
    content.set_fill_gray(kind.ink).begin_text().set_font(embed::name(Cast::Plain), kind.size);
    let (mut at, mut font) = ((0.0, 0.0), Cast::Plain);
    for (y, line) in lines {
        // The operator moves from the start of the line before.
        content.next_line(x - at.0, y - at.1);
        for (cast, codes) in typeface.encode(line) {
            if cast != font {
                font = cast;
                content.set_font(embed::name(font), kind.size);
            }
            content.show(Str(&codes));
        }
        at = (x, *y);
    }
    content.end_text();
}

/// The zlib form that `FlateDecode` reads (ISO 32000-1, 7.4.4).
fn deflate(bytes: &[u8]) -> Vec<u8> {
    /// What zlib calls its default: beyond it the time grows and the file does not shrink.
    const LEVEL: u8 = 6;
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, LEVEL)
}
