//! The one integration binary: Osier seen from outside, over HTTP and from the command line, on every store.

#[macro_use]
mod harness;

mod auth;
mod cli;
mod drain;
mod errors;
mod generated;
mod history;
mod ops;
mod reads;
mod sites;
