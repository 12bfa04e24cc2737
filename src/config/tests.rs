//! Who goes before whom, and what is refused.

use std::io;

use super::*;

fn resolve(
    flags: Flags,
    environment: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Result<Settings, ConfigError> {
    let find = |pairs: &[(&str, &str)], name: &str| {
        pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    Settings::resolve(flags, &|name| find(environment, name), &|path| {
        find(files, &path.display().to_string()).ok_or(io::ErrorKind::NotFound.into())
    })
}

const HOME: (&str, &str) = ("HOME", "/home/wilf");

#[test]
fn without_a_word_from_anyone_the_store_lies_in_the_home_directory() {
    let settings = resolve(Flags::default(), &[HOME], &[]).unwrap();
    assert_eq!(settings.database.value, "sqlite:/home/wilf/.local/share/osier/osier.db");
    assert_eq!((settings.addr.value.as_str(), &settings.addr.from), (DEFAULT_ADDR, &Origin::Default));
    assert_eq!(settings.max_connections.value, DEFAULT_MAX_CONNECTIONS);
    let moved = resolve(Flags::default(), &[HOME, ("XDG_DATA_HOME", "/x")], &[]).unwrap();
    assert_eq!(moved.data_dir.value, PathBuf::from("/x/osier"));
}

#[test]
fn a_data_directory_that_is_a_file_is_left_for_the_store_to_refuse() {
    let read = |_: &Path| Err(io::ErrorKind::NotADirectory.into());
    let flags = Flags { data_dir: Some("/dev/null/x".into()), ..Flags::default() };
    let settings = Settings::resolve(flags, &|_| None, &read).unwrap();
    assert_eq!(settings.database.value, "sqlite:/dev/null/x/osier.db");
}

#[test]
fn an_address_nobody_could_listen_on_is_refused_wherever_it_is_from() {
    let said =
        |text: &str| resolve(Flags::default(), &[HOME], &[("osier.toml", &format!("addr = {text:?}\n"))]);
    for text in ["nonsense", "127.0.0.1", ":4200", "localhost:http", "localhost:70000"] {
        let told = said(text).unwrap_err().to_string();
        assert!(told.starts_with("addr (osier.toml): ") && told.contains(text), "{told}");
    }
    for text in ["localhost:0", "[::1]:4200", "0.0.0.0:80"] {
        assert_eq!(said(text).unwrap().addr.value, text);
    }
    assert!(resolve(Flags::default(), &[HOME, ("OSIER_ADDR", "4200")], &[]).is_err());
}

#[test]
fn a_flag_goes_before_the_environment_which_goes_before_the_file() {
    let text = "addr = \"file:1\"\ndata-dir = \"/file\"\nlog-format = \"json\"\nmax-connections = 7\n";
    let file = ("osier.toml", text);
    let environment = [HOME, ("OSIER_ADDR", "environment:1")];
    let flags = Flags { addr: Some("flag:1".into()), ..Flags::default() };
    let all = resolve(flags, &environment, &[file]).unwrap();
    assert_eq!((all.addr.value.as_str(), all.addr.from), ("flag:1", Origin::Flag));
    let two = resolve(Flags::default(), &environment, &[file]).unwrap();
    assert_eq!(
        (two.addr.value.as_str(), two.addr.from),
        ("environment:1", Origin::Environment("OSIER_ADDR"))
    );
    let one = resolve(Flags::default(), &[HOME], &[file]).unwrap();
    assert_eq!((one.addr.value.as_str(), one.addr.from), ("file:1", Origin::File("osier.toml".into())));
    assert_eq!(one.database.value, "sqlite:/file/osier.db");
    assert_eq!(one.log_format.value, LogFormat::Json);
    assert_eq!(one.max_connections.value, 7);
}

#[test]
fn osiers_own_variable_goes_before_the_common_one() {
    let common = ("DATABASE_URL", "postgres://a/b");
    let own = ("OSIER_DATABASE", "sqlite:x");
    assert_eq!(resolve(Flags::default(), &[HOME, common], &[]).unwrap().database.value, "postgres://a/b");
    assert_eq!(resolve(Flags::default(), &[HOME, common, own], &[]).unwrap().database.value, "sqlite:x");
}

#[test]
fn a_file_in_the_data_directory_is_found_and_one_beside_us_goes_before_it() {
    let far = ("/home/wilf/.local/share/osier/osier.toml", "addr = \"far:1\"");
    let near = ("osier.toml", "addr = \"near:1\"");
    assert_eq!(resolve(Flags::default(), &[HOME], &[far]).unwrap().addr.value, "far:1");
    assert_eq!(resolve(Flags::default(), &[HOME], &[far, near]).unwrap().addr.value, "near:1");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let refusal = |flags, environment: &[(&str, &str)], files: &[(&str, &str)]| {
        resolve(flags, environment, files).unwrap_err().0
    };
    assert!(refusal(Flags::default(), &[HOME], &[("osier.toml", "adr = 1")]).contains("adr"));
    assert!(
        refusal(Flags::default(), &[HOME, ("OSIER_LOG_FORMAT", "xml")], &[]).contains("OSIER_LOG_FORMAT")
    );
    let no_number = [HOME, ("OSIER_MAX_CONNECTIONS", "many")];
    assert!(refusal(Flags::default(), &no_number, &[]).contains("OSIER_MAX_CONNECTIONS"));
    let none = Flags { max_connections: Some(0), ..Flags::default() };
    assert!(refusal(none, &[HOME], &[]).contains("max-connections"));
    let named = Flags { config: Some("gone.toml".into()), ..Flags::default() };
    assert!(refusal(named, &[HOME], &[]).contains("gone.toml"));
    assert!(refusal(Flags::default(), &[], &[]).contains("OSIER_DATA_DIR"));
}

#[test]
fn the_list_of_settings_holds_no_password() {
    let flags = Flags { database: Some("postgres://osier:hunter2@db/osier".into()), ..Flags::default() };
    let settings = resolve(flags, &[HOME], &[]).unwrap();
    assert!(settings.listed().iter().all(|(_, value, _)| !value.contains("hunter2")));
}

#[test]
fn how_the_server_is_reached_comes_from_a_flag_the_environment_or_the_file() {
    let text = "public-url = \"https://CMS.example.org/\"\nhosts = [\"a\", \"b\"]\norigins = [\"https://c\"]\nrate-limit = 60\n";
    let file = resolve(Flags::default(), &[HOME], &[("osier.toml", text)]).unwrap();
    let listed: Vec<_> = file.listed().into_iter().map(|(key, value, _)| (key, value)).collect();
    for (key, value) in [
        ("public-url", "https://cms.example.org"),
        ("hosts", "a,b"),
        ("origins", "https://c"),
        ("rate-limit", "60"),
    ] {
        assert!(listed.contains(&(key, value.to_owned())), "{key}: {listed:?}");
    }
    let environment = [HOME, ("OSIER_HOSTS", "x,y"), ("OSIER_RATE_LIMIT", "7")];
    let settings = resolve(Flags::default(), &environment, &[("osier.toml", text)]).unwrap();
    assert_eq!(settings.hosts.value.to_string(), "x,y");
    assert_eq!(settings.rate_limit.value.map(NonZeroU32::get), Some(7));
    let nothing = resolve(Flags::default(), &[HOME], &[]).unwrap();
    assert_eq!((nothing.public_url.value, nothing.rate_limit.value), (None, None));
}

#[test]
fn an_address_that_is_none_is_refused_with_its_place() {
    for (name, value) in [
        ("OSIER_PUBLIC_URL", "cms.example.org"),
        ("OSIER_PUBLIC_URL", "https://cms.example.org/osier"),
        ("OSIER_HOSTS", "https://cms.example.org"),
        ("OSIER_ORIGINS", "*"),
        ("OSIER_RATE_LIMIT", "0"),
    ] {
        let refused = resolve(Flags::default(), &[HOME, (name, value)], &[]).unwrap_err().0;
        assert!(refused.contains(name), "{refused}");
    }
    let file = ("osier.toml", "hosts = [\"a:80\"]");
    assert!(resolve(Flags::default(), &[HOME], &[file]).unwrap_err().0.contains("hosts (osier.toml)"));
}
