//! A lock is waited for in turn, and no longer than was said. A program of this crate has one thread, and so has this one.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Somebody else who has the lock, until they are ended.
fn holder(path: &std::path::Path) -> Child {
    let held = Command::new("flock").arg("--no-fork").arg(path).args(["sleep", "60"]).stdout(Stdio::null()).spawn();
    held.expect("flock of util-linux")
}

fn ended(mut holder: Child) {
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_lock_is_waited_for_no_longer_than_was_said() {
    let folder = std::env::temp_dir().join(format!("lock-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let other = holder(&folder);
    let file = File::open(&folder).unwrap();
    while file.try_lock().is_ok() {
        file.unlock().unwrap();
        sleep(Duration::from_millis(5));
    }
    for longest in [0, 50, 300].map(Duration::from_millis) {
        let begun = Instant::now();
        assert!(!kernel::lock(file.as_fd(), longest));
        let took = begun.elapsed();
        assert!(took >= longest && took < longest + Duration::from_secs(5), "{took:?} instead of {longest:?}");
    }
    let mut late = Command::new("sh").arg("-c").arg(format!("sleep 0.3; kill {}", other.id())).spawn().unwrap();
    assert!(kernel::lock(file.as_fd(), Duration::from_secs(30)));
    // Nothing rings afterwards: SIGALRM would end this process.
    sleep(Duration::from_millis(50));
    late.wait().unwrap();
    ended(other);
    assert!(!kernel::lock(File::open(&folder).unwrap().as_fd(), Duration::from_millis(50)), "it is locked for others");
    drop(file);
    assert!(kernel::lock(File::open(&folder).unwrap().as_fd(), Duration::from_secs(5)));
    std::fs::remove_dir(&folder).unwrap();
}
