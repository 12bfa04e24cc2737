//! All commands alike: exit codes, JSON, pipes and terminals, completions and manual pages, and a server that runs beside.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{Serving, get, osier, run, succeed};

/// A data directory with a site that has three versions.
fn with_a_site() -> TempDir {
    let data = TempDir::new().unwrap();
    let blog = data.path().join("blog");
    fs::create_dir(&blog).unwrap();
    fs::write(blog.join("one.md"), "# One\n\nFirst.\n").unwrap();
    fs::write(blog.join("two.md"), "# Two\n\nSecond.\n").unwrap();
    let op = json!({"op": "update_site_config", "patch": {"purpose": "To be tried"}});
    fs::write(data.path().join("batch.json"), json!({"site": "blog", "ops": [op]}).to_string()).unwrap();
    succeed(data.path(), &["import", "blog"]);
    succeed(data.path(), &["site", "update", "blog", "--name", "Blog"]);
    succeed(data.path(), &["site", "update", "blog", "--purpose", "To be read", "--name", "The blog"]);
    data
}

/// Every command in every way it can end: the words, the exit code, and the code in JSON where it failed.
const ENDINGS: &[(&str, i32, &str)] = &[
    ("site list --json", 0, ""),
    ("site create other --json", 0, ""),
    ("site show blog --json", 0, ""),
    ("site update other --name Other --json", 0, ""),
    ("site remove other --yes --json", 0, ""),
    ("token list --json", 0, ""),
    ("ops batch.json --dry-run --json", 0, ""),
    ("history --site blog --json", 0, ""),
    ("diff --site blog --from main@1 --json", 0, ""),
    ("verify --json", 0, ""),
    ("backup copy.db --json", 0, ""),
    ("restore copy.db --data-dir restored --json", 0, ""),
    ("doctor --addr 127.0.0.1:0 --json", 0, ""),
    ("migrate --json", 0, ""),
    ("config --json", 0, ""),
    // What was looked for is not there, or can't be done.
    ("site show nope --json", 1, "site_not_found"),
    ("site update nope --name x --json", 1, "site_not_found"),
    ("site update blog --preview-url notaurl --json", 1, "schema_violation"),
    ("site create blog --name Other --json", 1, "id_taken"),
    ("site remove nope --yes --json", 1, "site_not_found"),
    ("token revoke tok_nope --json", 1, "found"),
    ("ops batch.json --site nope --json", 1, "site_not_found"),
    ("history --site nope --json", 1, "site_not_found"),
    ("history --site blog --page /nope --json", 1, "page_not_found"),
    ("history --site blog --branch nope --json", 1, "branch_not_found"),
    ("diff --site blog --from main@99 --json", 1, "version_not_found"),
    ("diff --site nope --from main@1 --json", 1, "site_not_found"),
    ("export --site nope", 1, ""),
    ("import blog --json", 1, "found"),
    ("verify --site nope --json", 1, "site_not_found"),
    // Nobody could answer that.
    ("sing --json", 2, "usage"),
    ("site list --loud --json", 2, "usage"),
    ("site update blog --json", 2, "usage"),
    ("site create --json", 2, "usage"),
    ("site create ../.. --json", 2, "usage"),
    ("site remove blog --json", 2, "usage"),
    ("restore blog/one.md --data-dir made/by-restore --json", 1, "found"),
    ("token create --name x --scopes everything --json", 2, "usage"),
    ("token create --name x --scopes read --expires soon --json", 2, "usage"),
    ("history --site blog --limit 501 --json", 2, "usage"),
    ("history --site blog --limit 0 --json", 2, "usage"),
    ("history --site blog --cursor nonsense --json", 2, "usage"),
    ("history --json", 2, "usage"),
    ("diff --site blog --json", 2, "usage"),
    ("ops nowhere.json --json", 2, "usage"),
    ("ops blog/one.md --json", 2, "usage"),
    ("import nowhere --json", 2, "usage"),
    ("import nowhere.jsonl --json", 2, "usage"),
    ("backup copy.db --json", 2, "usage"),
    ("restore nowhere.db --json", 2, "usage"),
    ("config --config gone.toml --json", 2, "usage"),
    ("serve --addr nonsense", 2, ""),
    ("serve --log-format xml", 2, ""),
    ("completions tcsh", 2, ""),
    ("man --dir blog/one.md/x", 2, ""),
    // Something is missing or down.
    ("site list --database postgres://osier@127.0.0.1:1/osier --json", 3, "missing"),
    ("verify --database postgres://osier@127.0.0.1:1/osier --json", 3, "missing"),
    ("history --site blog --database postgres://osier@127.0.0.1:1/osier --json", 3, "missing"),
    ("migrate --database mysql://x/y --json", 3, "missing"),
    ("verify --database sqlite:nowhere.db --json", 3, "missing"),
    ("history --site blog --database sqlite:nowhere.db --json", 3, "missing"),
    ("diff --site blog --from main@1 --database sqlite:nowhere.db --json", 3, "missing"),
    ("site list --database sqlite:nowhere.db --json", 3, "missing"),
    ("site remove blog --yes --database sqlite:nowhere.db --json", 3, "missing"),
    ("token list --data-dir nowhere --json", 3, "missing"),
    ("ops batch.json --database sqlite:nowhere.db --json", 3, "missing"),
    ("export --database sqlite:nowhere.db", 3, ""),
    ("backup x.db --database sqlite:nowhere.db --json", 3, "missing"),
    ("health --addr 127.0.0.1:1 --json", 3, "missing"),
    ("serve --database postgres://osier@127.0.0.1:1/osier --addr 127.0.0.1:0", 3, ""),
];

