//! `completions` and `man`: the command line written down for shells and for readers.

use std::{fs, path::Path};

use anyhow::Context as _;
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{environment, output};

/// Prints a shell's completions.
pub(super) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut command = environment::command();
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    print(text)
}

/// Prints the page of the program, or writes one page for each command into a directory.
pub(super) fn man(directory: Option<&Path>) -> anyhow::Result<()> {
    let command = environment::command();
    let Some(directory) = directory else {
        return print(page(command)?);
    };
    fs::create_dir_all(directory).with_context(|| format!("cannot make '{}'", directory.display()))?;
    clap_mangen::generate_to(command, directory)
        .with_context(|| format!("cannot write pages to '{}'", directory.display()))
}

fn page(command: Command) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    Man::new(command).render(&mut text).context("cannot write the page")?;
    Ok(text)
}

fn print(text: Vec<u8>) -> anyhow::Result<()> {
    let text = String::from_utf8(text).context("the text is not UTF-8")?;
    Ok(output::write(&text)?)
}
