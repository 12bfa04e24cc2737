//! What the arguments of handlers ask of a caller.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use schemars::JsonSchema;

use super::Told;
use crate::content::problem::Code;
use crate::error::{self, kind_of};
use crate::http::body::Sent;
use crate::http::caller::Caller;
use crate::http::query::{Asked, Place};

/// An argument of a handler.
pub(in crate::http) trait Asks {
    fn tell(_told: &mut Told<'_>) {}
}

impl<T> Asks for State<T> {}

/// What headers count for is told by whoever reads them: an answer with a tag, a key, a place to go on from.
impl Asks for HeaderMap {}

impl Asks for Uri {}

/// Parameters of a path are named in the path.
impl<T> Asks for Place<T> {
    fn tell(told: &mut Told<'_>) {
        told.may_fail(&[error::NOT_FOUND]);
    }
}

impl Asks for Caller {
    fn tell(told: &mut Told<'_>) {
        told.may_fail(&[error::UNAUTHENTICATED, error::INSUFFICIENT_SCOPE, error::STORE_UNAVAILABLE]);
    }
}

impl<T: JsonSchema> Asks for Asked<T> {
    fn tell(told: &mut Told<'_>) {
        told.query::<T>();
    }
}

impl<T: JsonSchema> Asks for Sent<T> {
    fn tell(told: &mut Told<'_>) {
        told.takes::<T>();
        told.may_fail(&[
            kind_of(Code::MalformedJson),
            error::REQUEST_TIMEOUT,
            kind_of(Code::TooLarge),
            error::UNSUPPORTED_MEDIA_TYPE,
            error::STORE_FULL,
        ]);
    }
}
