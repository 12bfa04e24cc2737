//! The `osier` binary: everything is in the library.

use std::process::ExitCode;

/// An op makes and drops some hundred small things; the allocator of the C library spends a sixth of its time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    osier::cli::main()
}
