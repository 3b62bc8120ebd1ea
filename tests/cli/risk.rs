//! `tandem risk train`: from a file to figures, and what is wrong with a file.

use super::Home;
use flate2::read::GzDecoder;
use std::fs;
use std::io::Read;

/// A history of the tests' data as a file of this home.
pub fn history(home: &Home, name: &str) -> String {
    let packed = fs::read(format!("{}/tests/data/risk/{name}.csv.gz", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    fs::write(home.path("edits.csv"), &text).unwrap();
    text
}

fn train(home: &Home) -> String {
    format!("risk train --from {}", home.path("edits.csv").display())
}

#[test]
fn a_history_is_learned_from_and_the_store_is_left_alone() {
    let home = Home::new();
    let text = history(&home, "edits_s_last");
    let line = format!("{} --json --predictions {}", train(&home), home.path("told.csv").display());
    let said = home.ok(&line);
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&json["state"], &json["reason"]), (&"candidate".into(), &serde_json::Value::Null), "{said}");
    assert_eq!(json["rows"], text.lines().count() - 1);
    assert!(json["all"]["roc_auc"].as_f64().unwrap() > json["trivial"]["roc_auc"].as_f64().unwrap() + 0.15);
    let told = fs::read_to_string(home.path("told.csv")).unwrap();
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some("row,behind,met,probability"));
    assert_eq!(lines.clone().count() as u64, json["tested"]["rows"].as_u64().unwrap());
    assert!(lines.all(|line| line.split(',').nth(1) == Some("0") || line.ends_with(",1")), "who is behind is told 1");
    assert_eq!(home.ok(&line), said, "the same rows say the same");
    assert_eq!(fs::read_to_string(home.path("told.csv")).unwrap(), told);
    assert!(home.ok(&train(&home)).contains("not behind: the model"));
    assert!(!home.data().exists());
}

#[test]
fn little_is_skipped_and_that_is_no_fault() {
    let home = Home::new();
    let text = history(&home, "edits_m_last");
    let few: Vec<&str> = text.lines().take(400).collect();
    fs::write(home.path("edits.csv"), few.join("\r\n")).unwrap();
    let json = home.json(&format!("{} --json", train(&home)));
    assert_eq!((&json["state"], &json["reason"], &json["rows"]), (&"skipped".into(), &"insufficient_data".into(), &399.into()));
    assert_eq!(home.run(&train(&home)).code, 0);
}

/// A broken file, and what is said of it.
type Broken = (&'static str, fn(&str) -> Vec<u8>, &'static str);

const BROKEN: &[Broken] = &[
    ("an empty file", |_| Vec::new(), "line 1, column 1: it is empty"),
    ("blank lines alone", |_| b"\xef\xbb\xbf\r\n \n".to_vec(), "line 1, column 1: it is empty"),
    (
        "other separators",
        |text| text.replace(',', ";").into(),
        "line 1, column 2: a column hours_since_base is missing; commas are between columns",
    ),
    (
        "a column twice",
        |text| text.replacen("source", "met", 1).into(),
        "line 1, column 17: a column met stands here again, after column 1",
    ),
    (
        "quotes that do not close",
        |text| edited(text, 4, 0, Some("\"m")),
        "line 4, column 1: its quotes do not close within 65536 bytes",
    ),
    (
        "a missing column",
        |text| text.replacen("record_met", "record", 1).into(),
        "line 1, column 18: a column record_met is missing",
    ),
    ("a cell too few", |text| edited(text, 3, 16, None), "line 3, column 17: 16 cells where the first line has 17"),
    ("a word for a number", |text| edited(text, 4, 1, Some("soon")), "line 4, column 2: asked_at is not an instant in seconds"),
    ("no finite number", |text| edited(text, 2, 4, Some("NaN")), "line 2, column 5: hours_since_base is not a number from 0 on"),
    ("a rate above 1", |text| edited(text, 5, 10, Some("1.5")), "line 5, column 11: user_rate is not a number from 0 to 1"),
    ("an outcome of two", |text| edited(text, 2, 16, Some("2")), "line 2, column 17: met is not 0 or 1"),
    ("an outcome before the ask", |text| edited(text, 3, 2, Some("0")), "line 3, column 3: uploaded_at is before asked_at"),
    ("no text", |_| b"source,\xff\xfe".to_vec(), "line 1, column 2: this is no text in UTF-8"),
    ("one endless line", |_| vec![b'1'; 100_000], "line 1, column 1: a line has at most 65536 bytes"),
];

/// A text with another cell in a line, or without it.
fn edited(text: &str, line: usize, place: usize, cell: Option<&str>) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut cells: Vec<&str> = lines[line - 1].split(',').collect();
    match cell {
        Some(cell) => cells[place] = cell,
        None => drop(cells.remove(place)),
    }
    let joined = cells.join(",");
    lines[line - 1] = joined;
    lines.join("\n").into()
}

#[test]
fn a_table_is_read_as_programs_write_it() {
    let home = Home::new();
    let text = history(&home, "edits_m_last");
    let line = format!("{} --json", train(&home));
    let plain = home.ok(&line);
    let quoted = |text: &str| {
        let rows = text.lines().map(|line| line.split(',').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(","));
        rows.collect::<Vec<_>>().join("\r\n")
    };
    let more = |text: &str| text.lines().map(|line| format!("{line},\"a, \"\"b\"\"\nc\"\n")).collect::<String>();
    let forms = [
        ("a mark of UTF-8", format!("\u{feff}{text}")),
        ("CR", text.replace('\n', "\r")),
        ("CRLF", text.replace('\n', "\r\n")),
        ("quotes", quoted(&text)),
        ("commas, quotes and ends of lines within cells", more(&text)),
        ("blank lines", text.replace('\n', "\n\n")),
    ];
    for (what, form) in forms {
        fs::write(home.path("edits.csv"), form).unwrap();
        assert_eq!(home.ok(&line), plain, "{what}");
    }
}

#[test]
fn each_figure_of_a_training_is_explained_where_it_stands() {
    let home = Home::new();
    let text = history(&home, "edits_s_last");
    let said = home.ok(&train(&home));
    for word in ["ROC-AUC: ", "average precision: ", "Brier: ", "behind: ", "trivial rule: ", "constant: "] {
        assert!(said.contains(word), "{word}: {said}");
    }
    // Whoever met another's is drawn.
    let drawn = text.lines().enumerate().map(|(n, line)| match line.rsplit_once(',') {
        Some((rest, _)) if n > 0 => format!("{rest},{}\n", u8::from(n * 7_919 % 11 == 0)),
        _ => format!("{line}\n"),
    });
    fs::write(home.path("edits.csv"), drawn.collect::<String>()).unwrap();
    let said = home.ok(&train(&home));
    assert!(said.contains("refused: ") && said.contains(" (") && said.contains(") is "), "{said}");
}

#[test]
fn a_broken_file_is_told_by_line_and_column() {
    let home = Home::new();
    let text = history(&home, "edits_m_last");
    for (what, broken, said) in BROKEN {
        fs::write(home.path("edits.csv"), broken(&text)).unwrap();
        let ran = home.run(&train(&home));
        assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains(said), "{what}: {ran:?}");
    }
    fs::remove_file(home.path("edits.csv")).unwrap();
    let ran = home.run(&train(&home));
    assert!(ran.code == 1 && ran.err.contains("cannot be read"), "{ran:?}");
    let ran = home.run("risk train");
    assert!(ran.code == 1 && !home.data().exists(), "without a file it is the store's own history: {ran:?}");
}
