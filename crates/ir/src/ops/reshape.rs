//! RESHAPE: the same elements under another shape.

/// Attributes of RESHAPE. Inputs: x; the shape operand of TFLite is the attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Reshape {
    /// New extents; one of them may be -1 and is then what is left.
    pub shape: Vec<i32>,
}
