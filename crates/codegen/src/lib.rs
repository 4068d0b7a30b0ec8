//! A lowered graph, its plan and a board to the text of a standalone `no_std` crate.
//!
//! The crate is a cargo workspace of three packages: `kernels`, the source of `smidgen-kernels` as it stands; `model`,
//! the network as one sequence of kernel calls over one arena; `harness`, a program that runs it over a file. Nothing
//! here knows an operator: what a kernel call looks like comes from the lowered program.

mod context;
mod harness;
mod kernels;
mod literal;
mod memory;
mod model;
mod names;
pub mod pipeline;
mod templates;
mod unrolled;

pub use names::crate_name;
pub use pipeline::Pipeline;

use context::Common;
use smidgen_ir::{Graph, Program, TensorIdx};
use smidgen_plan::Plan;
use smidgen_target::Board;
use std::collections::BTreeMap;

/// What the text of a firmware crate depends on beside the network.
#[derive(Debug, Clone)]
pub struct Options {
    /// The board that it is for.
    pub board: Board,
    /// Name of the model's package; [`crate_name`] makes one from any text.
    pub crate_name: String,
    /// Where the model comes from, for readers: the name of its file.
    pub source: String,
    /// What the compiler optimises for.
    pub opt_level: OptLevel,
    /// What is around the model, where samples come as a stream.
    pub pipeline: Option<Pipeline>,
    /// The folder `kernels` of other firmware, absolute or relative to the packages, for programs with several models: cargo takes
    /// only one package of a name. Part of this firmware when absent.
    pub kernels: Option<String>,
    /// The linker's section for the constants, such as `.ext_flash`; `.rodata` when absent.
    pub weights_section: Option<String>,
}

/// What the compiler optimises for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OptLevel {
    /// `opt-level = 3`: unrolls what the kernels already shaped by hand, which most networks pay for in both columns.
    Speed,
    /// `opt-level = "s"`: the smaller code, and on Cortex-M4 also the faster for five of six reference networks.
    #[default]
    Size,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodegenError {
    /// The package cannot have this name.
    #[error("\"{name}\" cannot be the name of the model's package; use for example \"{proposal}\"")]
    CrateName {
        /// The name asked for.
        name: String,
        /// One like it that works.
        proposal: String,
    },
    /// The plan has no memory for a tensor that the program or its user reads or writes.
    #[error("the plan has no memory for tensor {} \"{name}\"; was it made for another graph?", tensor.0)]
    NotPlanned {
        /// The tensor.
        tensor: TensorIdx,
        /// Its name.
        name: String,
    },
    /// The plan has no scratch memory for a call that needs it.
    #[error("the plan has no scratch memory for kernel call {call}; was it made for another graph?")]
    NoScratch {
        /// The call's index.
        call: usize,
    },
    /// A call reads a constant that the program does not have.
    #[error("kernel call {call} reads constant {constant}, which the program does not have")]
    NoConstant {
        /// The call's index.
        call: usize,
        /// The constant's index.
        constant: u32,
    },
    /// A section cannot have this name.
    #[error("\"{name}\" cannot be the name of a section: letters, digits, dots and underscores can")]
    Section {
        /// The name asked for.
        name: String,
    },
    /// The pipeline does not fit the model.
    #[error("the pipeline does not fit the model: {0}")]
    Pipeline(String),
    /// A template and its values do not fit: a bug of Smidgen.
    #[error("bug in Smidgen: template {template}: {message}")]
    Template {
        /// The template.
        template: &'static str,
        /// What the template engine says.
        message: String,
    },
}

/// The files of the firmware crate, by path with `/` between folders.
///
/// `plan` must be a plan of `program`, which must be lowered from `graph`; the result is a function of the arguments
/// and of Smidgen's version.
///
/// # Errors
/// See [`CodegenError`].
pub fn firmware(
    graph: &Graph,
    program: &Program,
    plan: &Plan,
    options: &Options,
) -> Result<BTreeMap<String, Vec<u8>>, CodegenError> {
    let proposal = crate_name(&options.crate_name);
    if proposal != options.crate_name {
        return Err(CodegenError::CrateName { name: options.crate_name.clone(), proposal });
    }
    let is_sound = |name: &&String| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
    };
    if let Some(name) = options.weights_section.as_ref().filter(|name| !is_sound(name)) {
        return Err(CodegenError::Section { name: name.clone() });
    }
    let common = Common::new(graph, options);
    let mut files = if options.kernels.is_none() { kernels::files(&common)? } else { BTreeMap::new() };
    files.extend(model::files(graph, program, plan, &common)?);
    files.extend(harness::files(&options.board, &common)?);
    if let Some(pipeline) = &options.pipeline {
        files.extend(kernels::features(&common)?);
        files.extend(pipeline::files(pipeline, graph, &common)?);
        files.extend(harness::stream(&common)?);
    }
    Ok(files)
}
