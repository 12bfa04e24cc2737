//! The binary from a terminal: what it prints, and its exit codes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub fn osier(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_osier"));
    command.args(arguments).current_dir(data).env_clear();
    command.env("OSIER_DATA_DIR", data.join("data")).stdin(Stdio::null());
    command
}

pub fn run(data: &Path, arguments: &[&str]) -> Output {
    osier(data, arguments).output().unwrap()
}

#[track_caller]
pub fn succeed(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn succeed_json(data: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&succeed(data, arguments)).unwrap()
}

/// Fails with this exit code, and says why in one line.
#[track_caller]
fn fail(data: &Path, arguments: &[&str], code: i32) -> String {
    let output = run(data, arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    let lines: Vec<_> = told.lines().collect();
    assert!(code == 2 || lines.len() == 1, "{arguments:?}: {told}");
    told
}

/// A server as a process of its own.
pub struct Serving {
    child: Child,
    pub url: String,
    pub token: Option<String>,
    greeting: String,
}

/// A test that fails, or forgets, leaves no server behind.
impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    pub fn start(data: &Path, more: &[&str]) -> Serving {
        let arguments = [&["serve", "--addr", "127.0.0.1:0"], more].concat();
        let mut child = osier(data, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut url, mut token, mut greeting) = (None, None, String::new());
        while let Some(Ok(line)) = lines.next() {
            greeting += &format!("{line}\n");
            let mut words = line.split_whitespace();
            url = url.or_else(|| words.clone().find(|word| word.starts_with("http://")).map(str::to_owned));
            token = token.or_else(|| words.find(|word| word.starts_with("osr_")).map(str::to_owned));
            if line.contains("curl") || line.contains("token create") {
                break;
            }
        }
        Serving { child, url: url.unwrap(), token, greeting }
    }

    /// SIGTERM, and how it ended.
    pub fn stop(mut self) -> Option<i32> {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

pub async fn get(serving: &Serving, token: &str, path: &str) -> Value {
    let request = reqwest::Client::new().get(format!("{}{path}", serving.url)).bearer_auth(token);
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_first_start_prints_a_token_once_and_the_demo_is_made_once() {
    let data = TempDir::new().unwrap();
    let first = Serving::start(data.path(), &["--demo"]);
    let token = first.token.clone().expect("the first start prints a token");
    let pages = get(&first, &token, "/sites/demo/pages").await;
    let history = get(&first, &token, "/sites/demo/history").await;
    assert!((6..=9).contains(&pages["items"].as_array().unwrap().len()), "{pages}");
    assert_eq!(first.stop(), Some(0));
    let second = Serving::start(data.path(), &["--demo"]);
    assert_eq!(second.token, None);
    assert_eq!(get(&second, &token, "/sites/demo/pages").await, pages);
    assert_eq!(get(&second, &token, "/sites/demo/history").await, history);
    assert_eq!(second.stop(), Some(0));
}

#[tokio::test]
async fn a_server_tells_where_others_find_it_and_goes_by_that_name() {
    let data = TempDir::new().unwrap();
    fs::write(data.path().join("osier.toml"), "hosts = [\"other.example\"]\n").unwrap();
    let serving = Serving::start(data.path(), &["--public-url", "https://CMS.example.org/"]);
    assert!(serving.greeting.contains("Others find it at https://cms.example.org\n"), "{}", serving.greeting);
    let named = async |host: &str| {
        let request = reqwest::Client::new().get(format!("{}/healthz", serving.url)).header("host", host);
        request.send().await.unwrap().status().as_u16()
    };
    for (host, status) in [("cms.example.org", 200), ("other.example", 200), ("third.example", 403)] {
        assert_eq!(named(host).await, status, "{host}");
    }
    assert_eq!(serving.stop(), Some(0));
}

#[tokio::test]
async fn tokens_and_sites_made_beside_a_running_server_are_valid_at_once() {
    let data = TempDir::new().unwrap();
    let serving = Serving::start(data.path(), &[]);
    let made =
        succeed_json(data.path(), &["token", "create", "--name", "ci", "--scopes", "read,write", "--json"]);
    assert_eq!((&made["name"], &made["scopes"]), (&json!("ci"), &json!(["read", "write"])));
    let token = made["token"].as_str().unwrap();
    succeed(data.path(), &["site", "create", "blog", "--name", "Blog"]);
    assert_eq!(get(&serving, token, "/sites/blog").await["name"], "Blog");
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn a_token_is_made_listed_without_its_secret_and_revoked() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    let create = ["token", "create", "--name", "ci", "--scopes", "write", "--sites", "a,b"];
    let secret =
        succeed(data, &[&create[..], &["--branches", "agent/*", "--agent", "--expires", "30d"]].concat());
    assert!(secret.starts_with("osr_") && secret.lines().count() == 1, "{secret}");
    let listed = succeed_json(data, &["token", "list", "--json"]);
    let token = &listed["items"][0];
    assert_eq!((&token["sites"], &token["branches"]), (&json!(["a", "b"]), &json!(["agent/*"])));
    assert_eq!((&token["agent"], token["expiresAt"].is_string()), (&json!(true), true));
    assert!(!listed.to_string().contains(secret.trim()));
    let id = token["id"].as_str().unwrap();
    assert_eq!(token["actor"], "ci");
    succeed(data, &["token", "revoke", id]);
    assert!(fail(data, &["token", "revoke", id], 1).contains(id));
    assert!(succeed(data, &["token", "list", "--all"]).contains("revoked"));
    let living = succeed(data, &["token", "list"]);
    assert!(living.starts_with("ID  NAME  ACTOR") && living.lines().count() == 1, "{living}");
    assert_eq!(succeed_json(data, &["token", "list", "--json"]), json!({"items": []}));
}

#[test]
fn sites_are_made_listed_shown_and_removed() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    assert!(succeed(data, &["site", "create", "My Site", "--name", "Mine"]).contains("my-site"));
    assert_eq!(succeed_json(data, &["site", "show", "my-site", "--json"])["name"], "Mine");
    assert!(succeed(data, &["site", "list"]).contains("my-site"));
    assert!(fail(data, &["site", "show", "nope"], 1).contains("nope"));
    assert!(fail(data, &["site", "remove", "my-site"], 2).contains("--yes"));
    assert!(succeed(data, &["site", "list"]).contains("my-site"));
    succeed(data, &["site", "remove", "my-site", "--yes"]);
    assert!(succeed(data, &["site", "create", "Café Shop!"]).contains("cafe-shop"));
    succeed(data, &["site", "remove", "cafe-shop", "--yes"]);
    assert_eq!(succeed_json(data, &["site", "list", "--json"]), json!({"items": []}));
}

#[test]
fn a_folder_of_markdown_becomes_a_site_with_links_that_hold() {
    let data = TempDir::new().unwrap();
    let folder = data.path().join("blog");
    fs::create_dir(&folder).unwrap();
    fs::write(
        folder.join("one.md"),
        "---\ntitle: One\n---\n# One\n\nSee [two](two.md#end) and [out](https://x.y).\n",
    )
    .unwrap();
    fs::write(folder.join("two.md"), "# Two\n\nBack to [one](https://blog.example/one).\n\n![p](p.png)\n")
        .unwrap();
    let import = ["import", "blog", "--base-url", "https://blog.example", "--json"];
    let report = succeed_json(data.path(), &import);
    assert_eq!((&report["pages"], &report["links"]["internal"]), (&json!(2), &json!(2)), "{report}");
    assert_eq!(report["links"]["broken"], 0);
    let history = succeed_json(data.path(), &["history", "--site", "blog", "--json"]);
    assert_eq!(history["items"][0]["summary"], "Import 1–2 of 2");
    assert_eq!(history["items"][0]["source"], "import");
    let told = fail(data.path(), &import, 1);
    assert!(told.contains("a site blog already, with 2 pages") && told.contains("--site blog"), "{told}");
    let told = fail(data.path(), &[&import[..], &["--site", "blog"]].concat(), 1);
    assert!(
        told.contains("/one") && told.contains("one.md") && told.contains("nothing was imported"),
        "{told}"
    );
    assert_eq!(succeed_json(data.path(), &["history", "--site", "blog", "--json"]), history);
    assert!(fail(data.path(), &["import", "nowhere"], 2).contains("nowhere"));
    fs::create_dir(data.path().join("empty")).unwrap();
    assert!(fail(data.path(), &["import", "empty"], 2).contains("no Markdown file in"));
    assert!(fail(data.path(), &["site", "show", "empty"], 1).contains("empty"));
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let data = TempDir::new().unwrap();
    fs::write(data.path().join("osier.toml"), "addr = \"127.0.0.1:9\"\n").unwrap();
    let mut command = osier(data.path(), &["config", "--json"]);
    let output = command.env("DATABASE_URL", "postgres://osier:hunter2@db/osier").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !text.contains("hunter2"), "{text}");
    let settings: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(settings["addr"], json!({"value": "127.0.0.1:9", "from": "osier.toml"}));
    assert_eq!(settings["database"]["from"], "DATABASE_URL");
    assert_eq!(settings["log-format"]["from"], "default");
    assert!(succeed(data.path(), &["config"]).contains("addr"));
}

#[test]
fn what_is_missing_is_one_line_and_exit_code_three() {
    let data = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    assert!(fail(data.path(), &["serve", "--addr", &addr], 3).contains("in use"));
    assert!(
        fail(data.path(), &["migrate", "--database", "mysql://root:hunter2@x/y"], 3).contains("sqlite:PATH")
    );
    fs::write(data.path().join("file"), "").unwrap();
    fail(data.path(), &["migrate", "--database", "sqlite:file/osier.db"], 3);
    fail(data.path(), &["migrate", "--data-dir", "/proc/osier"], 3);
    let told = fail(data.path(), &["migrate", "--database", "postgres://osier:hunter2@127.0.0.1:1/osier"], 3);
    assert!(told.contains("postgres://osier:***@127.0.0.1:1/osier") && told.contains("doctor"), "{told}");
}

#[test]
fn a_store_of_a_newer_osier_is_left_alone() {
    let data = TempDir::new().unwrap();
    succeed(data.path(), &["migrate"]);
    let connection = rusqlite::Connection::open(data.path().join("data/osier.db")).unwrap();
    connection.pragma_update(None, "user_version", 9_999).unwrap();
    drop(connection);
    assert!(fail(data.path(), &["migrate"], 3).contains("newer"));
}

#[test]
fn bad_usage_is_exit_code_two() {
    let data = TempDir::new().unwrap();
    for arguments in [
        &["sing"][..],
        &["serve", "--addr", "nonsense"],
        &["health", "--addr", "nonsense"],
        &["token", "create", "--name", "x", "--scopes", "everything"],
        &["token", "create", "--name", "x", "--scopes", "read", "--expires", "soon"],
        &["serve", "--log-format", "xml"],
        &["serve", "--public-url", "cms.example.org"],
        &["serve", "--hosts", "https://cms.example.org"],
        &["serve", "--origins", "*"],
        &["serve", "--rate-limit", "0"],
        &["config", "--config", "gone.toml"],
        &["history"],
    ] {
        fail(data.path(), arguments, 2);
    }
}

#[test]
fn other_machines_are_not_served_before_there_is_a_token() {
    let data = TempDir::new().unwrap();
    let told = fail(data.path(), &["serve", "--addr", "0.0.0.0:0"], 2);
    assert!(told.contains("osier token create") && told.lines().count() == 1, "{told}");
    assert_eq!(succeed_json(data.path(), &["token", "list", "--json"]), json!({"items": []}));
}

#[test]
fn a_new_store_is_told_once_and_a_token_with_the_store_it_is_for() {
    let data = TempDir::new().unwrap();
    let make = |more: &[&str]| {
        let fixed = ["token", "create", "--name", "anna", "--scopes", "write"];
        let output = run(data.path(), &[&fixed[..], more].concat());
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let store = data.path().join("data/osier.db").display().to_string();
    let (said, told) = make(&[]);
    assert!(said.starts_with("osr_") && told.starts_with(&format!("Made a new store in {store};")), "{told}");
    assert!(told.contains(&format!("of the store sqlite:{store}")) && told.contains("is anna's"), "{told}");
    let (_, told) = make(&[]);
    assert!(!told.contains("Made a new store") && told.contains("is anna-2's"), "{told}");
    let (said, told) = make(&["--json"]);
    let made: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&made["actor"], &made["store"], told.as_str()),
        (&json!("anna-3"), &json!(format!("sqlite:{store}")), "")
    );
    let listed = succeed(data.path(), &["token", "list"]);
    assert!(listed.lines().next().unwrap().contains("ACTOR") && listed.contains("anna-2"), "{listed}");
}

