//! Certificates that nobody vouches for but the test.

use std::path::Path;
use std::process::Command;

/// A certificate for these names (`DNS:a.example,IP:127.0.0.1`) and its key, made on a day such as `2020-01-31`, or now; good
/// for two days. Their files.
pub fn certificate(folder: &Path, names: &str, day: Option<&str>) -> [String; 2] {
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    let mut command = Command::new(if day.is_some() { "faketime" } else { "openssl" });
    if let Some(day) = day {
        command.args([day, "openssl"]);
    }
    let made = command
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=site.example", "-addext", &format!("subjectAltName={names}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate])
        .output()
        .expect("openssl and faketime, which tests/run installs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    [certificate, key]
}
