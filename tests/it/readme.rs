//! What the documents tell a reader to type, typed: every command of every block, against the real binary and a server of
//! its own. A block that is neither run nor named here fails.

mod block;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Server;
use block::{Block, blocks, fits, statements};

/// What a statement begins with that is not run, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("make ", "it builds this repository and installs what is missing; CI runs `make test`"),
    ("cargo ", "it builds this repository"),
    ("docker ", "it needs an engine; tests/it/image.rs reads the files"),
    ("echo \"OSIER_DB_PASSWORD=", "it is for docker compose"),
    ("export PATH=", "the reader here has a PATH and a data directory of their own"),
    ("osier: site demo, seq 12", "what is said of a damaged store; tests/it/verify.rs damages one"),
];

/// What is typed in place of what a document says: places of the reader's machine.
const INSTEAD: &[(&str, &str)] = &[
    ("--addr 0.0.0.0:4200", "--addr 0.0.0.0:0"),
    ("localhost:4200", "{addr}"),
    ("127.0.0.1:4200", "{addr}"),
    ("/var/backups/", "$HOME/backups/"),
    ("/var/lib/osier", "$HOME/restored"),
    ("postgres://osier@localhost/osier", "{postgres}"),
    // A day of a backup that was made in the same document.
    ("2026-11-21", "$(date +%F)"),
    ("tok_…", "$(osier token list | awk 'END { print $1 }')"),
];

/// Said before each statement: an answer that is an error is one, and a stream ends.
const BEFORE: &str = "set -euo pipefail; curl() { command curl --fail-with-body --max-time 5 \"$@\"; }\n";

/// How curl ends when it was answered with an error.
const REFUSED: i32 = 22;

/// How curl ends when a stream goes on and it does not wait longer.
const TIME_IS_UP: i32 = 28;

/// Somebody who follows a document from its beginning to its end.
struct Reader {
    home: TempDir,
    postgres: Option<String>,
    addr: String,
    token: String,
    server: Child,
}

impl Reader {
    /// With `osier` in the path, the demo's server running, and a blog to import.
    fn new(postgres: Option<String>) -> Reader {
        let home = TempDir::new().unwrap();
        let folder = |name: &str| {
            let folder = home.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            folder
        };
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_osier"), folder("bin").join("osier")).unwrap();
        folder("backups");
        folder("work");
        fs::write(folder("blog/content").join("first.md"), "+++\ntitle = \"First\"\n+++\n\n# First\n")
            .unwrap();
        let serve = shell(home.path(), "exec osier serve --demo --addr 127.0.0.1:0");
        let (server, greeting) = served(serve);
        let word = |start: &str| {
            let found = greeting.split_whitespace().find_map(|word| word.strip_prefix(start));
            found.unwrap_or_else(|| panic!("no {start} in {greeting}")).to_owned()
        };
        let (addr, token) = (word("http://"), format!("osr_{}", word("osr_")));
        Reader { home, postgres, addr, token, server }
    }

