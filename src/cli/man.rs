//! `osier man`

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};

use super::{Cli, Stop, output};

/// Print the manual page, or write one for each command into a directory
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier man | man -l -
  osier man --dir ~/.local/share/man/man1     then: man osier-token-create")]
pub(super) struct Man {
    /// Write a page for each command into this directory; it is made if need be
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> Result<(), Stop> {
        let mut top = Cli::command().disable_help_subcommand(true);
        top.build();
        let Some(dir) = self.dir else {
            return output::say(&page(&top)?);
        };
        let unusable = |e: io::Error| Stop::Usage(format!("can't write into {}: {e}", dir.display()));
        fs::create_dir_all(&dir).map_err(unusable)?;
        let mut left = vec![top];
        while let Some(command) = left.pop() {
            fs::write(dir.join(format!("{}.1", name(&command))), page(&command)?).map_err(unusable)?;
            left.extend(command.get_subcommands().cloned());
        }
        Ok(())
    }
}

/// As in `osier-token-create`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// The manual page of a command. Its examples stand line for line as they do in its help.
fn page(command: &Command) -> Result<String, Stop> {
    let manual = clap_mangen::Man::new(command.clone());
    let rendered = || -> io::Result<(Vec<u8>, Vec<u8>)> {
        let (mut page, mut examples) = (Vec::new(), Vec::new());
        manual.render_title(&mut page)?;
        manual.render_name_section(&mut page)?;
        manual.render_synopsis_section(&mut page)?;
        manual.render_options_section(&mut page)?;
        if command.has_subcommands() {
            manual.render_subcommands_section(&mut page)?;
        }
        manual.render_extra_section(&mut examples)?;
        Ok((page, examples))
    };
    let (page, examples) =
        rendered().map_err(|e| Stop::Found(format!("the manual of {}: {e}", name(command))))?;
    let (page, examples) = (String::from_utf8_lossy(&page), String::from_utf8_lossy(&examples));
    let Some((_, examples)) = examples.split_once(".SH EXTRA\n") else { return Ok(page.into_owned()) };
    Ok(format!("{page}.SH NOTES\n.nf\n{}\n.fi\n", examples.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_options_and_the_examples_line_for_line() {
        let mut top = Cli::command();
        top.build();
        let page = page(top.find_subcommand("history").unwrap()).unwrap();
        assert!(page.contains(".TH osier-history 1") && page.contains("\\-\\-limit"), "{page}");
        let examples = page.split_once(".SH NOTES\n.nf\n").unwrap().1;
        assert!(
            examples.contains("\n  osier history \\-\\-site demo\n") && examples.ends_with(".fi\n"),
            "{examples}"
        );
    }
}
