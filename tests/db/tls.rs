//! Over TCP: encrypted, and to nobody else than the server that is meant.

use super::{fault, open, value};
use crate::servers::mariadb::Mariadb;
use crate::servers::tls::certificate;
use tandem::base::error::DbFault;
use tandem::db::Value;

#[test]
fn a_connection_over_tcp_is_encrypted_as_it_is_asked_to_be() {
    let folder = tempfile::tempdir().unwrap();
    // For a name that is not its own.
    let [certificate, key] = certificate(folder.path(), "DNS:db.example,IP:127.0.0.1", None);
    let server = Mariadb::start(&[format!("--ssl-cert={certificate}"), format!("--ssl-key={key}")]);
    let url = server.by_tcp(&server.database());
    let cipher = |options: &str| {
        let mut db = open(&format!("{url}?{options}"))?;
        db.one("SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'ssl_cipher'", &[], |row| {
            row.get::<Value>(0)
        })
    };
    assert_eq!(cipher("").unwrap(), Some(Value::Text(String::new())), "this machine's own address needs none");
    let encrypted = |found: Option<Value>| found.is_some_and(|value| value != Value::Text(String::new()));
    assert!(encrypted(cipher("tls=trust").unwrap()));
    let (kind, text) = fault(cipher("tls=verify"));
    assert!(kind == DbFault::Unreachable && text.contains("tls=trust"), "{kind:?} {text}");
    assert!(encrypted(cipher(&format!("tls=verify&ca={}", certificate.replace('/', "%2F"))).unwrap()));
    // A server that does not encrypt is not spoken to in the clear instead.
    let plain = Mariadb::start(&[]);
    let (kind, text) = fault(open(&format!("{}?tls=trust", plain.by_tcp(&plain.database()))));
    assert!(kind == DbFault::Unreachable && text.contains("does not encrypt"), "{kind:?} {text}");
    assert_eq!(value(&mut open(&plain.database()).unwrap(), "SELECT 1"), Value::Int(1));
}
