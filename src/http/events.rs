//! `GET /sites/{site}/events`: the log as it grows (Server-Sent Events, WHATWG HTML, section 9.2).

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures::stream::unfold;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::api::{About, Answered, Feed, Group};
use super::caller::{self, Caller};
use super::query::{Asked, Place};
use super::reply::Reply;
use crate::error::{self, Failure};
use crate::service::{Event, Events, Fault, LogEvent, ResyncEvent, Scope};

/// A line of comment is sent so often, so that nobody on the way takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often it is looked whether the token is still good: as long as one that was looked up is trusted, so that who
/// revokes a token hears of it when its streams have ended too.
const CHECK: Duration = Duration::from_millis(500);

/// After a store that was down is asked again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) const FOLLOW: About = About {
    id: "follow_events",
    title: "Follow the log",
    text: "Server-Sent Events: each entry of the site's log once and in order, its `id` the entry's `seq`. Whoever is cut off goes on with `Last-Event-ID`, which browsers send by themselves. \
           A line of comment comes every 15 seconds. A reader that falls 4,096 entries behind gets `resync`: read anew what you show, and go on from its `id`.",
    group: Group::History,
    scope: Some(Scope::Read),
    refusals: || vec![error::SITE_NOT_FOUND],
    address: "/sites/demo/events?after=0",
    body: "",
    answer: include_str!("../../docs/examples/follow_events.txt"),
};

/// Where to begin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// Everything behind this `seq`; else what comes from now on.
    after: Option<u64>,
}

/// The entries behind `Last-Event-ID` or `?after=`, else from now on, until the caller goes.
pub(super) async fn follow(
    State(service): State<Shared>,
    State(stopping): State<CancellationToken>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<EventsQuery>,
    headers: HeaderMap,
) -> Reply<Feed<LogEvent, ResyncEvent>> {
    let after = last_event(&headers)?.or(query.after);
    let events = service.events(&who, &site, after).await?;
    let (mut heartbeat, mut check) = (interval(HEARTBEAT), interval(CHECK));
    for tick in [&mut heartbeat, &mut check] {
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.reset();
    }
    // An id without data tells nothing and is kept: who is cut off before the first event goes on from here.
    let greeting = format!("retry: 1000\nid: {}\n\n", events.start());
    let stream = Stream { service, stopping, headers, site, events, heartbeat, check };
    let told = unfold((Some(greeting), stream), |(greeting, mut stream)| async move {
        let text = match greeting {
            Some(greeting) => greeting,
            None => stream.next().await?,
        };
        Some((Ok::<_, Infallible>(Bytes::from(text)), (None, stream)))
    });
    let mut response = Response::new(Body::from_stream(told));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would gather events before it passes them on.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(Answered::new(response))
}

/// Where a client that was cut off goes on: newer than what its address says.
fn last_event(headers: &HeaderMap) -> Result<Option<u64>, Failure> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Failure::malformed("Last-Event-ID", "the id of an event is a number"))
}

struct Stream {
    service: Shared,
    stopping: CancellationToken,
    headers: HeaderMap,
    site: String,
    events: Events,
    heartbeat: Interval,
    check: Interval,
}

impl Stream {
    /// The next lines; none at the end. Nothing is gathered for a reader who does not read: it is asked for more when
    /// the connection has taken what was sent.
    async fn next(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return None,
                _ = self.check.tick() => self.still_allowed().await?,
                told = self.events.next() => match told {
                    Ok(events) => return events.map(|events| lines(&events)),
                    Err(Fault::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                    Err(fault) => {
                        // It is logged on the way; the client comes again where it stopped.
                        drop(Failure::from(fault));
                        return None;
                    }
                },
                _ = self.heartbeat.tick() => return Some(":\n\n".to_owned()),
            }
        }
    }

    /// A token that was taken back, or has ended, ends its streams. A store that is down ends nothing.
    async fn still_allowed(&self) -> Option<()> {
        match caller::known(&self.headers, &self.service).await {
            Ok(who) => self.service.may_follow(&who, &self.site).ok(),
            Err(Fault::Unavailable(_)) => Some(()),
            Err(_) => None,
        }
    }
}

fn lines(events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        // Writing to a String does not fail.
        let _ = match event {
            Event::Entry { seq, name, data } => write!(text, "id: {seq}\nevent: {name}\ndata: {data}\n\n"),
            Event::Resync { seq } => {
                let data = serde_json::to_string(&ResyncEvent { seq: *seq }).unwrap_or_default();
                write!(text, "id: {seq}\nevent: resync\ndata: {data}\n\n")
            }
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_three_lines_and_an_empty_one() {
        let entry = Event::Entry { seq: 7, name: "commit", data: "{}".into() };
        assert_eq!(
            lines(&[entry, Event::Resync { seq: 9 }]),
            "id: 7\nevent: commit\ndata: {}\n\nid: 9\nevent: resync\ndata: {\"seq\":9}\n\n"
        );
    }

    #[test]
    fn the_id_of_the_last_event_is_a_number() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([("last-event-id".parse().unwrap(), value.parse().unwrap())]);
            last_event(&headers)
        };
        assert_eq!(read("41").unwrap(), Some(41));
        assert_eq!(read("c41").unwrap_err().kind.status, 400);
        assert_eq!(last_event(&HeaderMap::new()).unwrap(), None);
    }
}
