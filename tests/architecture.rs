//! The rules of the house, as tests: who may name whom, what is said in one room only, and how long a file may be.
//!
//! Each rule is a sentence; a place that breaks it is reported as `file:line: sentence`. The rules hold of rooms that do
//! not stand yet. At the bottom each is fed a line that it must refuse.

#[path = "architecture/principals.rs"]
mod principals;
#[path = "architecture/source.rs"]
mod source;

use source::Source;

/// Pure: knows nothing but itself.
const GROUND_FLOOR: &[&str] = &["content"];

/// Each knows content and one outside thing.
const FIRST_FLOOR: &[&str] =
    &["store", "import", "auth", "media", "render", "screenshot", "publish", "search", "planner", "runs"];

/// The only place that combines rooms.
const SECOND_FLOOR: &[&str] = &["service"];

/// Translates, and nothing else.
const ROOF: &[&str] = &["http", "mcp"];

/// What those who go in and out meet at the door.
const HALL: &[&str] = &["config", "error", "telemetry"];

/// Puts the house together and may name every room.
///
/// `bench`, in its own build only, is the workshop beside the door: it measures the house beside servers of its own that do
/// the same work bare, so it speaks to databases and axum and reads the clock as they must.
const ENTRANCE: &[&str] = &["app", "cli", "bench"];

const LONGEST_FILE_LINES: usize = 400;

/// What `room` may name beside itself, and the sentence that says so; none for a room the house does not have.
fn neighbours(room: &str) -> Option<(Vec<&'static str>, &'static str)> {
    let all = [GROUND_FLOOR, FIRST_FLOOR, SECOND_FLOOR, ROOF, HALL, ENTRANCE].concat();
    let (may_name, rule) = match room {
        "content" => (vec![], "`content` is the ground floor and names no other room"),
        "service" => (
            [GROUND_FLOOR, FIRST_FLOOR, &["config", "telemetry"]].concat(),
            "`service` names content, the rooms of the first floor, config and telemetry",
        ),
        "error" => (
            [GROUND_FLOOR, FIRST_FLOOR, SECOND_FLOOR, &["telemetry"]].concat(),
            "`error` tells the doors of the faults of the service and below, and names telemetry, which logs them",
        ),
        "config" => (GROUND_FLOOR.to_vec(), "`config` names content only"),
        "telemetry" => (vec!["config"], "`telemetry` names config only"),
        room if FIRST_FLOOR.contains(&room) => {
            (GROUND_FLOOR.to_vec(), "a room of the first floor names content only, never its neighbours")
        }
        room if ROOF.contains(&room) => (
            [GROUND_FLOOR, SECOND_FLOOR, HALL].concat(),
            "a transport names service, content and the hall, never a store or another transport",
        ),
        room if ENTRANCE.contains(&room) => (all, "the entrance names every room"),
        _ => return None,
    };
    Some((may_name, rule))
}

/// Words that belong to some rooms, and to no others.
struct Spoken {
    words: &'static [&'static str],
    rooms: &'static [&'static str],
    rule: &'static str,
}

const SPOKEN_ONLY_IN: &[Spoken] = &[
    Spoken {
        words: &["sqlx", "rusqlite"],
        rooms: &["store", "bench"],
        rule: "databases are spoken to only in `store`",
    },
    Spoken {
        words: &["axum"],
        rooms: &["http", "app", "bench"],
        rule: "axum is named only in `http` and `app`",
    },
    Spoken { words: &["rmcp"], rooms: &["mcp"], rule: "rmcp is named only in `mcp`" },
    Spoken {
        words: &["env::var", "env::var_os", "env::vars", "env::vars_os"],
        rooms: &["config"],
        rule: "environment variables are read only in `config`",
    },
    Spoken {
        words: &["SystemTime::now", "Instant::now", "getrandom"],
        rooms: &["app", "telemetry", "bench"],
        rule: "the clock and chance come only from `app`, which hands them in",
    },
];

