//! DEQUANTIZE: `y = scale * (x - zero_point)`.

/// DEQUANTIZE has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dequantize;
