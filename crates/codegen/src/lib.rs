//! A lowered Graph, its plan and a target to the text of a standalone no_std crate.
