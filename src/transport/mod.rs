//! Bytes to and from requests: FastCGI when fd 0 is a listening socket, else plain CGI, from the same variables.

pub mod cgi;
pub mod fastcgi;
