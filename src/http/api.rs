//! The routes as a list of operations that describe themselves: what an operation asks for and answers is read off its
//! handler's signature, so the description can't say what the handler does not do.
//!
//! Here is nothing that answers a request: the handlers do, and `reference` shows the list to readers.

mod about;
mod answers;
mod asks;
mod document;
mod handler;
mod told;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};

use super::House;
pub(super) use about::{About, Group};
pub(super) use answers::{Answered, Created, Either, Feed, Fresh, Html, NoContent, Plain, Seen};
pub(super) use asks::Asks;
pub(super) use document::document;
use handler::Documented;
pub(super) use told::Told;

/// An operation: a method of a route, and what is to be said of it.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) about: &'static About,
    tell: fn(&mut Told<'_>),
}

impl Operation {
    /// The path as OpenAPI has it: without the star of a parameter that takes slashes.
    pub(super) fn template(&self) -> String {
        self.path.replace("{*", "{")
    }
}

/// Routes and their operations, in the order they were added.
#[derive(Default)]
pub(super) struct Api {
    pub(super) router: Router<House>,
    pub(super) operations: Vec<Operation>,
}

impl Api {
    pub(super) fn get<H, T, A, R>(self, path: &'static str, handler: H, about: &'static About) -> Self
    where
        H: Handler<T, House> + Documented<A, R>,
        T: 'static,
    {
        self.add((MethodFilter::GET, "get"), path, handler, about)
    }

    pub(super) fn post<H, T, A, R>(self, path: &'static str, handler: H, about: &'static About) -> Self
    where
        H: Handler<T, House> + Documented<A, R>,
        T: 'static,
    {
        self.add((MethodFilter::POST, "post"), path, handler, about)
    }

    pub(super) fn patch<H, T, A, R>(self, path: &'static str, handler: H, about: &'static About) -> Self
    where
        H: Handler<T, House> + Documented<A, R>,
        T: 'static,
    {
        self.add((MethodFilter::PATCH, "patch"), path, handler, about)
    }

    pub(super) fn delete<H, T, A, R>(self, path: &'static str, handler: H, about: &'static About) -> Self
    where
        H: Handler<T, House> + Documented<A, R>,
        T: 'static,
    {
        self.add((MethodFilter::DELETE, "delete"), path, handler, about)
    }

    /// An operation of an address that another one's route takes, and hands on.
    pub(super) fn within<H, A, R>(mut self, path: &'static str, _handler: H, about: &'static About) -> Self
    where
        H: Documented<A, R>,
    {
        self.operations.push(Operation { method: "get", path, about, tell: H::tell });
        self
    }

    fn add<H, T, A, R>(
        mut self,
        (filter, method): (MethodFilter, &'static str),
        path: &'static str,
        handler: H,
        about: &'static About,
    ) -> Self
    where
        H: Handler<T, House> + Documented<A, R>,
        T: 'static,
    {
        self.operations.push(Operation { method, path, about, tell: H::tell });
        self.router = self.router.route(path, on(filter, handler));
        self
    }
}
