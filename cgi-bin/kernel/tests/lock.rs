//! A lock is waited for in turn, and no longer than was said. A program of this crate has one thread, and so has this one.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[test]
fn a_lock_is_waited_for_no_longer_than_was_said() -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("lock-{}", std::process::id()));
    fs::create_dir(&folder)?;
    // Somebody else has the lock, until they are ended.
    let mut other = Command::new("flock").arg("--no-fork").arg(&folder).args(["sleep", "60"]).spawn()?;
    let file = File::open(&folder)?;
    while file.try_lock().is_ok() {
        file.unlock()?;
        sleep(Duration::from_millis(5));
    }
    for longest in [0, 50, 300].map(Duration::from_millis) {
        let begun = Instant::now();
        assert!(!kernel::lock(file.as_fd(), longest), "somebody else has it");
        let took = begun.elapsed();
        assert!(took >= longest && took < longest + Duration::from_secs(5), "{took:?} instead of {longest:?}");
    }
    let mut late = Command::new("sh").arg("-c").arg(format!("sleep 0.3; kill {}", other.id())).spawn()?;
    assert!(kernel::lock(file.as_fd(), Duration::from_secs(30)), "whoever had it is gone");
    // Nothing rings afterwards: SIGALRM would end this process.
    sleep(Duration::from_millis(50));
    late.wait()?;
    other.wait()?;
    assert!(!kernel::lock(File::open(&folder)?.as_fd(), Duration::from_millis(50)), "it is locked for others");
    drop(file);
    assert!(kernel::lock(File::open(&folder)?.as_fd(), Duration::from_secs(5)), "it was let go of");
    fs::remove_dir(&folder)
}
