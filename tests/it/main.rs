//! The one integration binary: Osier seen from outside, over HTTP and from the command line, on every store.

#![allow(clippy::unwrap_used, reason = "everything here is a test, helpers outside of test functions too")]

#[macro_use]
mod harness;

mod answers;
mod auth;
mod backup;
mod blame;
mod canary;
mod cli;
mod commands;
mod constraints;
mod doctor;
mod drain;
mod edge;
mod errors;
mod events;
mod faults;
mod front;
mod fuzz;
mod generated;
mod golden;
mod history;
mod image;
mod laws;
mod lists;
mod ops;
mod outage;
mod readme;
mod reads;
mod reference;
mod refusals;
mod simulation;
mod sites;
mod story;
mod terminal;
mod tokens;
mod transfer;
mod upgrade;
mod verify;
mod world;
