//! The web program: FastCGI when fd 0 is a listening socket, else CGI. It never reads its arguments: a web server
//! passes a query string without `=` as such (RFC 3875 §4.4).

use std::process::ExitCode;
use tandem::app::{App, queue_by};
use tandem::transport::{self, MOST_RESIDENT, Options};

fn main() -> ExitCode {
    queue_by(kernel::lock);
    let mut app = if transport::is_fastcgi() { App::new() } else { App::for_one_request() };
    // A configuration that cannot be read is every request's 503, not a program that will not start.
    let recycle_after = app.house().map_or(0, |house| house.settings.recycle_after);
    let end = transport::serve(&mut app, &Options { recycle_after, most_resident: MOST_RESIDENT, ..Options::default() });
    app.leave();
    end.conclude()
}
