//! Wrapping by rules; the file by poppler's own tools (`pdfinfo`, `pdftotext`), which must be installed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::*;
use proptest::prelude::*;
use std::process::Command;

fn letter(content: &str) -> Page<'_> {
    Page { month: "2026-01", content, language: Language::Fr, names: "camille & 지우" }
}

fn wrapped(text: &str, width: u32) -> Vec<String> {
    // As in real type, marks have no width of their own.
    let advance = |c: char| u32::from(c != '\u{301}');
    wrap::lines(&wrap::clean(text), width, &advance).into_iter().map(str::to_owned).collect()
}

/// Runs a tool of poppler on a file made of `pdf`, and returns what it prints. A warning is a failure.
fn poppler(tool: &str, pdf: &[u8], options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.pdf");
    std::fs::write(&file, pdf).unwrap();
    let out = if tool == "pdftotext" { &["-"][..] } else { &[] };
    let run = Command::new(tool).args(options).arg(&file).args(out).output().expect("poppler-utils is installed");
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && complaint.is_empty(), "{tool}: {complaint}");
    String::from_utf8(run.stdout).unwrap()
}

/// The text without white space, which layout turns into other white space.
fn solid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn page_count(pdf: &[u8]) -> usize {
    let info = poppler("pdfinfo", pdf, &[]);
    info.lines().find_map(|line| line.strip_prefix("Pages:")).unwrap().trim().parse().unwrap()
}

#[test]
fn lines_break_at_spaces() {
    assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
    assert_eq!(wrapped("one  two   three", 8), ["one  two", "three"]);
    assert_eq!(wrapped("one two ", 7), ["one two"]);
    assert_eq!(wrapped("un «\u{a0}mot\u{a0}»", 8), ["un", "«\u{a0}mot\u{a0}»"]);
}

#[test]
fn french_punctuation_stays_with_its_word() {
    assert_eq!(wrapped("dire « un mot » ; oui", 8), ["dire", "« un", "mot » ;", "oui"]);
    assert_eq!(wrapped("abc ; d", 3), ["abc", "; d"]);
}

#[test]
fn line_ends_and_indents_stay() {
    assert_eq!(wrapped("\na\r\n\r\n b\rc\u{2028}d\n\n", 9), ["a", "", " b", "c", "d"]);
    assert_eq!(wrapped("a\tb\u{7}c", 9), ["a    bc"]);
    assert_eq!(wrapped("", 9), [""]);
}

#[test]
fn long_words_break_anywhere_but_before_a_mark() {
    assert_eq!(wrapped("ab cdefghijkl", 5), ["ab", "cdefg", "hijkl"]);
    assert_eq!(wrapped("xxxx\u{301}x", 4), ["xxxx\u{301}", "x"]);
    assert_eq!(wrapped("   xxxx", 2), ["", "xx", "xx"]);
    assert_eq!(wrapped("xx", 0), ["x", "x"]);
}

#[test]
fn hangul_breaks_at_spaces_unless_that_leaves_half_a_line() {
    assert_eq!(wrapped("가나다라 마바사", 7), ["가나다라", "마바사"]);
    assert_eq!(wrapped("가 나다라마바사아자", 6), ["가 나다라마", "바사아자"]);
}

#[test]
fn pieces_are_composed() {
    assert_eq!(wrap::clean("e\u{301} \u{1112}\u{1161}\u{11ab}"), "é 한");
}

#[test]
fn names_that_do_not_fit_are_shortened() {
    assert_eq!(wrap::fit("camille", 7, &|_| 1), "camille");
    assert_eq!(wrap::fit("camille", 6, &|_| 1), "camil…");
    assert_eq!(wrap::fit("camille", 0, &|_| 1), "…");
}