#[test]
fn every_command_ends_with_the_exit_code_and_the_json_of_its_ending() {
    let data = with_a_site();
    for (line, exit, code) in ENDINGS {
        let words: Vec<&str> = line.split(' ').collect();
        let output = run(data.path(), &words);
        let (told, said) =
            (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
        assert_eq!(output.status.code(), Some(*exit), "osier {line}: {said}{told}");
        if *exit == 0 {
            assert!(serde_json::from_str::<Value>(&said).is_ok(), "osier {line}: {said}");
            assert_eq!(told, "", "osier {line}");
        } else if !code.is_empty() {
            let error: Value = serde_json::from_str(&told).expect(&told);
            assert_eq!((&error["code"], told.lines().count()), (&json!(code), 1), "osier {line}: {told}");
            assert!(error["detail"].as_str().is_some_and(|detail| detail.len() > 8), "osier {line}: {told}");
            assert_eq!(said, "", "osier {line}");
        }
    }
    for nothing in ["nowhere.db", "nowhere", "made"] {
        assert!(!data.path().join(nothing).exists(), "{nothing}");
    }
    let leaves = |name: &str| ENDINGS.iter().any(|(line, ..)| line.starts_with(name));
    for command in commands(data.path()) {
        let is_tried = leaves(&command) || command == "help";
        assert!(is_tried, "osier {command} has no line in the table of endings");
    }
}

/// The commands of the first floor, as the help lists them.
fn commands(data: &Path) -> Vec<String> {
    let help = succeed(data, &["--help"]);
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let listed = listed.lines().take_while(|line| !line.is_empty());
    listed.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn a_diff_is_told_a_line_for_each_difference_and_whole_as_json() {
    let data = with_a_site();
    let told = succeed(data.path(), &["diff", "--site", "blog", "--from", "main@1"]);
    assert_eq!(told, "+ site config /name: \"The blog\"\n+ site config /purpose: \"To be read\"\n");
    let two = ["diff", "--site", "blog", "--from", "main@2", "--to", "main@3", "--json"];
    let found: Value = serde_json::from_str(&succeed(data.path(), &two)).unwrap();
    assert_eq!(
        (&found["from"], &found["to"], &found["equal"]),
        (&json!("main@2"), &json!("main@3"), &json!(false))
    );
    assert_eq!(
        (&found["config"][0]["before"], &found["config"][0]["after"]),
        (&json!("Blog"), &json!("The blog"))
    );
    let pages = succeed(data.path(), &["diff", "--site", "blog", "--from", "main@0", "--to", "main@1"]);
    assert_eq!(pages, "+ page /one\n+ page /two\n");
    assert!(succeed(data.path(), &["diff", "--site", "blog", "--from", "main@3"]).contains("are the same"));
}

#[test]
fn a_history_is_filtered_and_goes_on_at_its_cursor() {
    let data = with_a_site();
    let listed = |more: &[&str]| -> Value {
        let arguments = [&["history", "--site", "blog", "--json"], more].concat();
        serde_json::from_str(&succeed(data.path(), &arguments)).unwrap()
    };
    let versions = |listed: &Value| -> Vec<u64> {
        listed["items"].as_array().unwrap().iter().map(|commit| commit["version"].as_u64().unwrap()).collect()
    };
    let first = listed(&["--limit", "2"]);
    assert_eq!(versions(&first), [3, 2]);
    assert_eq!(versions(&listed(&["--cursor", first["nextCursor"].as_str().unwrap()])), [1]);
    assert_eq!(versions(&listed(&["--page", "/one"])), [1]);
    assert_eq!(versions(&listed(&["--actor", "nobody"])), [0; 0]);
    let actor = first["items"][0]["actor"].as_str().unwrap();
    assert_eq!(versions(&listed(&["--actor", actor])), [3, 2, 1]);
    assert_eq!(versions(&listed(&["--block", "blk_nowhere"])), [0; 0]);
}

#[test]
fn a_reader_who_leaves_after_a_line_is_no_error() {
    let data = with_a_site();
    let binary = env!("CARGO_BIN_EXE_osier");
    for command in ["history --site blog", "site list", "config", "--help", "man", "completions bash"] {
        let line = format!("set -o pipefail; {binary} {command} | head -1 >/dev/null");
        let mut shell = Command::new("bash");
        shell.args(["-c", &line]).current_dir(data.path()).env("OSIER_DATA_DIR", data.path().join("data"));
        let output = shell.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        assert!(output.status.success(), "{command}: {:?}", output.status);
    }
}

#[test]
fn long_work_shows_a_bar_on_a_terminal_and_nothing_in_a_pipe() {
    let data = with_a_site();
    let piped = run(data.path(), &["verify"]);
    assert!(piped.stderr.is_empty() && !piped.stdout.contains(&0x1b), "{piped:?}");
    // `script` gives the command a terminal of its own; it is part of every Debian.
    let line = format!("{} verify", env!("CARGO_BIN_EXE_osier"));
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]).stdin(Stdio::null());
    terminal.current_dir(data.path()).env("OSIER_DATA_DIR", data.path().join("data")).env("TERM", "xterm");
    let Ok(shown) = terminal.output() else { return eprintln!("not run: there is no `script` here") };
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("Verifying") && shown.contains('\x1b') && shown.contains("All is sound"),
        "{shown:?}"
    );
}

