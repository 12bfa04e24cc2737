//! The `osier` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    osier::cli::main()
}
