//! PAD: zeros around the data (the zero point, when quantised).

/// Attributes of PAD. Inputs: x; the paddings operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Pad {
    /// For each dimension, elements before and after.
    pub paddings: Vec<[usize; 2]>,
}
