//! The `smidgen` command line: arguments and printing over the facade.

mod cmd;
mod output;
mod progress;
mod stop;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use smidgen::Kind;

use output::Output;

/// From recordings to verified int8 firmware on a microcontroller.
///
/// Exit status: 0 done; 1 a check failed; 2 an error, with what to do about it; 130 stopped by Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "smidgen", version, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// Options of every verb.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// One JSON document on stdout; messages go to stderr
    #[arg(long, global = true)]
    json: bool,
    /// No messages and no progress
    #[arg(long, global = true)]
    quiet: bool,
    /// Seed instead of the project's
    #[arg(long, global = true, value_name = "N")]
    seed: Option<u64>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(cmd::demo::Demo),
    New(cmd::new::New),
    Data(cmd::data::Data),
    Train(cmd::train::Train),
    Quantize(cmd::quantize::Quantize),
    Optimize(cmd::optimize::Optimize),
    Shrink(cmd::shrink::Shrink),
    Eval(cmd::eval::Eval),
    Inspect(cmd::inspect::Inspect),
    Convert(cmd::convert::Convert),
    Build(cmd::build::Build),
    Run(cmd::run::Run),
    Verify(cmd::verify::Verify),
    Profile(cmd::profile::Profile),
    Stream(cmd::stream::Stream),
    Report(cmd::report::Report),
    Boards(cmd::boards::Boards),
    Zoo(cmd::zoo::Zoo),
    Doctor(cmd::doctor::Doctor),
}

fn main() -> ExitCode {
    let Cli { global, verb } = Cli::parse();
    let output = Output::new(&global);
    stop::listen();
    let result = match verb {
        Verb::Demo(args) => args.run(&output),
        Verb::New(args) => args.run(&output),
        Verb::Data(args) => args.run(&output),
        Verb::Train(args) => args.run(&output),
        Verb::Quantize(args) => args.run(&output),
        Verb::Optimize(args) => args.run(&output),
        Verb::Shrink(args) => args.run(&output),
        Verb::Eval(args) => args.run(&output),
        Verb::Inspect(args) => args.run(&output),
        Verb::Convert(args) => args.run(&output),
        Verb::Build(args) => args.run(&output),
        Verb::Run(args) => args.run(&output),
        Verb::Verify(args) => args.run(&output),
        Verb::Profile(args) => args.run(&output),
        Verb::Stream(args) => args.run(&output),
        Verb::Report(args) => args.run(&output),
        Verb::Boards(args) => args.run(&output),
        Verb::Zoo(args) => args.run(&output),
        Verb::Doctor(args) => args.run(&output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(match error.kind {
                Kind::Check => 1,
                Kind::Input => 2,
                Kind::Interrupted => 130,
            })
        }
    }
}
