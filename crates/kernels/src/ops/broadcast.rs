//! Walks over two operands of up to six dimensions in which an extent of 1 stretches to the other's.

use crate::error::{attempt, elements, ensure, length};
use crate::rows::rows_mut;
use crate::{InvalidSpec, WrongLength};

/// Rank that all shapes are brought to with leading ones.
const RANK: usize = 6;

/// Everything about an operator on two operands without further parameters that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of `a` with leading ones.
    pub a_shape: [usize; 6],
    /// Extents of `b` with leading ones.
    pub b_shape: [usize; 6],
}

/// How two operands are read for every output element.
///
/// The innermost axes on which the operands relate alike make a row: equal shapes are one row, and so is a scalar beside
/// anything. Only what is left outside of the rows is walked by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broadcast {
    /// Extents outside of a row; 1 on the axes inside.
    outer: [usize; RANK],
    a_strides: [usize; RANK],
    b_strides: [usize; RANK],
    /// Elements of a row.
    row: usize,
    relation: Relation,
    a_len: usize,
    b_len: usize,
    out_len: usize,
}

/// Which operands have an element of their own for each output of a row; the other has one for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Both,
    OnlyA,
    OnlyB,
}

impl Broadcast {
    pub(super) const fn new(a: [usize; RANK], b: [usize; RANK]) -> Result<Self, InvalidSpec> {
        let out_shape = attempt!(stretched(a, b));
        let (a_len, b_len) = (attempt!(elements(&a)), attempt!(elements(&b)));
        let out_len = attempt!(elements(&out_shape));
        let (mut outer, mut row, mut relation) = (out_shape, 1, Relation::Both);
        let mut axis = RANK;
        while axis > 0 {
            axis -= 1;
            if out_shape[axis] == 1 {
                continue;
            }
            let here = match (a[axis], b[axis]) {
                (1, _) => Relation::OnlyB,
                (_, 1) => Relation::OnlyA,
                _ => Relation::Both,
            };
            if row == 1 {
                relation = here;
            } else if here as u8 != relation as u8 {
                break;
            }
            row *= out_shape[axis];
            outer[axis] = 1;
        }
        let (a_strides, b_strides) = (strides(a), strides(b));
        Ok(Self { outer, a_strides, b_strides, row, relation, a_len, b_len, out_len })
    }

    /// Checks the lengths of the three slices.
    pub(super) fn check(&self, a: usize, b: usize, output: usize) -> Result<(), WrongLength> {
        length("a", a, self.a_len)?;
        length("b", b, self.b_len)?;
        length("output", output, self.out_len)
    }

    /// Stores `f` of the operands' elements in every output element.
    #[inline(always)]
    pub(super) fn apply<A: Copy, B: Copy, O>(
        &self,
        a: &[A],
        b: &[B],
        output: &mut [O],
        f: impl Fn(A, B) -> O,
    ) {
        let mut index = [0; RANK];
        for row in rows_mut(output, self.row) {
            let a = a.get(at(&index, &self.a_strides)..).unwrap_or_default();
            let b = b.get(at(&index, &self.b_strides)..).unwrap_or_default();
            match (self.relation, a.first(), b.first()) {
                (Relation::OnlyA, _, Some(&b)) => row.iter_mut().zip(a).for_each(|(to, &a)| *to = f(a, b)),
                (Relation::OnlyB, Some(&a), _) => row.iter_mut().zip(b).for_each(|(to, &b)| *to = f(a, b)),
                _ => row.iter_mut().zip(a).zip(b).for_each(|((to, &a), &b)| *to = f(a, b)),
            }
            advance(&mut index, &self.outer);
        }
    }
}

/// The extents of a result whose operands stretch to each other.
pub(super) const fn stretched(a: [usize; RANK], b: [usize; RANK]) -> Result<[usize; RANK], InvalidSpec> {
    let mut out = a;
    let mut axis = 0;
    while axis < RANK {
        if a[axis] == 1 {
            out[axis] = b[axis];
        } else {
            ensure!(b[axis] == 1 || a[axis] == b[axis], "extents must be equal or 1");
        }
        axis += 1;
    }
    Ok(out)
}

/// Steps between neighbours on each axis; 0 where the extent is 1.
pub(super) const fn strides(shape: [usize; RANK]) -> [usize; RANK] {
    let mut strides = [0; RANK];
    let mut step = 1_usize;
    let mut axis = RANK;
    while axis > 0 {
        axis -= 1;
        if shape[axis] > 1 {
            strides[axis] = step;
        }
        // The caller checks the product of the extents.
        step = step.wrapping_mul(shape[axis]);
    }
    strides
}

/// Offset of an index.
#[inline(always)]
pub(super) fn at(index: &[usize; RANK], strides: &[usize; RANK]) -> usize {
    index.iter().zip(strides).fold(0, |sum, (index, stride)| sum + index * stride)
}

/// The next index in row-major order.
#[inline(always)]
pub(super) fn advance(index: &mut [usize; RANK], shape: &[usize; RANK]) {
    for (index, extent) in index.iter_mut().zip(shape).rev() {
        *index += 1;
        if *index < *extent {
            return;
        }
        *index = 0;
    }
}

/// A kernel of two operands that needs nothing but their shapes.
macro_rules! plain_kernel {
    ($operator:literal, $kernel:ident, $element:ty, $function:expr) => {
        #[doc = concat!($operator, " of ", stringify!($element), ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $kernel {
            broadcast: $crate::ops::broadcast::Broadcast,
        }

        impl $kernel {
            /// Checks the specification.
            pub const fn new(spec: $crate::ops::broadcast::Spec) -> Result<Self, $crate::InvalidSpec> {
                let broadcast = $crate::ops::broadcast::Broadcast::new(spec.a_shape, spec.b_shape);
                Ok(Self { broadcast: $crate::error::attempt!(broadcast) })
            }

            /// The output has the larger of the extents on each axis.
            #[inline(never)]
            pub fn run(
                &self,
                a: &[$element],
                b: &[$element],
                output: &mut [$element],
            ) -> Result<(), $crate::WrongLength> {
                self.broadcast.check(a.len(), b.len(), output.len())?;
                self.broadcast.apply(a, b, output, $function);
                Ok(())
            }
        }
    };
}

pub(super) use plain_kernel;
