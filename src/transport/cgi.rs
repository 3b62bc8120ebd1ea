//! Plain CGI (RFC 3875).