const SQL_RULE: &str = "SQL is written only in `store`";
const LENGTH_RULE: &str = "a file of more than 400 lines has a second room inside";
const OP_RULE: &str = "an op carries its tests at the bottom of its own file";
const UNKNOWN_ROOM_RULE: &str = "every room has a floor: give it one in tests/architecture.rs";

fn imports_refused(source: &Source) -> Vec<String> {
    let Some(&room) = source.module().first() else { return Vec::new() };
    let Some((may_name, rule)) = neighbours(room) else {
        return vec![format!("{}:1: {UNKNOWN_ROOM_RULE} (`{room}`)", source.path)];
    };
    rooms_named(source)
        .into_iter()
        .filter(|(_, named)| named != room && !may_name.contains(&named.as_str()))
        .filter(|(_, named)| named == "*" || neighbours(named).is_some())
        .map(|(at, named)| format!("{}:{}: {rule} (`{named}`)", source.path, source.line(at)))
        .collect()
}

/// The first segments below the root of the crate that the file names, through `crate::` or enough `super::`, and where.
fn rooms_named(source: &Source) -> Vec<(usize, String)> {
    let depth = source.module().len();
    let through_crate = source.mentions("crate").filter_map(|at| source.code[at..].strip_prefix("crate::"));
    let through_super = source.mentions("super").filter_map(|at| {
        let (mut rest, mut climbed) = (&source.code[at..], 0);
        while let Some(above) = rest.strip_prefix("super::") {
            (rest, climbed) = (above, climbed + 1);
        }
        (climbed == depth && !source.code[..at].ends_with("super::")).then_some(rest)
    });
    through_crate
        .chain(through_super)
        .flat_map(|rest| {
            let at = source.code.len() - rest.len();
            first_segments(rest).into_iter().map(move |name| (at, name))
        })
        .collect()
}

/// The names a path begins with: one, or those of a `{…}` group. A glob is `*`.
fn first_segments(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let text = text.trim_start();
        if text.starts_with('*') {
            return "*".to_owned();
        }
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth) = (vec![name(group)], 1);
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => break,
            b'}' => depth -= 1,
            b',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn words_out_of_place(source: &Source) -> Vec<String> {
    let room = source.module().first().copied().unwrap_or_default();
    SPOKEN_ONLY_IN
        .iter()
        .filter(|spoken| !spoken.rooms.contains(&room))
        .flat_map(|spoken| spoken.words.iter().map(move |word| (word, spoken.rule)))
        .flat_map(|(word, rule)| {
            source
                .mentions(word)
                .map(move |at| format!("{}:{}: {rule} (`{word}`)", source.path, source.line(at)))
        })
        .collect()
}

fn sql_out_of_place(source: &Source) -> Vec<String> {
    // What the bench measures against are bare tables of its own.
    if matches!(source.module().first(), Some(&"store" | &"bench")) {
        return Vec::new();
    }
    let sql = source.strings.iter().filter(|(_, text)| is_sql(text));
    sql.map(|(line, _)| format!("{}:{line}: {SQL_RULE}", source.path)).collect()
}

fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().enumerate().any(|(at, word)| match (*word, words.get(at + 1).copied()) {
        ("SELECT", Some(_))
        | ("INSERT", Some("INTO"))
        | ("DELETE", Some("FROM"))
        | ("CREATE" | "ALTER" | "DROP", Some("TABLE" | "INDEX")) => true,
        ("UPDATE", Some(_)) => words[at..].contains(&"SET"),
        _ => false,
    })
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= LONGEST_FILE_LINES || source.path.contains("generated") {
        return Vec::new();
    }
    vec![format!("{}:{lines}: {LENGTH_RULE}", source.path)]
}

