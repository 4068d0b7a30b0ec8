//! `smidgen doctor`: what is installed, and what to do about the rest.

use clap::Args;
use smidgen::{Error, Result, doctor};

use super::table;
use crate::output::Output;

/// Check the programs that firmware needs
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen doctor")]
pub(crate) struct Doctor;

impl Doctor {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let doctor = doctor()?;
        output.result(&doctor, || {
            let rows = doctor.tools.iter().map(|tool| {
                let state = if tool.found { "found" } else { "MISSING" };
                let version = tool.version.clone().unwrap_or_else(|| String::from("–"));
                vec![
                    tool.name.clone(),
                    state.to_owned(),
                    version,
                    tool.needed_for.clone(),
                    tool.advice.clone(),
                ]
            });
            table(&["tool", "", "version", "needed for", ""], rows, &[]).to_string()
        })?;
        let missing: Vec<&str> =
            doctor.tools.iter().filter(|tool| !tool.found).map(|tool| tool.name.as_str()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::check(format!("missing: {}", missing.join(", ")))
            .help("the table tells how to install it"))
    }
}
