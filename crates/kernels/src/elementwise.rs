//! Kernels that map each element by itself: a table for int8, an interpolated table for int16, a function for floats.
//!
//! An operator's module re-exports the tables' kernels under its own name, so that all operators share their code.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, Shared, WrongLength};

/// Everything about an int8 operator that looks its results up that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Elements.
    pub len: usize,
}

/// An int8 operator that looks its results up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Int8Spec,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Any shape, row-major. The table has the results of 0 to 127, then those of -128 to -1.
    #[inline(never)]
    pub fn run(&self, input: &[i8], table: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        let table = whole(table)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = looked_up(table, input);
        }
        Ok(())
    }

    /// [`Int8::run`] with input and output in one piece of memory.
    #[inline(never)]
    pub fn run_shared(&self, table: &[i8], shared: Shared<'_, i8>) -> Result<(), WrongLength> {
        let table = whole(table)?;
        shared.map(self.spec.len, |input| looked_up(table, input))
    }
}

fn whole(table: &[i8]) -> Result<&[i8; 256], WrongLength> {
    <&[i8; 256]>::try_from(table).map_err(|_| WrongLength {
        operand: "table",
        expected: 256,
        found: table.len(),
    })
}

#[inline(always)]
fn looked_up(table: &[i8; 256], input: i8) -> i8 {
    // Every byte has an entry.
    table.get(usize::from(input.cast_unsigned())).copied().unwrap_or(0)
}

/// The table of an int8 operator, in the order that [`Int8::run`] reads.
pub(crate) fn table(f: impl Fn(i8) -> i8) -> [i8; 256] {
    core::array::from_fn(|bits| f((bits as u8).cast_signed()))
}

/// Everything about an int16 operator that interpolates in a table that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
}

/// An int16 operator that interpolates in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        Ok(Self { spec })
    }

    /// Any shape, row-major. The table has the results of -32768 to 32768 in steps of 128.
    #[inline(never)]
    pub fn run(&self, input: &[i16], table: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        let table = table_int16("table", table)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = interpolate(table, input);
        }
        Ok(())
    }
}

/// A slice as the table that [`interpolate`] reads.
#[inline]
pub(crate) fn table_int16<'a>(
    operand: &'static str,
    table: &'a [i16],
) -> Result<&'a [i16; 513], WrongLength> {
    <&[i16; 513]>::try_from(table).map_err(|_| WrongLength { operand, expected: 513, found: table.len() })
}

/// The value between two entries of a table that has one for every 128th int16 (TFLite's `LUTLookup`).
#[inline(always)]
pub(crate) fn interpolate(table: &[i16; 513], x: i16) -> i16 {
    let at = usize::from((x.cast_unsigned() ^ 0x8000) >> 7);
    // Every index has an entry and a next one.
    let entry = |at: usize| table.get(at).copied().unwrap_or(0);
    let base = entry(at);
    // TFLite keeps the slope in 16 bits.
    let slope = entry(at + 1).wrapping_sub(base);
    let rest = i32::from(x & 0x7f);
    base.wrapping_add(((i32::from(slope) * rest + 64) >> 7) as i16)
}

/// `Float32Spec` and `Float32` of an operator that is a function of one element.
macro_rules! float_elementwise {
    ($name:literal, $note:literal, $f:expr) => {
        #[doc = concat!("Everything about a float ", $name, " that is known when it is compiled.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Float32Spec {
            /// Elements.
            pub len: usize,
        }

        #[doc = concat!("Float ", $name, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Float32 {
            spec: Float32Spec,
        }

        impl Float32 {
            /// Checks the specification.
            pub const fn new(spec: Float32Spec) -> Result<Self, $crate::InvalidSpec> {
                $crate::error::attempt!($crate::error::elements(&[spec.len]));
                Ok(Self { spec })
            }

            #[doc = concat!("Any shape, row-major. ", $note)]
            #[inline(never)]
            pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), $crate::WrongLength> {
                $crate::error::length("input", input.len(), self.spec.len)?;
                $crate::error::length("output", output.len(), self.spec.len)?;
                let f = $f;
                for (output, &input) in output.iter_mut().zip(input) {
                    *output = f(input);
                }
                Ok(())
            }

            /// [`Float32::run`] with input and output in one piece of memory.
            #[inline(never)]
            pub fn run_shared(&self, shared: $crate::Shared<'_, f32>) -> Result<(), $crate::WrongLength> {
                shared.map(self.spec.len, $f)
            }
        }
    };
}

pub(crate) use float_elementwise;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_by_the_bits_of_the_input() {
        let table = table(|x| x.wrapping_add(1));
        let mut output = [0; 4];
        assert_eq!(
            Int8::new(Int8Spec { len: 4 }).unwrap().run(&[-128, -1, 0, 127], &table, &mut output),
            Ok(())
        );
        assert_eq!(output, [-127, 0, 1, -128]);
    }

    #[test]
    fn an_int16_table_is_interpolated() {
        let table: [i16; 513] = core::array::from_fn(|at| ((at as i32 * 128 - 32_768) / 2) as i16);
        let kernel = Int16::new(Int16Spec { len: 5 }).unwrap();
        let mut output = [0; 5];
        assert_eq!(kernel.run(&[-32_768, 0, 100, -100, 32_767], &table, &mut output), Ok(()));
        // 16383.5 rounds up.
        assert_eq!(output, [-16_384, 0, 50, -50, 16_384]);
    }

    #[test]
    fn lengths_are_checked() {
        assert!(Int8::new(Int8Spec { len: 0 }).is_err() && Int16::new(Int16Spec { len: 0 }).is_err());
        let kernel = Int8::new(Int8Spec { len: 1 }).unwrap();
        let short = WrongLength { operand: "table", expected: 256, found: 255 };
        assert_eq!(kernel.run(&[0], &[0; 255], &mut [0]), Err(short));
        let kernel = Int16::new(Int16Spec { len: 1 }).unwrap();
        let short = WrongLength { operand: "table", expected: 513, found: 512 };
        assert_eq!(kernel.run(&[0], &[0; 512], &mut [0]), Err(short));
        assert!(kernel.run(&[0; 2], &[0; 513], &mut [0]).is_err());
    }
}
