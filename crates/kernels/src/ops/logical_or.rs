//! LOGICAL_OR: `y = a || b` of truth values; an extent of 1 stretches to the other operand's.
//!
//! Source: TensorFlow Lite Micro, `logical_common.cc`. A truth value is a byte; every byte but 0 is true.

pub use super::broadcast::Spec;
use super::broadcast::plain_kernel;

plain_kernel!("LOGICAL_OR", Bool, u8, |a, b| u8::from(a != 0 || b != 0));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_truth() {
        let shape = [1, 1, 1, 1, 1, 4];
        let kernel = Bool::new(Spec { a_shape: shape, b_shape: shape }).unwrap();
        let mut output = [9; 4];
        assert_eq!(kernel.run(&[0, 0, 1, 1], &[0, 1, 0, 1], &mut output), Ok(()));
        assert_eq!(output, [0, 1, 1, 1]);
    }
}