#[test]
fn headings_name_the_month() {
    let heading = |month, language| heading::heading(month, language).ok();
    assert_eq!(heading("2026-01", Language::En).as_deref(), Some("Letter of January 2026"));
    assert_eq!(heading("2026-08", Language::Fr).as_deref(), Some("Lettre d’août 2026"));
    assert_eq!(heading("2026-01", Language::Ko).as_deref(), Some("2026년 1월의 편지"));
    for wrong in ["2026-00", "2026-13", "2026", "x-1", ""] {
        assert_eq!(heading(wrong, Language::En), None, "{wrong}");
    }
}

#[test]
fn poppler_reads_the_text_back() {
    let content = "Ma chère Zoë, « l’été » coûte 3 €… Œuvre, Łódź, ğış, Tiếng Việt.\n\n사랑하는 지우에게, 똠방각하 펲시콜라 뷁. ㅋㅋㅋ ㅠㅠ\n\
                   Ω Привет ひらがな — “good-bye” – fi ffi";
    let pdf = render(&letter(content)).unwrap();
    let text = poppler("pdftotext", &pdf, &["-enc", "UTF-8"]);
    assert_eq!(solid(&text), solid(&format!("Lettre de janvier 2026{content}camille & 지우1 / 1")));
    assert_eq!(page_count(&pdf), 1);
}

#[test]
fn what_the_font_lacks_is_shown_and_read_back() {
    let content = "a 🎉 b 漢字 c ❤ d 💕 e שלום 👍🏽 f 👩\u{200d}🚀 g";
    let pdf = render(&letter(content)).unwrap();
    let text = poppler("pdftotext", &pdf, &["-enc", "UTF-8"]);
    for c in "abcdefg🎉漢字❤💕👍👩🚀".chars() {
        assert!(text.contains(c), "{c} is not in {text:?}");
    }
}

#[test]
fn the_document_says_what_it_is() {
    let pdf = render(&letter("x")).unwrap();
    let info = poppler("pdfinfo", &pdf, &[]);
    assert!(info.contains("Lettre de janvier 2026") && info.contains("A4") && !info.contains("CreationDate"), "{info}");
    assert!(pdf.windows(8).any(|bytes| bytes == b"/Lang(fr"));
    assert_eq!(pdf, render(&letter("x")).unwrap(), "the same letter is the same file");
}

#[test]
fn a_long_letter_has_numbered_sheets_and_loses_nothing() {
    let content = "Une longue lettre, mot après mot, 한 마디씩. ".repeat(400);
    let pdf = render(&letter(&content)).unwrap();
    let count = page_count(&pdf);
    let text = poppler("pdftotext", &pdf, &["-enc", "UTF-8"]);
    assert!(count > 1 && solid(&text).contains(&format!("2/{count}")), "{count} pages");
    assert_eq!(text.matches("longue").count(), 400);
}

#[test]
fn a_short_letter_is_a_small_file() {
    let content = "La lune est haute, et je pense à toi ; 오늘도 너를 생각해. ".repeat(20);
    let size = render(&letter(&content)).unwrap().len();
    assert!(size < 30_000, "{size} bytes");
}

#[test]
fn more_characters_than_codes_are_still_shown() {
    let content: String = ('\u{20000}'..='\u{2ffff}').chain('가'..='힣').collect();
    assert!(page_count(&render(&letter(&content)).unwrap()) > 20);
}

proptest! {
    #[test]
    fn wrapping_loses_only_spaces_and_keeps_the_measure(text in "[ a-c가나é«»\u{301}\n\t]{0,80}", width in 1_u32..20) {
        let lines = wrapped(&text, width);
        prop_assert_eq!(solid(&lines.concat()), solid(&wrap::clean(&text)));
        for line in lines {
            prop_assert!(line.chars().filter(|c| *c != '\u{301}').count() <= width as usize, "{:?}", line);
        }
    }
}

proptest! {
    // Every case starts a process.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_text_makes_a_valid_file(content in "\\PC{0,300}|(.|\n){0,300}", name in ".*") {
        let page = Page { names: &name, ..letter(&content) };
        prop_assert!(page_count(&render(&page).unwrap()) >= 1);
    }
}