fn op_without_tests(source: &Source) -> Vec<String> {
    let is_op = source.path.starts_with("src/content/ops/") && source.text.contains("impl Lower for ");
    let has_tests =
        source.text.split("#[cfg(test)]").skip(1).any(|rest| rest.trim_start().starts_with("mod tests"));
    if !is_op || has_tests || source.path.contains("/tests") {
        return Vec::new();
    }
    vec![format!("{}:1: {OP_RULE}", source.path)]
}

fn assert_all(sources: &[Source], rule: fn(&Source) -> Vec<String>) {
    let broken: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn rooms_name_only_what_stands_below_them() {
    assert_all(&Source::all_below("src"), imports_refused);
}

#[test]
fn databases_transports_environment_clock_and_chance_are_spoken_of_in_their_rooms_only() {
    assert_all(&Source::all_below("src"), words_out_of_place);
}

#[test]
fn sql_is_written_in_the_store_only() {
    assert_all(&Source::all_below("src"), sql_out_of_place);
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let folders = ["src", "tests", "benches"];
    assert_all(&folders.into_iter().flat_map(Source::all_below).collect::<Vec<_>>(), too_long);
}

#[test]
fn every_op_has_its_tests_at_the_bottom_of_its_file() {
    assert_all(&Source::all_below("src/content/ops"), op_without_tests);
}

/// The rules themselves: what they must refuse, and what they must let through.
mod the_rules {
    use super::*;

    fn refused(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> bool {
        !rule(&Source::new(path, text)).is_empty()
    }

    #[test]
    fn a_transport_that_names_a_store_is_refused_with_its_place_and_the_sentence() {
        let source = Source::new("src/http/ops.rs", "//! Ops.\n\nuse crate::store::Log;\n");
        let expected = "src/http/ops.rs:3: a transport names service, content and the hall, never a store or another \
                        transport (`store`)";
        assert_eq!(imports_refused(&source), [expected]);
    }

    #[test]
    fn every_way_to_a_forbidden_room_is_seen() {
        for (path, text) in [
            ("src/content/draft.rs", "use crate::service::edit;"),
            ("src/content/ops/add_block.rs", "fn f() { crate::error::Error::new() }"),
            ("src/content/mod.rs", "use crate::{\n    content::Id,\n    config::{Config, Addr},\n};"),
            ("src/store/sqlite/mod.rs", "use crate::auth::Token;"),
            ("src/store/mod.rs", "use super::service::Edit;"),
            ("src/store/sqlite/append.rs", "use super::super::super::import::Report;"),
            ("src/service/edit.rs", "use crate::http::Json;"),
            ("src/service/edit.rs", "use crate::error::Failure;"),
            ("src/http/mod.rs", "use crate::mcp;"),
            ("src/error.rs", "use crate::http::Problem;"),
            ("src/render/mod.rs", "use crate::*;"),
            ("src/attic/mod.rs", ""),
        ] {
            assert!(refused(imports_refused, path, text), "{path} may not say: {text}");
        }
    }

    #[test]
    fn what_is_allowed_is_let_through() {
        for (path, text) in [
            ("src/content/draft.rs", "use crate::content::document::Page;\nuse super::change::Change;"),
            (
                "src/content/mod.rs",
                "/// See [`crate::store`].\n// crate::http\nconst A: &str = \"crate::http\";",
            ),
            (
                "src/store/sqlite/mod.rs",
                "use crate::content::Id;\nuse super::Log;\nuse super::super::store::Row;",
            ),
            ("src/store/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::service::edit;\n}"),
            ("src/store/tests.rs", "use crate::service::edit;"),
            ("src/service/edit.rs", "use crate::{content, store::Log, telemetry};"),
            ("src/error.rs", "use crate::{service::Fault, telemetry};"),
            ("src/http/mod.rs", "use crate::{config::Config, error, service, telemetry};"),
            ("src/app.rs", "use crate::{http, mcp, store};"),
            ("src/cli/serve.rs", "use crate::app::App;"),
            ("src/main.rs", "use crate::store;"),
        ] {
            assert!(!refused(imports_refused, path, text), "{path} may say: {text}");
        }
    }

    #[test]
    fn words_out_of_their_rooms_are_refused() {
        for (path, text) in [
            ("src/service/edit.rs", "use rusqlite::Connection;"),
            ("src/app.rs", "async fn f(pool: sqlx::PgPool) {}"),
            ("src/service/page.rs", "use axum::Json;"),
            ("src/http/mcp.rs", "use rmcp::model::Tool;"),
            ("src/cli.rs", "let home = std::env::var(\"HOME\");"),
            ("src/content/id.rs", "let now = SystemTime::now();"),
            ("src/store/postgres.rs", "let started = std::time::Instant::now();"),
            ("src/auth/token.rs", "getrandom::fill(&mut bytes)"),
        ] {
            assert!(refused(words_out_of_place, path, text), "{path} may not say: {text}");
        }
        for (path, text) in [
            ("src/store/postgres.rs", "use sqlx::PgPool;"),
            ("src/http/mod.rs", "use axum::Router; // never sqlx"),
            ("src/config.rs", "let url = env::var(\"DATABASE_URL\");"),
            ("src/app.rs", "let now = SystemTime::now();"),
            ("src/cli.rs", "let arguments = std::env::args(); let version = env!(\"CARGO_PKG_VERSION\");"),
            ("src/service/edit.rs", "#[cfg(test)]\nmod tests { fn f() { let now = Instant::now(); } }"),
        ] {
            assert!(!refused(words_out_of_place, path, text), "{path} may say: {text}");
        }
    }

    #[test]
    fn sql_outside_the_store_is_refused() {
        let query = "fn f() { run(\"\n    SELECT body\n    FROM entry\"); }";
        assert_eq!(
            sql_out_of_place(&Source::new("src/service/page.rs", query)),
            [format!("src/service/page.rs:1: {SQL_RULE}")]
        );
        assert!(refused(sql_out_of_place, "src/cli.rs", "run(r#\"UPDATE site SET name = $1\"#)"));
        assert!(refused(sql_out_of_place, "src/app.rs", "run(\"INSERT INTO site (name) VALUES ($1)\")"));
        assert!(!refused(sql_out_of_place, "src/store/sqlite.rs", query));
        assert!(!refused(sql_out_of_place, "src/cli.rs", "println!(\"Select a page, then UPDATE it\")"));
    }

    #[test]
    fn a_file_of_401_lines_is_refused_and_one_of_400_is_not() {
        assert!(refused(too_long, "src/content/carry.rs", &"fn f() {}\n".repeat(401)));
        assert!(!refused(too_long, "src/content/carry.rs", &"fn f() {}\n".repeat(400)));
        assert!(!refused(too_long, "src/http/generated.rs", &"fn f() {}\n".repeat(401)));
    }

    #[test]
    fn an_op_without_tests_is_refused() {
        let path = "src/content/ops/add_block.rs";
        assert!(refused(op_without_tests, path, "impl Lower for AddBlock {}\n// mod tests"));
        assert!(!refused(op_without_tests, path, "impl Lower for AddBlock {}\n\n#[cfg(test)]\nmod tests {}"));
    }

    #[test]
    fn code_after_literals_comments_and_tests_is_still_read() {
        for before in [
            "#[cfg(test)]\nmod tests { const BRACE: char = '{'; const QUOTE: &str = \"}\"; }",
            "#[cfg(test)]\nuse crate::content::{a, b};",
            "/* one /* two */ still */",
            "const A: char = '\\''; const B: &str = \"\\\"\"; fn f<'a>(x: &'a str) {}",
            "const RAW: &str = r##\"a \"# quote\"##; const BYTES: &[u8] = b\"\\\\\";",
        ] {
            let source = Source::new("src/content/mod.rs", &format!("{before}\nuse crate::store::Log;"));
            assert_eq!(imports_refused(&source).len(), 1, "after: {before}");
        }
    }
}
