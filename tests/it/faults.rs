//! Faults, from outside: the real program on a real store, killed, stopped, starved and cut off under load.
//!
//! Writers keep a journal, synced to disk, of every answer they got; afterwards the log must agree with it
//! (`verdict.rs`). Each test has a short form, and a long one where `OSIER_SOAK` gives its length (1: the full figures).
//! Each prints its seed and takes another from `OSIER_FAULTS_SEED`. docs/RELIABILITY.md says which promise is tested where.

mod client;
mod crowds;
mod database;
mod disk;
mod journal;
mod kills;
mod load;
mod postgres;
mod process;
mod proxy;
mod run;
mod stage;
mod stops;
mod verdict;
mod watcher;
