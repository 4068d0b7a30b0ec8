//! QUANTIZE: float32 to int8, or int8 to int8 with another scale and zero point.

/// QUANTIZE has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quantize;