#[test]
fn a_batch_is_sent_from_a_file_and_refused_with_every_problem_at_its_op() {
    let data = with_a_site();
    assert!(succeed(data.path(), &["ops", "batch.json", "--dry-run"]).starts_with("it would be done"));
    assert!(succeed(data.path(), &["ops", "batch.json"]).starts_with("blog is at version 4, commit c"));
    assert!(
        succeed(data.path(), &["ops", "batch.json"]).starts_with("nothing to change: blog is at version 4")
    );
    let history = succeed(data.path(), &["history", "--site", "blog", "--limit", "1", "--json"]);
    let history: Value = serde_json::from_str(&history).unwrap();
    assert_eq!(
        (&history["items"][0]["source"], &history["items"][0]["actor"]),
        (&json!("cli"), &json!("operator"))
    );
    let wrong = json!([{"op": "remove_page", "page": "/one"}, {"op": "remove_page", "page": "/nope"}]);
    fs::write(data.path().join("wrong.json"), wrong.to_string()).unwrap();
    let output = run(data.path(), &["ops", "wrong.json", "--site", "blog"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && told.starts_with("osier: op 1/page: "), "{told}");
}

#[test]
fn a_history_of_nobody_says_so() {
    let data = with_a_site();
    let output = run(data.path(), &["history", "--site", "blog", "--actor", "ann"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.starts_with("Nobody called 'ann' has changed this"), "{told}");
    assert_eq!(
        succeed(data.path(), &["history", "--site", "blog", "--actor", "operator"]).lines().count(),
        4
    );
}

#[test]
fn a_site_is_removed_when_the_person_at_the_terminal_says_so() {
    let data = with_a_site();
    for (answer, exit) in [("n\n", 1), ("y\n", 0)] {
        let line = format!("{} site remove blog", env!("CARGO_BIN_EXE_osier"));
        let mut terminal = Command::new("script");
        terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(data.path());
        terminal.env("OSIER_DATA_DIR", data.path().join("data")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut asked) = terminal.spawn() else { return eprintln!("not run: there is no `script` here") };
        let mut keys = asked.stdin.take().unwrap();
        keys.write_all(answer.as_bytes()).unwrap();
        let shown = asked.wait_with_output().unwrap();
        drop(keys);
        let said = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert_eq!(shown.status.code(), Some(exit), "{said}");
        assert!(said.contains("Remove the site blog (The blog)?"), "{said}");
        let there = run(data.path(), &["site", "show", "blog"]).status.success();
        assert_eq!(there, exit == 1, "{said}");
    }
}

#[test]
fn a_server_that_is_not_ready_is_told_from_one_that_is_none() {
    let data = TempDir::new().unwrap();
    for (answer, told) in [
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "answers 503"),
        ("SSH-2.0-x\r\n", "does not speak HTTP"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let served = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut asked = [0; 512];
            let read = connection.read(&mut asked).unwrap();
            connection.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&asked[..read]).into_owned()
        });
        let output = run(data.path(), &["health", "--addr", &addr]);
        assert_eq!(output.status.code(), Some(3));
        assert!(String::from_utf8_lossy(&output.stderr).contains(told), "{output:?}");
        assert!(served.join().unwrap().starts_with("GET /readyz HTTP/1.1\r\nHost: localhost\r\n"));
    }
}

