//! The doctor asks the site its own address, through real web servers that are set up well and badly.

use super::doctor::check;
use crate::servers::client::request;
use crate::servers::tls::certificate;
use crate::servers::{Kind, Options, Server};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use tandem::app::doctor::probe::{self, Seen};
use tandem::base::token::{Claims, Keys, Purpose};

/// What the doctor finds from outside.
const OUTSIDE: [&str; 10] = [
    "site",
    "web configuration",
    "authorization",
    "https",
    "large bodies",
    "chunked bodies",
    "private files",
    "served programs",
    "web clock",
    "gateway",
];

/// The doctor's report on an address, from the account that the programs run as.
fn report(server: &Server, url: &str, env: &[(&str, &str)]) -> Value {
    let mut command = server.operator(&["doctor", "--json", "--url", url]);
    let owner = fs::metadata(&server.data_dir).unwrap();
    if owner.uid() != rustix::process::geteuid().as_raw() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let output = command.envs(env.iter().copied()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn plain(server: &Server) -> Value {
    report(server, &format!("{}/api", server.base_url), &[])
}

/// This check must be a problem, told in these words.
#[track_caller]
fn finds(report: &Value, name: &str, words: &[&str]) {
    let (level, told) = check(report, name);
    assert_eq!(level, "problem", "{name}: {told}");
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
}

#[track_caller]
fn well(report: &Value, names: &[&str]) {
    for name in names {
        let (level, told) = check(report, name);
        assert_eq!(level, "ok", "{name}: {told}");
    }
}

#[test]
fn a_site_that_is_set_up_well_has_no_problem() {
    for kind in Kind::ALL {
        let server = Server::start(kind, &Options::default());
        server.hand_over();
        let report = plain(&server);
        well(&report, &OUTSIDE);
        well(&report, &["web programs", "limits"]);
        let gateway = check(&report, "gateway").1;
        assert_eq!(gateway.starts_with("FastCGI"), kind.is_fastcgi(), "{kind:?}: {gateway}");
        if kind == Kind::ApacheFcgid {
            assert!(check(&report, "large bodies").1.contains("api.cgi"), "mod_fcgid would refuse them");
        }
    }
}

fn probe(server: &Server, pass: &str) -> u16 {
    request("POST", "/api/doctor/probe/").header(probe::FIELD, pass).bearer("x").body("abc").send(server.port).status
}

#[test]
fn only_whoever_knows_the_secret_is_told_and_only_once() {
    let server = Server::start(Kind::LighttpdFastcgi, &Options::default());
    let secret = fs::read(server.data_dir.join("secret")).unwrap();
    let (ours, others) = (Keys::new(secret.trim_ascii()), Keys::new(&[b'x'; 64]));
    let pass = probe::sign(&ours).unwrap();
    let told = request("POST", "/api/doctor/probe/").header(probe::FIELD, &pass).bearer("x").body("abc").send(server.port);
    let seen: Seen = serde_json::from_slice(&told.expect(200).body).unwrap();
    assert_eq!((seen.authorization.as_deref(), seen.body, seen.cgi, seen.secure), (Some("Bearer x"), 3, false, false));
    assert_eq!(probe(&server, &pass), 404, "it came before");
    assert_eq!(probe(&server, ""), 404);
    assert_eq!(probe(&server, &probe::sign(&others).unwrap()), 404);
    let claims = |token_type, exp| Claims {
        token_type,
        exp,
        iat: 0,
        jti: "a".to_owned(),
        user_id: String::new(),
        sid: String::new(),
        generation: None,
    };
    assert_eq!(probe(&server, &ours.sign(&claims(Purpose::Probe, 1_000)).unwrap()), 404, "it has ended");
    for purpose in [Purpose::Access, Purpose::Refresh, Purpose::Report] {
        assert_eq!(probe(&server, &ours.sign(&claims(purpose, 9_999_999_999)).unwrap()), 404, "{purpose:?}");
    }
    // And a probe's pass lets nobody in.
    let pass = ours.sign(&Claims { user_id: "1".to_owned(), ..claims(Purpose::Probe, 9_999_999_999) }).unwrap();
    assert_eq!(request("GET", "/api/auth/me/").bearer(&pass).send(server.port).status, 401);
}

/// Replaces text in the account's .htaccess.
fn alter(server: &Server, changes: &[(&str, &str)]) {
    let path = server.home().join("public_html/api/.htaccess");
    let mut text = fs::read_to_string(&path).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    fs::write(&path, text).unwrap();
}

#[test]
fn rules_that_do_not_hold_are_found() {
    let server = Server::start(Kind::ApacheFcgid, &Options::default());
    let rules = server.home().join("public_html/api/.htaccess");
    let whole = fs::read_to_string(&rules).unwrap();
    // Apache hides the header unless it is told otherwise.
    alter(
        &server,
        &[
            ("SetEnvIf Authorization", "#"),
            ("RewriteCond %{HTTP:Authorization} (.+)\n  RewriteRule ^ - [E=HTTP_AUTHORIZATION:%1]", ""),
        ],
    );
    finds(&plain(&server), "authorization", &["does not reach", ".htaccess"]);
    fs::write(&rules, &whole).unwrap();
    // Large bodies to FastCGI, whose limit only the host can raise.
    alter(&server, &[("^\\s*[0-9]{6}", "^\\s*[0-9]{9}")]);
    finds(&plain(&server), "large bodies", &["500", "api.cgi"]);
    fs::write(&rules, &whole).unwrap();
    alter(&server, &[("RewriteEngine On", "RewriteEngine Off")]);
    finds(&plain(&server), "site", &["api.cgi/health/", "mod_rewrite"]);
    fs::write(&rules, &whole).unwrap();
    alter(&server, &[("AddHandler", "#AddHandler")]);
    let report = plain(&server);
    finds(&report, "site", &["downloads the program", "allow CGI"]);
    finds(&report, "served programs", &["api.fcgi", "allow CGI"]);
    well(&report, &["private files"]);
    // Without any rules the programs are files like others.
    fs::remove_file(&rules).unwrap();
    let report = plain(&server);
    finds(&report, "site", &["404", "public_html/api"]);
    finds(&report, "site", &["has no .htaccess", "Show Hidden Files"]);
    finds(&report, "served programs", &["api.fcgi", "CGI"]);
    finds(&report, "web programs", &[".htaccess"]);
    well(&report, &["private files"]);
}

#[test]
fn a_program_that_is_not_started_is_found() {
    let server = Server::start(Kind::ApacheCgi, &Options::default());
    for name in ["api.fcgi", "api.cgi"] {
        fs::set_permissions(server.home().join("public_html/api").join(name), Permissions::from_mode(0o644)).unwrap();
    }
    let report = plain(&server);
    finds(&report, "site", &["644", "chmod 755", "cPanel → Errors"]);
    finds(&report, "web programs", &["644", "chmod 755"]);
    for name in ["web configuration", "authorization", "large bodies", "chunked bodies"] {
        assert_eq!(check(&report, name), ("note".to_owned(), "not looked at solve the problem of the site first".to_owned()));
    }
}

/// The one that takes large bodies is refused, and the other is not.
#[test]
fn a_second_program_that_is_not_started_is_found() {
    let server = Server::start(Kind::ApacheFcgid, &Options::default());
    fs::set_permissions(server.home().join("public_html/api/api.cgi"), Permissions::from_mode(0o644)).unwrap();
    let report = plain(&server);
    well(&report, &["site", "authorization"]);
    finds(&report, "large bodies", &["api.cgi, which takes them, is not started", "0755"]);
    finds(&report, "web programs", &["api.cgi", "644"]);
}

#[test]
fn two_configurations_are_found() {
    let env = vec![("TANDEM_POLL_IDLE".to_owned(), "77".to_owned())];
    let server = Server::start(Kind::LighttpdFastcgi, &Options { env, ..Options::default() });
    let url = format!("{}/api", server.base_url);
    assert_eq!(check(&plain(&server), "web configuration").0, "note");
    well(&report(&server, &url, &[("TANDEM_POLL_IDLE", "77")]), &["web configuration"]);
    let elsewhere = server.home().join("elsewhere");
    let database = format!("sqlite:{}", elsewhere.join("tandem.db").display());
    finds(&report(&server, &url, &[("TANDEM_DATABASE_URL", &database)]), "web configuration", &["database_url", "tandem.toml"]);
    let (data, none) = (elsewhere.to_str().unwrap(), "no secret can be read in");
    finds(&report(&server, &url, &[("TANDEM_DATA", data)]), "web configuration", &[none, data, "tandem.toml"]);
    assert!(!elsewhere.exists());
}

#[test]
fn private_files_in_the_web_root_are_found() {
    let server = Server::start(Kind::ApacheCgi, &Options::default());
    well(&plain(&server), &["private files"]);
    let folder = server.home().join("public_html/tandem");
    fs::create_dir(&folder).unwrap();
    for name in ["tandem.db", "secret"] {
        fs::copy(server.data_dir.join(name), folder.join(name)).unwrap();
        server.hand_over();
        finds(&plain(&server), "private files", &["/tandem/", name, "everybody signs in again"]);
        fs::remove_file(folder.join(name)).unwrap();
    }
    // A page of the site's own is no file of ours.
    fs::write(folder.join("secret"), "Welcome to our site").unwrap();
    server.hand_over();
    well(&plain(&server), &["private files"]);
}

#[test]
fn another_installation_at_the_address_is_found() {
    let (here, there) =
        (Server::start(Kind::LighttpdCgi, &Options::default()), Server::start(Kind::LighttpdCgi, &Options::default()));
    let report = report(&here, &format!("{}/api", there.base_url), &[]);
    finds(&report, "web configuration", &["secret", "site_url"]);
    assert_eq!(check(&report, "authorization").0, "note");
}

#[test]
fn clocks_that_differ_are_found() {
    let server = Server::start(Kind::LighttpdFastcgi, &Options::default());
    let shifted = |by: &str| {
        let library = crate::clock::libfaketime();
        report(
            &server,
            &format!("{}/api", server.base_url),
            &[
                ("LD_PRELOAD", library.to_str().unwrap()),
                ("FAKETIME", by),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
                ("NO_FAKE_STAT", "1"),
            ],
        )
    };
    finds(&shifted("+10m"), "web clock", &["behind", "NTP"]);
    let report = shifted("-10m");
    finds(&report, "web clock", &["ahead of"]);
    finds(&report, "web configuration", &["clock differs"]);
    well(&shifted("+10s"), &["web clock", "web configuration"]);
}

/// Apache's configuration for HTTPS on these addresses.
fn https(addresses: &[String], [certificate, key]: &[String; 2]) -> String {
    let hosts = addresses.iter().map(|address| {
        let tls = if address.ends_with(":80") { "" } else { "SSLEngine on" };
        format!(
            "Listen {address}\n<VirtualHost {address}>\nDocumentRoot ${{WEB_HOME}}/public_html\n{tls}\nSSLCertificateFile {certificate}\n\
             SSLCertificateKeyFile {key}\n<Directory ${{WEB_HOME}}/public_html>\nAllowOverride All\nRequire all granted\n</Directory>\n\
             <Files \".ht*\">\nRequire all denied\n</Files>\n</VirtualHost>\n"
        )
    });
    format!("LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\nSSLSessionCache none\n{}", hosts.collect::<String>())
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A folder that other accounts may read, as the doctor runs as one.
fn open_folder() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// Apache with HTTPS on a port of localhost, with a certificate for these names made on this day; its certificate.
fn secure(folder: &tempfile::TempDir, names: &str, day: Option<&str>) -> (Server, String, String) {
    let files = certificate(folder.path(), names, day);
    let port = free_port();
    let apache = https(&[format!("127.0.0.1:{port}")], &files);
    let server = Server::start(Kind::ApacheCgi, &Options { apache, ..Options::default() });
    server.hand_over();
    let [certificate, _] = files;
    (server, format!("https://localhost:{port}/api"), certificate)
}

#[test]
fn a_certificate_that_phones_refuse_is_found_and_the_visit_goes_on() {
    let folder = open_folder();
    let (server, url, authority) = secure(&folder, "DNS:localhost", None);
    let alone = report(&server, &url, &[]);
    finds(&alone, "https", &["UnknownIssuer", "AutoSSL"]);
    well(&alone, &["site", "authorization", "large bodies", "chunked bodies", "private files"]);
    well(&report(&server, &url, &[("SSL_CERT_FILE", &authority)]), &OUTSIDE);
    finds(&report(&server, &url.replace("localhost", "127.0.0.1"), &[("SSL_CERT_FILE", &authority)]), "https", &["name"]);
    drop(server);
    let (server, url, authority) = secure(&folder, "DNS:localhost", Some("2020-01-31"));
    finds(&report(&server, &url, &[("SSL_CERT_FILE", &authority)]), "https", &["expired", "AutoSSL"]);
}

#[test]
fn plain_http_beside_https_is_found() {
    let id = std::process::id();
    let address = Ipv4Addr::new(127, 77, u8::try_from(id >> 8 & 0xff).unwrap(), u8::try_from(id & 0x7f).unwrap() + 1);
    if TcpListener::bind((address, 80)).is_err() {
        return eprintln!("only root may listen on port 80");
    }
    let folder = open_folder();
    let files = certificate(folder.path(), &format!("IP:{address}"), None);
    let apache = https(&[format!("{address}:80"), format!("{address}:443")], &files);
    let server = Server::start(Kind::ApacheCgi, &Options { apache, ..Options::default() });
    server.hand_over();
    let ask = || report(&server, &format!("https://{address}/api"), &[("SSL_CERT_FILE", &files[0])]);
    well(&ask(), &OUTSIDE);
    finds(&report(&server, &format!("http://{address}/api"), &[]), "site", &["leads to https://", "site_url"]);
    alter(&server, &[("RewriteRule ^ - [E=HTTPS_ONLY:1]", "")]);
    finds(&ask(), "https", &["is answered, too", "HTTPS_ONLY"]);
}
