//! What handlers answer: a response, and in its type what it is.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::Told;
use crate::error::Failure;

const IF_NONE_MATCH: &str = "The `ETag` of an answer before: 304 where nothing is new.";
const NOTHING_NEW: &str = "What the caller has is still so.";

/// A response of a kind: `Seen<T>`, `Fresh<T>`, …
pub(in crate::http) struct Answered<Kind> {
    response: Response,
    kind: PhantomData<fn() -> Kind>,
}

impl<Kind> Answered<Kind> {
    pub(in crate::http) fn new(response: Response) -> Self {
        Answered { response, kind: PhantomData }
    }

    /// The same response, said to be of a wider kind.
    pub(in crate::http) fn among<Wider>(self) -> Answered<Wider> {
        Answered::new(self.response)
    }
}

impl<Kind> IntoResponse for Answered<Kind> {
    fn into_response(self) -> Response {
        self.response
    }
}

/// What a handler gives back.
pub(in crate::http) trait Answers {
    fn tell(told: &mut Told<'_>);
}

impl<Kind: Answers> Answers for Answered<Kind> {
    fn tell(told: &mut Told<'_>) {
        Kind::tell(told);
    }
}

/// Failures are problem documents, told with their codes by whoever raises them.
impl<Kind: Answers> Answers for Result<Answered<Kind>, Failure> {
    fn tell(told: &mut Told<'_>) {
        Kind::tell(told);
    }
}

/// 200 with a tag over the bytes, or 304 where the caller has them.
pub(in crate::http) struct Seen<T>(PhantomData<T>);

impl<T: JsonSchema> Answers for Seen<T> {
    fn tell(told: &mut Told<'_>) {
        told.header("If-None-Match", IF_NONE_MATCH);
        told.answers_json::<T>("200", "As asked.", etag());
        told.answers_empty("304", NOTHING_NEW, etag());
    }
}

/// One of two bodies; the request says which.
pub(in crate::http) struct Either<A, B>(PhantomData<(A, B)>);

impl<A: JsonSchema, B: JsonSchema> JsonSchema for Either<A, B> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", A::schema_name(), B::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<A>(), generator.subschema_for::<B>()]})
    }
}

/// 200 with what a write did, kept by nobody on the way.
pub(in crate::http) struct Fresh<T>(PhantomData<T>);

impl<T: JsonSchema> Answers for Fresh<T> {
    fn tell(told: &mut Told<'_>) {
        told.answers_json::<T>("200", "Done.", json!({}));
    }
}

/// 201 with what is new and where it is; 200 where it was there already, and equal.
pub(in crate::http) struct Created<T, U>(PhantomData<(T, U)>);

impl<T: JsonSchema, U: JsonSchema> Answers for Created<T, U> {
    fn tell(told: &mut Told<'_>) {
        let location = json!({"Location": {"description": "Its address.", "schema": {"type": "string"}}});
        told.answers_json::<T>("201", "Made.", location.clone());
        told.answers_json::<U>("200", "It was there already, with equal content.", location);
    }
}

/// 204.
pub(in crate::http) struct NoContent;

impl Answers for NoContent {
    fn tell(told: &mut Told<'_>) {
        told.answers_empty("204", "Done.", json!({}));
    }
}

/// 200 with plain text.
pub(in crate::http) struct Plain;

impl Answers for Plain {
    fn tell(told: &mut Told<'_>) {
        told.answers_with("200", "As asked.", json!({}), ("text/plain", &text()));
    }
}

/// 200 with a page for people.
pub(in crate::http) struct Html;

impl Answers for Html {
    fn tell(told: &mut Told<'_>) {
        told.header("If-None-Match", IF_NONE_MATCH);
        told.answers_with("200", "A page.", etag(), ("text/html", &text()));
        told.answers_empty("304", NOTHING_NEW, etag());
    }
}

/// 200 and a stream of events that goes on: the `data` of most is an `E`, that of a `resync` an `R`.
pub(in crate::http) struct Feed<E, R>(PhantomData<(E, R)>);

impl<E: JsonSchema, R: JsonSchema> Answers for Feed<E, R> {
    fn tell(told: &mut Told<'_>) {
        told.header("Last-Event-ID", "The `id` of the last event that was seen; it counts before `after`.");
        let text = format!(
            "Events, until the caller goes. The `data` of each is a `{}`, of `resync` a `{}`, as JSON on one line.",
            told.sends::<E>(),
            told.sends::<R>(),
        );
        told.answers_with("200", &text, json!({}), ("text/event-stream", &self::text()));
    }
}

fn text() -> Schema {
    json_schema!({"type": "string"})
}

fn etag() -> Value {
    json!({"ETag": {"description": "A tag over the bytes sent.", "schema": {"type": "string"}}})
}
