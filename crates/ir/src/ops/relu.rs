//! RELU: `y = max(x, 0)`.

/// RELU has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relu;
