//! `GET /sites/{site}/events`: the log as it grows.

use std::time::Duration;

use osier::auth::Scope;
use osier::service::{NewToken, Principal};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{SITE, Server, heading};

/// Longer than anything here takes: a stream that is silent for so long says nothing more.
const PATIENCE: Duration = Duration::from_secs(10);

/// One event, as a browser's `EventSource` would have it.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    id: u64,
    name: String,
    data: Value,
}

/// A client that follows.
struct Follower {
    response: Response,
    text: String,
}

impl Follower {
    async fn of(server: &Server, query: &str, last_event_id: Option<u64>) -> Follower {
        let mut request = server.request(Method::GET, &format!("/sites/{SITE}/events{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.bearer_auth(&server.token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut follower = Follower { response, text: String::new() };
        // What is sent at once says where the stream begins: from then on nothing is missed.
        assert!(follower.block().await.is_some_and(|block| block.contains("id: ")));
        follower
    }

    /// The next lines up to an empty one; none at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk =
                timeout(PATIENCE, self.response.chunk()).await.expect("the stream is silent").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                block.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
            };
            let Some(data) = field("data") else { continue };
            let id = field("id").unwrap().parse().unwrap();
            return Some(Event {
                id,
                name: field("event").unwrap(),
                data: serde_json::from_str(&data).unwrap(),
            });
        }
    }

    async fn take(&mut self, count: u64) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.next().await.expect("the stream has ended"));
        }
        events
    }
}

fn ids(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.id).collect()
}

async fn a_commit_comes_as_its_line_of_the_history(server: Server) {
    server.make_page("a").await;
    let mut follower = Follower::of(&server, "", None).await;
    server.set_heading("a", "Hello").await;

    let event = follower.next().await.unwrap();
    assert_eq!((event.id, event.name.as_str()), (2, "commit"), "what was there before is not told");
    let mut line = server.get(&format!("/sites/{SITE}/history")).await.ok()["items"][0].clone();
    line["site"] = SITE.into();
    line["branch"] = "main".into();
    assert_eq!(event.data, line);
}

async fn who_was_cut_off_goes_on_behind_the_last_event(server: Server) {
    server.make_page("a").await;
    let mut follower = Follower::of(&server, "?after=0", None).await;
    assert_eq!(ids(&follower.take(1).await), [1]);
    drop(follower);
    for text in ["one", "two", "three"] {
        server.set_heading("a", text).await;
    }
    assert_eq!(ids(&Follower::of(&server, "", Some(1)).await.take(3).await), [2, 3, 4]);
    assert_eq!(ids(&Follower::of(&server, "?after=2", None).await.take(2).await), [3, 4]);
    // A browser keeps the address it began with, and sends the id beside it.
    assert_eq!(ids(&Follower::of(&server, "?after=0", Some(3)).await.take(1).await), [4]);

    let server = server.restarted().await;
    assert_eq!(ids(&Follower::of(&server, "", Some(2)).await.take(2).await), [3, 4], "after a restart too");
}

async fn nobody_misses_an_entry_while_many_write_on_two_servers(server: Server) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 25;
    for writer in 0..WRITERS {
        server.make_page(&format!("p{writer}")).await;
    }
    let other = server.sibling().await;
    let from_start = Follower::of(&server, "?after=0", None).await;
    let live = Follower::of(&server, "", None).await;
    let elsewhere = Follower::of(&other, "", None).await;
    let writers = (0..WRITERS).map(|writer| {
        let server = if writer % 2 == 0 { &server } else { &other };
        async move {
            for turn in 0..EACH {
                server.set_heading(&format!("p{writer}"), &format!("{turn}")).await;
            }
        }
    });
    futures::future::join_all(writers).await;

    let all = WRITERS + WRITERS * EACH;
    for (mut follower, first) in [(from_start, 1), (live, WRITERS + 1), (elsewhere, WRITERS + 1)] {
        let events = follower.take(all + 1 - first).await;
        assert_eq!(ids(&events), (first..=all).collect::<Vec<_>>());
        let versions: Vec<_> = events.iter().map(|event| event.data["version"].as_u64().unwrap()).collect();
        assert_eq!(versions, ids(&events), "they tell the versions in order");
    }
}