#[test]
fn what_a_token_does_not_get_is_told_when_it_is_made() {
    let data = TempDir::new().unwrap();
    let made = |more: &[&str]| {
        let arguments = [&["token", "create", "--name", "x"], more].concat();
        String::from_utf8(run(data.path(), &arguments).stderr).unwrap()
    };
    assert!(made(&["--scopes", "admin", "--agent"]).contains("never goes beyond write"));
    assert!(!made(&["--scopes", "write", "--agent"]).contains("never goes beyond"));
    assert!(made(&["--scopes", "write", "--branches", "agent/*"]).contains("can write nothing"));
    assert!(!made(&["--scopes", "write", "--branches", "agent/*,main"]).contains("can write nothing"));
}

#[test]
fn help_teaches_by_example() {
    let data = TempDir::new().unwrap();
    for arguments in
        [&["--help"][..], &["serve", "--help"], &["import", "--help"], &["token", "create", "--help"]]
    {
        assert!(succeed(data.path(), arguments).contains("xample"), "{arguments:?}");
    }
}

#[test]
fn a_reader_who_leaves_before_the_end_of_an_export_is_told_by_the_exit_code_alone() {
    let data = TempDir::new().unwrap();
    succeed(data.path(), &["site", "create", "blog"]);
    let mut export = osier(data.path(), &["export"]);
    let mut child = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), &[][..]), "{output:?}");
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let data = TempDir::new().unwrap();
    let mut child =
        osier(data.path(), &["--help"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    child.wait().unwrap();
    assert!(!told.contains("panicked"), "{told}");
}
