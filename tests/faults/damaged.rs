//! The database's file damaged.

/// Moves everything from the log into the file, as the last connection does that is closed: a log that is left holds
/// whole pages, the first one too, and would heal what is done to the file below.
fn close(file: &Path) {
    let db = Connection::open(file).unwrap();
    let busy: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert_eq!(busy, 0);
}

#[test]
fn a_damaged_database_is_told_and_left_alone() {
    let server = Server::start(Kind::LighttpdCgi, &options(1, None));
    let phone = Phone::single(&server);
    let made = vec![goal(&phone, "before").expect(201).json()["id"].as_str().unwrap().to_owned()];
    let file: PathBuf = server.data_dir.join("tandem.db");
    close(&file);
    let sound = fs::read(&file).unwrap();
    let damaged = [&[b'#'; 100], &sound[100..]].concat();
    fs::write(&file, &damaged).unwrap();
    for answer in [goal(&phone, "meanwhile"), phone.get("/goals/"), phone.get("/health/")] {
        assert_unavailable(&answer, 503, "60");
    }
    assert_logged(&server, &server.data_dir, "tandem.db: file is not a database: restore the newest backup");
    assert_eq!(fs::read(&file).unwrap(), damaged, "the file was changed");
    fs::write(&file, &sound).unwrap();
    goal(&phone, "after").expect(201);
    assert_kept(&server.data_dir, &made);
}