#[test]
fn completions_work_in_a_real_shell() {
    let data = TempDir::new().unwrap();
    let script = "source <(\"$OSIER\" completions bash)
        complete_line() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _osier osier \"${!#}\" \"\"; echo \"${COMPREPLY[*]}\"; }
        complete_line osier ser
        complete_line osier token cre
        complete_line osier history --act";
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).env("OSIER", env!("CARGO_BIN_EXE_osier")).current_dir(data.path());
    let output = shell.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "serve\ncreate\n--actor\n");
    let scopes = "read write review merge publish admin";
    assert!(succeed(data.path(), &["completions", "bash"]).contains(scopes));
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(succeed(data.path(), &["completions", shell]).contains("serve"), "{shell}");
    }
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let data = TempDir::new().unwrap();
    succeed(data.path(), &["man", "--dir", "man1"]);
    for page in ["osier.1", "osier-serve.1", "osier-token-create.1", "osier-site-update.1"] {
        let text = fs::read_to_string(data.path().join("man1").join(page)).expect(page);
        assert!(text.contains(".SH NAME") && text.contains(".SH NOTES"), "{page}");
    }
    let mut manual = Command::new("man");
    manual
        .args(["--warnings", "--local-file", "man1/osier.1"])
        .env("MANWIDTH", "120")
        .current_dir(data.path());
    let Ok(shown) = manual.output() else { return eprintln!("not run: there is no `man` here") };
    assert_eq!(String::from_utf8_lossy(&shown.stderr), "");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("Exit codes:"), "{shown:?}");
}

#[test]
fn what_is_made_of_the_definitions_needs_no_settings() {
    let data = TempDir::new().unwrap();
    fs::write(data.path().join("osier.toml"), "not = toml = at all").unwrap();
    for line in [&["completions", "bash"][..], &["man"], &["--help"], &["--version"]] {
        let mut command = osier(data.path(), line);
        assert!(command.env_remove("OSIER_DATA_DIR").output().unwrap().status.success(), "{line:?}");
    }
}

#[tokio::test]
async fn commands_work_beside_a_running_server_which_sees_at_once_what_they_do() {
    let data = with_a_site();
    let path = data.path();
    let serving = Serving::start(path, &[]);
    let token = serving.token.clone().unwrap();
    let addr = serving.url.strip_prefix("http://").unwrap().to_owned();
    assert!(succeed(path, &["health", "--addr", &addr]).contains("is ready"));
    assert!(succeed(path, &["doctor", "--addr", &addr]).contains("an osier answers"));
    assert_eq!(get(&serving, &token, "/sites/blog").await["name"], "The blog");

    succeed(path, &["site", "update", "blog", "--name", "Ours"]);
    let seen = get(&serving, &token, "/sites/blog/pages?minVersion=4").await;
    assert_eq!(seen["items"].as_array().unwrap().len(), 2);
    assert_eq!(get(&serving, &token, "/sites/blog").await["name"], "Ours");
    fs::create_dir(path.join("more")).unwrap();
    fs::write(path.join("more/three.md"), "# Three\n").unwrap();
    succeed(path, &["import", "more", "--site", "blog"]);
    let three = get(&serving, &token, "/sites/blog/pages/three?minVersion=5").await;
    assert_eq!(three["title"], "Three");

    let op = json!({"op": "update_page_meta", "page": "/three", "patch": {"description": "Third"}});
    let request = reqwest::Client::new().post(format!("{}/ops", serving.url)).bearer_auth(&token);
    let response = request.json(&json!({"site": "blog", "ops": [op]})).send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    let history = succeed(path, &["history", "--site", "blog"]);
    assert!(history.lines().count() == 7 && history.starts_with("VERSION  TIME"), "{history}");
    let diff = succeed(path, &["diff", "--site", "blog", "--from", "main@5"]);
    assert_eq!(diff, "~ page /three\n  + /meta/description: \"Third\"\n");
    fs::write(path.join("blog.jsonl"), succeed(path, &["export", "--site", "blog"])).unwrap();
    succeed(path, &["import", "blog.jsonl", "--site", "copy"]);
    assert_eq!(get(&serving, &token, "/sites/copy/pages/three").await["title"], "Three");
    succeed(path, &["site", "create", "new"]);
    assert_eq!(get(&serving, &token, "/sites/new").await["id"], "new");
    succeed(path, &["verify"]);
    succeed(path, &["backup", "beside.db"]);
    assert_eq!(serving.stop(), Some(0));
    assert!(succeed(path, &["verify", "--database", "sqlite:beside.db"]).contains("All is sound"));
}