    /// Types what a block says; answers what the last command printed. It is one that is refused where the document goes on
    /// with a problem.
    fn follow(&self, block: &Block, is_refused: bool) -> Option<String> {
        let mut printed = None;
        let statements = statements(&block.text);
        let last = statements.len().saturating_sub(1);
        for (at, statement) in statements.into_iter().enumerate() {
            let place = format!("{}:{}: {statement}", block.file, block.line);
            if NOT_RUN.iter().any(|(start, _)| statement.starts_with(start)) {
                continue;
            }
            assert!(
                statement.starts_with("osier ") || statement.starts_with("curl "),
                "{place}\nis neither osier's nor curl's, and NOT_RUN does not name it"
            );
            if statement.contains("postgres://") && self.postgres.is_none() {
                eprintln!("not run, OSIER_TEST_POSTGRES names no server: {statement}");
                continue;
            }
            printed = Some(self.r#type(&place, &statement, is_refused && at == last));
        }
        printed
    }

    fn r#type(&self, place: &str, statement: &str, is_refused: bool) -> String {
        let postgres = self.postgres.as_deref().unwrap_or_default();
        let typed = |text: String, (said, typed): &(&str, &str)| text.replace(said, typed);
        let typed = INSTEAD.iter().fold(statement.to_owned(), typed);
        let typed = typed.replace("{addr}", &self.addr).replace("{postgres}", postgres);
        if typed.starts_with("osier serve") {
            let mut serve = self.command(&format!("exec {typed}"));
            serve.env("OSIER_ADDR", "127.0.0.1:0");
            let (server, greeting) = served(serve);
            assert_eq!(ended(server), Some(0), "{place}\n{greeting}");
            return greeting;
        }
        let Output { status, stdout, stderr } = self.command(&format!("{BEFORE}{typed}")).output().unwrap();
        let (said, told) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        let followed =
            typed.contains("/events") && status.code() == Some(TIME_IS_UP) && said.contains("data:");
        let as_expected = match is_refused {
            true => status.code() == Some(REFUSED),
            false => status.success() || followed,
        };
        assert!(as_expected, "{place}\n{typed}\n{status}: {said}{told}");
        said.into_owned()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = shell(self.home.path(), line);
        command.env("OSIER_ADDR", &self.addr).env("TOKEN", &self.token);
        command
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A line in a shell that has nothing of this machine's settings.
fn shell(home: &Path, line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(home.join("work")).stdin(Stdio::null()).env_clear();
    command.env("HOME", home).env("PATH", format!("{}:/usr/bin:/bin", home.join("bin").display()));
    command
}

/// A server that has said where it listens, and what it said.
fn served(mut command: Command) -> (Child, String) {
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut greeting = String::new();
    let mut lines = BufReader::new(server.stdout.take().unwrap());
    while !greeting.contains("curl") && !greeting.contains("token create") {
        let read = lines.read_line(&mut greeting).unwrap();
        assert!(read > 0, "a server that ended: {greeting}");
    }
    (server, greeting)
}

/// SIGTERM, and how it ended.
fn ended(mut server: Child) -> Option<i32> {
    Command::new("kill").arg(server.id().to_string()).status().unwrap();
    server.wait().unwrap().code()
}

/// Follows a document to its end.
fn follow(file: &'static str, postgres: Option<String>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(text) = fs::read_to_string(path) else { return eprintln!("there is no {file} yet") };
    if Command::new("curl").arg("--version").output().is_err() {
        return eprintln!("not run: there is no curl here");
    }
    let reader = Reader::new(postgres);
    let blocks = blocks(file, &text);
    let mut printed = None;
    for (at, block) in blocks.iter().enumerate() {
        let place = format!("{file}:{}", block.line);
        match block.language.as_str() {
            "" | "sh" | "bash" => {
                printed = reader.follow(block, blocks.get(at + 1).is_some_and(is_a_problem))
            }
            "json" => {
                let shown: Value = serde_json::from_str(&block.text).expect(&place);
                if let Some(printed) = &printed {
                    let printed: Value = serde_json::from_str(printed).expect(&place);
                    assert!(fits(&shown, &printed), "{place} shows what was not answered: {printed:#}");
                }
            }
            "toml" => {
                fs::write(reader.home.path().join("shown.toml"), &block.text).unwrap();
                reader.r#type(&place, "osier config --config ../shown.toml", false);
            }
            // The proxies' own settings.
            "caddyfile" | "nginx" => {}
            other => panic!("{place}: nobody knows what to do with a block of {other}"),
        }
    }
}

/// Whether a block shows an answer that is a problem document.
fn is_a_problem(block: &Block) -> bool {
    let shown: Option<Value> = serde_json::from_str(&block.text).ok().filter(|_| block.language == "json");
    shown.is_some_and(|shown| shown["status"].as_u64().is_some_and(|status| status >= 400))
}

async fn followed(file: &'static str) {
    let postgres = Server::postgres_database().await.map(|(url, _)| url);
    tokio::task::spawn_blocking(move || follow(file, postgres)).await.unwrap();
}

#[tokio::test]
async fn everything_in_the_readme_works_as_it_stands() {
    followed("README.md").await;
}

#[tokio::test]
async fn everything_in_the_guide_for_operators_works_as_it_stands() {
    followed("docs/OPERATING.md").await;
}

#[tokio::test]
async fn everything_in_the_guide_to_the_api_works_as_it_stands() {
    followed("docs/API.md").await;
}

/// The addresses in brackets behind the texts of links.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = |path: PathBuf| {
        let entries = path.read_dir().unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect::<Vec<_>>()
    };
    let mut followed = 0;
    for document in [folder(root.clone()), folder(root.join("docs"))].concat() {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with(['#', '/'])) {
            let path = link.split('#').next().unwrap();
            let place = document.parent().unwrap().join(path);
            assert!(place.exists(), "{}: {link}", document.display());
            followed += 1;
        }
    }
    assert!(followed > 20, "{followed}");
}