async fn a_note_is_told_too_so_that_ids_have_no_gap(server: Server) {
    server.make_page("a").await;
    let mut follower = Follower::of(&server, "", None).await;
    let nothing = json!({"ops": [heading("a", "a")], "idempotencyKey": "k"});
    assert_eq!(server.envelope(nothing).await.ok()["changed"], false);
    server.set_heading("a", "b").await;
    let events = follower.take(2).await;
    assert_eq!(ids(&events), [2, 3]);
    assert_eq!((events[0].name.as_str(), events[1].name.as_str()), ("note", "commit"));
    assert_eq!((&events[0].data["kind"], events[0].data.get("version")), (&json!("note"), None));
}

async fn an_entry_that_the_log_has_not_got_is_answered_with_resync(server: Server) {
    server.make_page("a").await;
    let mut follower = Follower::of(&server, "?after=99", None).await;
    let resync = follower.next().await.unwrap();
    assert_eq!((resync.id, resync.name.as_str(), resync.data), (1, "resync", json!({"seq": 1})));
    server.set_heading("a", "b").await;
    assert_eq!(follower.next().await.unwrap().id, 2);
}

async fn what_is_no_place_in_the_log_is_refused(server: Server) {
    for query in ["?after=-1", "?after=x", "?after=1.5", "?from=1"] {
        let answer = server.get(&format!("/sites/{SITE}/events{query}")).await;
        assert_eq!(answer.problem(), (400, "malformed_request"), "{query}");
    }
    let request =
        server.request(Method::GET, &format!("/sites/{SITE}/events")).header("last-event-id", "c1-ab");
    assert_eq!(server.ask(request).await.problem(), (400, "malformed_request"));
    assert_eq!(server.get("/sites/none/events").await.problem(), (404, "site_not_found"));
}

async fn streams_end_when_the_server_stops(server: Server) {
    let mut follower = Follower::of(&server, "", None).await;
    let server = timeout(PATIENCE, server.restarted()).await.expect("a stream holds the server up");
    assert_eq!(follower.next().await, None, "it ends, and is not cut");
    drop(server);
}

async fn a_stream_ends_with_its_token_and_with_its_site(server: Server) {
    let mut by_admin = Follower::of(&server, "", None).await;
    let operator = Principal::operator();
    let new = NewToken {
        name: "reader".into(),
        scopes: vec![Scope::Read],
        sites: Vec::new(),
        branches: Vec::new(),
        agent: false,
        expires_in_ms: None,
    };
    let reader = server.service.create_token(&operator, new).await.unwrap();
    let request = server.request(Method::GET, &format!("/sites/{SITE}/events"));
    let response = request.bearer_auth(reader.token.reveal()).send().await.unwrap();
    let mut by_reader = Follower { response, text: String::new() };
    assert!(server.service.revoke_token(&operator, &reader.card.id).await.unwrap());
    assert_eq!(by_reader.next().await, None);

    server.ask(server.request(Method::DELETE, &format!("/sites/{SITE}"))).await.ok();
    assert_eq!(by_admin.next().await, None);
}

on_each_store![
    a_commit_comes_as_its_line_of_the_history,
    who_was_cut_off_goes_on_behind_the_last_event,
    nobody_misses_an_entry_while_many_write_on_two_servers,
    a_note_is_told_too_so_that_ids_have_no_gap,
    an_entry_that_the_log_has_not_got_is_answered_with_resync,
    what_is_no_place_in_the_log_is_refused,
    streams_end_when_the_server_stops,
    a_stream_ends_with_its_token_and_with_its_site,
];
