//! The transport as web servers and broken peers meet it, over real sockets and in real processes.

mod cgi;
mod hostile;
mod lifecycle;
mod peer;
mod probe;
mod requests;

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;
use tandem::transport::Options;
use tandem::transport::fastcgi::{Stop, Trigger, serve};
use tempfile::TempDir;

/// A FastCGI loop in a thread, ended when it is dropped.
struct Server {
    folder: TempDir,
    trigger: Trigger,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start() -> Server {
        Server::with(&Options { io_timeout: Duration::from_secs(20), ..Options::default() })
    }

    fn with(options: &Options) -> Server {
        let folder = TempDir::new().unwrap();
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        let (stop, trigger) = Stop::by_hand().unwrap();
        let options = options.clone();
        let thread = std::thread::spawn(move || {
            serve(listener.as_fd(), &mut probe::Probe::default(), &options, &stop);
        });
        Server { folder, trigger, thread: Some(thread) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn connect(&self) -> peer::Peer {
        peer::Peer::connect(&self.path())
    }

    /// Has the loop ended by itself? Waits up to 5 s.
    fn ended(&self) -> bool {
        let thread = self.thread.as_ref().unwrap();
        (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            thread.is_finished()
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.trigger.pull();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking(), "the loop must not panic");
    }
}
