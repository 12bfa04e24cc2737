//! The image and the composition of services, as far as they can be judged without an engine that runs them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

/// The instructions of the Dockerfile, each on one line.
fn instructions() -> Vec<String> {
    let text = file("Dockerfile");
    let lines = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let joined = lines.replace("\\\n", " ");
    joined.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

fn arguments(name: &str) -> Vec<String> {
    let of = |line: String| line.strip_prefix(&format!("{name} ")).map(|rest| rest.trim().to_owned());
    instructions().into_iter().filter_map(of).collect()
}

fn composition() -> Value {
    serde_norway::from_str(&file("docker-compose.yml")).unwrap()
}

#[test]
fn the_image_is_built_with_the_compiler_that_the_crate_asks_for() {
    let manifest: toml::Value = toml::from_str(&file("Cargo.toml")).unwrap();
    let wanted = manifest["package"]["rust-version"].as_str().unwrap();
    assert_eq!(arguments("FROM")[0], format!("rust:{wanted}-bookworm AS build"));
}

#[test]
fn the_image_runs_as_nobody_in_particular_and_without_a_compiler() {
    let last = instructions().iter().rposition(|line| line.starts_with("FROM ")).unwrap();
    let running = &instructions()[last..];
    assert!(running[0].starts_with("FROM debian:bookworm-slim"), "{}", running[0]);
    let user = arguments("USER").pop().unwrap();
    let (user, group) = user.split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    assert_eq!(arguments("ENTRYPOINT"), ["[\"osier\"]"]);
    assert_eq!(arguments("CMD"), ["[\"serve\"]"]);
    assert_eq!((arguments("EXPOSE"), arguments("STOPSIGNAL")), (vec!["4200".into()], vec!["SIGTERM".into()]));
    assert_eq!(arguments("VOLUME"), ["/data"]);
    assert!(arguments("HEALTHCHECK")[0].ends_with("CMD [\"osier\", \"health\"]"));
}

/// The folders whose files the sources take in when they are compiled.
fn folders_taken_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            folders_taken_in(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let (code, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
        for (at, _) in code.match_indices("include_str!(") {
            let name = code[at..].split('"').nth(1).unwrap();
            // From the file's folder to the root it is as many steps up as there are folders between.
            let beside = path.parent().unwrap().strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            if name.matches("../").count() == beside.components().count() {
                let place: Vec<_> = name.trim_start_matches("../").split('/').collect();
                // Of the documents only what the server shows is taken along.
                let depth = if place[0] == "docs" { 2 } else { 1 };
                found.insert(place[..depth].join("/"));
            }
        }
    }
}

#[test]
fn all_that_the_sources_are_compiled_from_is_copied_and_nothing_of_it_is_kept_out() {
    let mut needed = BTreeSet::from(["Cargo.toml", "Cargo.lock", "src"].map(str::to_owned));
    folders_taken_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut needed);
    // Only the build with the harness of `make bench` reads it.
    needed.remove("docs/BENCHMARKS.md");
    let copies = arguments("COPY").into_iter().filter(|copied| !copied.starts_with("--from"));
    let copied: BTreeSet<String> = copies
        .flat_map(|line| {
            let mut words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            words.pop();
            words
        })
        .collect();
    assert_eq!(copied, needed);
    let kept: BTreeSet<String> =
        file(".dockerignore").lines().filter_map(|line| line.strip_prefix('!')).map(str::to_owned).collect();
    assert_eq!(kept, needed);
}

#[test]
fn every_service_is_watched_started_again_and_held_short() {
    let services = composition()["services"].clone();
    assert_eq!(services.as_object().unwrap().keys().collect::<Vec<_>>(), ["osier", "postgres"]);
    for (name, service) in services.as_object().unwrap() {
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        assert_eq!(service["restart"], "unless-stopped", "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{name}");
        assert!(service.get("privileged").is_none() && service.get("network_mode").is_none(), "{name}");
        let ports = service["ports"].as_array().cloned().unwrap_or_default();
        assert!(ports.iter().all(|port| port.as_str().unwrap().starts_with("127.0.0.1:")), "{name}");
    }
    assert_eq!(services["osier"]["depends_on"]["postgres"]["condition"], "service_healthy");
    assert_eq!(services["osier"]["user"], arguments("USER")[0]);
    assert!(services["osier"].get("cap_add").is_none());
}

/// `docker compose`, if it is here: it reads the file without an engine.
fn judged_by_compose(password: Option<&str>) -> Option<(bool, String)> {
    let compose = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        command.arg("compose").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env_remove("OSIER_DB_PASSWORD");
        command
    };
    if !compose(&["version"]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("not run: there is no docker compose here");
        return None;
    }
    // Not what may lie in .env.
    let mut config = compose(&["--env-file", "/dev/null", "config", "--quiet"]);
    let output = config.envs(password.map(|password| ("OSIER_DB_PASSWORD", password))).output().unwrap();
    Some((output.status.success(), String::from_utf8(output.stderr).unwrap()))
}

#[test]
fn compose_takes_the_file_and_wants_a_password() {
    let Some((is_taken, told)) = judged_by_compose(Some("of-this-test")) else { return };
    assert!(is_taken, "{told}");
    let (is_taken, told) = judged_by_compose(None).unwrap();
    assert!(!is_taken && told.contains("OSIER_DB_PASSWORD"), "{told}");
}

#[test]
fn volumes_are_named_and_declared() {
    let composition = composition();
    let declared: BTreeSet<&str> =
        composition["volumes"].as_object().unwrap().keys().map(String::as_str).collect();
    let services = composition["services"].as_object().unwrap();
    let mounted = services.values().flat_map(|service| service["volumes"].as_array().unwrap());
    let mounted: BTreeSet<&str> =
        mounted.map(|volume| volume.as_str().unwrap().split(':').next().unwrap()).collect();
    assert_eq!(mounted, declared);
}

#[test]
fn no_password_is_written_down_and_none_is_the_default() {
    let composition = composition();
    for (name, service) in composition["services"].as_object().unwrap() {
        for (variable, value) in service["environment"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            if variable.contains("PASSWORD") {
                // `:?` is what makes the start fail where it is not set, or empty.
                assert!(
                    value.starts_with("${OSIER_DB_PASSWORD:?") && value.ends_with('}'),
                    "{name}: {variable}"
                );
            } else {
                let secret = value.split_once("://").is_some_and(|(_, rest)| {
                    rest.split_once('@').is_some_and(|(user, _)| user.contains(':'))
                });
                assert!(!secret, "{name}: {variable}");
            }
        }
    }
    assert!(file(".gitignore").lines().any(|line| line == ".env"));
}
