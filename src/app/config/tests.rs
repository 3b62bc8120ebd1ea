//! The configuration is read as the operator writes it.

use super::*;

fn load_with(variables: &[(&str, &str)]) -> Result<Loaded> {
    let environment = variables.iter().map(|(n, v)| ((*n).to_owned(), OsString::from(v))).collect();
    load_from(&environment, Some("/home/u".into()))
}

#[test]
fn nothing_configured_works() {
    let loaded = load_with(&[]).unwrap();
    assert_eq!(loaded.settings.data, Path::new("/home/u/tandem/data"));
    assert_eq!(loaded.settings.database_url, "sqlite:/home/u/tandem/data/tandem.db");
    assert!(SETTINGS.iter().all(|s| loaded.source(s) == Source::Default));
}

#[test]
fn an_unknown_name_gets_the_nearest_known_one() {
    let error = load_with(&[("TANDEM_LIMIT_AUTH", "off")]).unwrap_err().to_string();
    assert!(error.contains("did you mean TANDEM_LIMITS_AUTH?"), "{error}");
}

#[test]
fn the_environment_wins_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    fs::write(&file, "cors_origins = [\"https://a\", \"https://b\"]\npoll_idle = 60\n[limits]\nauth = \"off\"\n").unwrap();
    let loaded = load_with(&[("TANDEM_CONFIG", file.to_str().unwrap()), ("TANDEM_POLL_IDLE", "90")]).unwrap();
    assert_eq!(loaded.settings.cors_origins, ["https://a", "https://b"]);
    assert_eq!((loaded.settings.poll_idle, loaded.settings.limit_auth, loaded.settings.limit_codes), (90, None, None));
    fs::write(&file, "[limits]\nauht = 1\n").unwrap();
    let error = load_with(&[("TANDEM_CONFIG", file.to_str().unwrap())]).unwrap_err().to_string();
    assert!(error.contains("did you mean limits.auth?"), "{error}");
}

#[test]
fn the_courier_is_named_by_its_whole_path() {
    let program = |value| load_with(&[("TANDEM_COURIER_PROGRAM", value)]).map(|loaded| loaded.settings.courier_program);
    assert_eq!(program("/opt/tandem").unwrap().as_deref(), Some(Path::new("/opt/tandem")));
    assert!(program("tandem").unwrap_err().to_string().starts_with("courier.program must be a whole path"));
}

#[test]
fn bad_values_are_named() {
    for (name, value) in
        [("TANDEM_POLL_IDLE", "0"), ("TANDEM_LIMITS_AUTH", "10"), ("TANDEM_LIMITS_AUTH", "0/5"), ("TANDEM_DATA", "")]
    {
        let error = load_with(&[(name, value)]).unwrap_err().to_string();
        assert!(error.starts_with(name), "{error}");
    }
}
