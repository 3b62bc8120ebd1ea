//! What the program is built from: crates of crates.io alone, under licences that were looked at, and none that was shut
//! out. Cargo answers from what it has downloaded; nothing here goes to the network.
//!
//! Advisories cannot be looked up so: RustSec keeps them in a Git repository on GitHub, and no registry has a copy.
//! `cargo audit`, where GitHub can be reached, is a step of each release (docs/contributing.md).

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// Licences that ask no more than to be shown (0BSD not even that), which the bundle's list of licences does.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    // The Mozilla certificates in webpki-roots: data that may be shared on with its licence.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Crates whose manifest names a file in the place of a licence, and what the file says.
const READ: &[(&str, &str)] = &[("jsonpath-rust", "MIT"), ("webpki", "ISC")];

/// Crates that must not come back by way of another one, and why.
const SHUT_OUT: &[(&str, &str)] = &[
    ("rsa", "RUSTSEC-2023-0071: how long it takes tells the key, and no version is mended"),
    ("openssl-sys", "a C library of the host's: the programs are static"),
    ("aws-lc-sys", "a second library of cryptography in C, beside ring"),
    ("tokio", "a process serves one request at a time, without a runtime"),
];

/// Where a crate may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A crate that the program or its tests are built from.
struct Crate {
    name: String,
    licence: Option<String>,
    source: String,
}

/// What is built of them, as `name vVERSION`: Cargo's metadata lists what a feature that is off would bring, too.
fn built(target: &str, manifest: &str) -> BTreeSet<String> {
    let args =
        ["tree", "--locked", "--offline", "--workspace", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}"];
    let output = Command::new(env!("CARGO")).args(args).args(["--target", target, "--manifest-path", manifest]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let two = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    String::from_utf8(output.stdout).unwrap().lines().map(two).collect()
}

/// Every crate but the project's own, as it is built for this machine.
fn crates() -> Vec<Crate> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let target = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let args =
        ["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", target, "--manifest-path", manifest];
    let output = Command::new(env!("CARGO")).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |package: &Value, member: &str| package[member].as_str().map(str::to_owned);
    let all = metadata["packages"].as_array().unwrap().iter().filter(|package| !package["source"].is_null());
    let built = built(target, manifest);
    let is_built = |p: &&Value| built.contains(&format!("{} v{}", p["name"].as_str().unwrap(), p["version"].as_str().unwrap()));
    let of = |package: &Value| Crate {
        name: text(package, "name").unwrap(),
        licence: text(package, "license"),
        source: text(package, "source").unwrap(),
    };
    all.filter(is_built).map(of).collect()
}

/// A licence of those allowed by which the crate may be used, for each that it demands; `None` when one is missing.
fn allowed(expression: &str) -> Option<Vec<&'static str>> {
    // SPDX: AND binds before OR, and an older form has a slash for OR. No crate here puts an OR in parentheses but beside an AND.
    if let Some((choice, rest)) = expression.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
        let more = rest.trim().strip_prefix("AND ").map_or_else(|| rest.is_empty().then(Vec::new), allowed)?;
        return Some([allowed(choice)?, more].concat());
    }
    let one = |name: &str| LICENCES.iter().find(|known| **known == name.trim()).copied();
    let all = |names: &str| names.split(" AND ").map(one).collect::<Option<Vec<_>>>();
    expression.replace('/', " OR ").split(" OR ").find_map(all)
}

/// What the manifest says of a crate's licence, or what was read in the file that it names.
fn licence(found: &Crate) -> &str {
    let read = || READ.iter().find(|(name, _)| *name == found.name).map(|(_, licence)| *licence);
    found.licence.as_deref().or_else(read).unwrap_or("none")
}

/// What is wrong with a crate.
fn faults(found: &Crate) -> Vec<String> {
    let licence = licence(found);
    let shut_out = SHUT_OUT.iter().find(|(name, _)| *name == found.name).map(|(_, why)| format!("is shut out: {why}"));
    let elsewhere = (found.source != REGISTRY).then(|| format!("comes from {}", found.source));
    let unknown = allowed(licence).is_none().then(|| format!("is under {licence}: look at it, then add it to LICENCES or READ"));
    [shut_out, elsewhere, unknown].into_iter().flatten().map(|what| format!("{} {what}", found.name)).collect()
}

#[test]
fn every_crate_may_be_used() {
    let crates = crates();
    assert!(crates.len() > 100, "{} crates", crates.len());
    assert_eq!(crates.iter().flat_map(faults).collect::<Vec<_>>(), Vec::<String>::new());
    let used: BTreeSet<&str> = crates.iter().filter_map(|found| allowed(licence(found))).flatten().collect();
    let idle: Vec<_> = LICENCES.iter().filter(|name| !used.contains(**name)).collect();
    let gone: Vec<_> = READ.iter().filter(|(name, _)| !crates.iter().any(|found| found.name == *name)).collect();
    assert!(idle.is_empty() && gone.is_empty(), "take off the lists: {idle:?} {gone:?}");
}

#[test]
fn what_may_not_be_used_is_seen() {
    let of = |name: &str, licence: Option<&str>, source: &str| {
        faults(&Crate { name: name.into(), licence: licence.map(str::to_owned), source: source.into() }).len()
    };
    assert_eq!(of("fine", Some("GPL-3.0 OR MIT"), REGISTRY), 0);
    assert_eq!(of("rsa", Some("MIT/Apache-2.0"), REGISTRY), 1);
    assert_eq!(of("copyleft", Some("GPL-3.0"), REGISTRY), 1);
    assert_eq!(of("both", Some("MIT AND GPL-3.0"), REGISTRY), 1);
    assert_eq!(of("both", Some("(MIT OR Apache-2.0) AND GPL-3.0"), REGISTRY), 1);
    assert_eq!(of("unsaid", None, REGISTRY), 1);
    assert_eq!(of("elsewhere", None, "git+https://example.org/x"), 2);
    assert_eq!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"), Some(vec!["MIT", "Unicode-3.0"]));
}
