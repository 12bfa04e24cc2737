//! The `osier` binary: everything is in the library.

fn main() {}
