//! What handlers answer: a response, and in its type what it is.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::Told;
use crate::error::Failure;

/// A response of a kind: `Seen<T>`, `Changed<T>`, …
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
        told.header("If-None-Match", "The `ETag` of an answer before: 304 where nothing is new.");
        told.answers_json::<T>("200", "As asked.", etag());
        told.answers_empty("304", "What the caller has is still so.", etag());
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
pub(in crate::http) struct Changed<T>(PhantomData<T>);

impl<T: JsonSchema> Answers for Changed<T> {
    fn tell(told: &mut Told<'_>) {
        told.answers_json::<T>("200", "Done.", json!({}));
    }
}

/// 201 with what is new and where it is; 200 where it was there already, and equal.
pub(in crate::http) struct Made<T, U>(PhantomData<(T, U)>);

impl<T: JsonSchema, U: JsonSchema> Answers for Made<T, U> {
    fn tell(told: &mut Told<'_>) {
        let location = json!({"Location": {"description": "Its address.", "schema": {"type": "string"}}});
        told.answers_json::<T>("201", "Made.", location.clone());
        told.answers_json::<U>("200", "It was there already, with equal content.", location);
    }
}

/// 204.
pub(in crate::http) struct Nothing;

impl Answers for Nothing {
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
        told.answers_with("200", "A page.", json!({}), ("text/html", &text()));
    }
}

/// 200 and a stream that goes on.
pub(in crate::http) struct Feed;

impl Answers for Feed {
    fn tell(told: &mut Told<'_>) {
        told.header("Last-Event-ID", "The `id` of the last event that was seen; it counts before `after`.");
        told.answers_with("200", "Events, until the caller goes.", json!({}), ("text/event-stream", &text()));
    }
}

fn text() -> Schema {
    json_schema!({"type": "string"})
}

fn etag() -> Value {
    json!({"ETag": {"description": "A tag over the bytes sent.", "schema": {"type": "string"}}})
}
