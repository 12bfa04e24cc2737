//! Osier keeps the content of websites in an append-only log and derives everything else from it.
//!
//! The rooms, from the ground up; `docs/ARCHITECTURE.md` says who may import whom:
//! `content` (pure), `store`, `service`, and the transports on the roof.

pub mod app;
pub mod auth;
#[cfg(feature = "bench")]
pub mod bench;
pub mod cli;
pub mod config;
pub mod content;
pub mod error;
pub mod http;
pub mod import;
pub mod service;
pub mod store;
pub mod telemetry;
