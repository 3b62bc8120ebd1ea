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
fn a_variable_that_is_no_setting_warns_and_takes_nothing_down() {
    let loaded = load_with(&[("TANDEM_LIMIT_AUTH", "off"), ("TANDEM_POLL_IDLE", "60")]).unwrap();
    assert_eq!(loaded.settings.poll_idle, 60);
    assert!(loaded.warnings[0].contains("did you mean TANDEM_LIMITS_AUTH?"), "{:?}", loaded.warnings);
}

#[test]
fn paths_lead_to_one_place_whatever_folder_a_program_is_started_in() {
    let data = |path: &str| load_with(&[("TANDEM_DATA", path)]).map(|loaded| loaded.settings.data).map_err(|e| e.to_string());
    assert_eq!(data("~/elsewhere").unwrap(), Path::new("/home/u/elsewhere"));
    assert!(data("elsewhere").unwrap_err().contains("/home/u/elsewhere"));
    for served in ["/home/u/public_html/data", "~/www/data", "/srv/public_html/x"] {
        assert!(data(served).unwrap_err().contains("web root"), "{served}");
    }
    let url = |url: &str| load_with(&[("TANDEM_DATABASE_URL", url)]).map(|loaded| loaded.settings.database_url);
    assert_eq!(url("sqlite:~/x.db").unwrap(), "sqlite:/home/u/x.db");
    assert_eq!(url("sqlite:///srv/x.db").unwrap(), "sqlite:/srv/x.db");
    assert!(url("sqlite:x.db").is_err() && url("sqlite:/home/u/public_html/x.db").is_err());
}

#[test]
fn an_error_in_the_file_says_where_and_not_what_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    fs::write(&file, "poll_idle = 60\njwt_secret = \"private words\" x\n").unwrap();
    let error = load_with(&[("TANDEM_CONFIG", file.to_str().unwrap())]).unwrap_err().to_string();
    assert!(error.contains("line 2, column 30") && !error.contains("private"), "{error}");
}

#[test]
fn settings_that_could_never_match_are_errors() {
    let proxies = load_with(&[("TANDEM_TRUSTED_PROXIES", "localhost")]).unwrap_err().to_string();
    assert!(proxies.contains("TANDEM_TRUSTED_PROXIES") && proxies.contains("127.0.0.1"), "{proxies}");
    assert!(load_with(&[("TANDEM_CORS_ORIGINS", "https://a.example/app")]).is_err());
    let mended = load_with(&[("TANDEM_CORS_ORIGINS", "https://A.example/, capacitor://localhost")]).unwrap();
    assert_eq!(mended.settings.cors_origins, ["https://a.example", "capacitor://localhost"]);
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
