//! Whose certificates the operator's program believes.

use std::path::PathBuf;

/// The variable that names a file of certificates, as other programs know it.
pub const AUTHORITIES: &str = "SSL_CERT_FILE";

/// The file of certificates that the operator has named, if any.
pub fn file() -> Option<PathBuf> {
    std::env::var_os(AUTHORITIES).filter(|file| !file.is_empty()).map(PathBuf::from)
}
