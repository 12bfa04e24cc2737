//! What is fed with any bytes at all: each target takes them, and holds what comes of them to its laws. It panics where
//! one is broken, and on nothing else.
//!
//! The same targets are run by the test suite (`tests/it/fuzz.rs`) and by libFuzzer (`fuzz/`).

#![allow(clippy::unwrap_used, reason = "a broken law ends in a panic, which is how it is told")]

mod commit;
mod json;
mod lowering;
mod markdown;
mod request;
mod schema;
mod text;

/// A target: it takes any bytes.
pub type Target = fn(&[u8]);

/// All of them, by the name of their corpus in `tests/corpora/`.
pub const ALL: [(&str, Target); 10] = [
    ("commit", commit::target),
    ("json", json::target),
    ("links", text::links),
    ("lowering", lowering::target),
    ("markdown", markdown::target),
    ("merge", text::merge),
    ("pointer", json::pointers),
    ("request", request::target),
    ("schema", schema::target),
    ("slug", text::slugs),
];

/// The target of a name.
#[allow(dead_code, reason = "the fuzzer asks for one, the test suite for all")]
pub fn named(name: &str) -> Target {
    ALL.iter().find(|(own, _)| *own == name).unwrap().1
}
