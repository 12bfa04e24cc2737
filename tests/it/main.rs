//! The one integration binary: Osier seen from outside, over HTTP and from the command line, on every store.

#![allow(clippy::unwrap_used, reason = "everything here is a test, helpers outside of test functions too")]

#[macro_use]
mod harness;

mod auth;
mod cli;
mod drain;
mod edge;
mod errors;
mod events;
mod faults;
mod generated;
mod history;
mod ops;
mod outage;
mod reads;
mod sites;
