//! The web program: FastCGI when fd 0 is a listening socket, else CGI. It never reads its arguments: a web server
//! passes a query string without `=` as such (RFC 3875 §4.4).

fn main() {}
