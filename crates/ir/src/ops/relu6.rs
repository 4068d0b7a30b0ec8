//! RELU6: `y = min(max(x, 0), 6)`.

/// RELU6 has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relu6;
