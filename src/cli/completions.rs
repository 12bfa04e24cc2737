//! `osier completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Stop, output};

/// Print a script that completes osier's commands and flags in a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  source <(osier completions bash)                                    for this session
  osier completions bash > ~/.local/share/bash-completion/completions/osier
  osier completions zsh > \"${fpath[1]}/_osier\"
  osier completions fish > ~/.config/fish/completions/osier.fish")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Stop> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "osier", &mut script);
        output::say(&String::from_utf8_lossy(&script))
    }
}
