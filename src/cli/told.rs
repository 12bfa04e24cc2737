//! How it is told that a command stopped: a line for people, or one of JSON where JSON was asked for.

use std::ffi::OsString;

use serde_json::json;

use super::{Stop, output};

/// Whom it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// People.
    Text,
    /// Programs.
    Json,
}

impl Told {
    /// By the arguments as they stand, so that one who can't even be parsed is answered in kind.
    pub(super) fn by(arguments: impl Iterator<Item = OsString>) -> Told {
        let flags = arguments.take_while(|argument| argument != "--");
        let asked = flags.into_iter().any(|argument| argument == "--json");
        if asked { Told::Json } else { Told::Text }
    }

    /// Says on stderr why a command stopped.
    pub(super) fn stop(self, stop: &Stop) {
        output::remark(&match self {
            Told::Text => format!("osier: {stop}"),
            Told::Json => json!({ "code": stop.code(), "detail": stop.to_string() }).to_string(),
        });
    }

    /// What clap has to say of the arguments: help and the version are no errors, everything else is bad usage.
    ///
    /// # Errors
    /// The bad usage, where it is not printed already.
    pub(super) fn by_clap(self, said: &clap::Error) -> Result<(), Stop> {
        if !said.use_stderr() {
            // A reader who has gone has read enough.
            let _ = said.print();
            return Ok(());
        }
        if self == Told::Text {
            let _ = said.print();
            std::process::exit(2);
        }
        Err(Stop::Usage(first_lines(&said.render().to_string())))
    }
}

/// The message without the lines that show how to use the command.
fn first_lines(text: &str) -> String {
    let told = text.split("\n\n").filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more"));
    let told: Vec<&str> = told.collect();
    let told = told.join("\n");
    told.strip_prefix("error: ").unwrap_or(&told).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_before_the_arguments_end() {
        let told = |line: &str| Told::by(line.split(' ').map(OsString::from));
        assert_eq!(told("osier sing --json"), Told::Json);
        assert_eq!(told("osier import -- --json"), Told::Text);
    }

    #[test]
    fn the_usage_is_left_out() {
        let text = "error: unexpected argument '--x' found\n\n  tip: a tip\n\nUsage: osier\n\nFor more information, try '--help'.\n";
        assert_eq!(Stop::Usage(first_lines(text)).to_string(), "unexpected argument '--x' found tip: a tip");
    }
}
