//! STRIDED_SLICE: every k-th index of a range on each dimension, with Python's slices in mind.
//!
//! Source: TensorFlow's definition of `tf.strided_slice`; LiteRT's `BuildStridedSliceParams` turns ellipsis and new axes
//! into a slice of each dimension, `StridedSliceStartForAxis` and `StridedSliceEndForAxis` clamp it.

use super::attributes::Attributes;
use super::movers::{Movement, keeps_quant, movable, strides};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;

/// Attributes of STRIDED_SLICE. Inputs: x; the operands of TFLite for begin, end and strides are attributes.
///
/// Each mask has a bit for each of these values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StridedSlice {
    /// First index of each range, negative from the back.
    pub begin: Vec<i32>,
    /// The index behind each range, negative from the back.
    pub end: Vec<i32>,
    /// From one index to the next.
    pub strides: Vec<i32>,
    /// Ranges that begin at the first element.
    pub begin_mask: i32,
    /// Ranges that end behind the last element.
    pub end_mask: i32,
    /// At most one value, which stands for as many whole dimensions as there are without a value.
    pub ellipsis_mask: i32,
    /// Values that stand for a new dimension of extent 1.
    pub new_axis_mask: i32,
    /// Ranges of one index whose dimension the result does not have.
    pub shrink_axis_mask: i32,
    /// Whether an end counts from its begin.
    pub offset: bool,
}

/// What becomes of one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    /// It is cut: first index, step and number of indices.
    Kept(usize, i32, usize),
    /// One index is taken.
    Shrunk(usize),
    /// The result has one more.
    New,
}

impl StridedSlice {
    /// The dimensions of input and result in order.
    fn dimensions(&self, shape: &[usize]) -> Result<Vec<Dimension>, String> {
        let n_values = self.begin.len();
        if self.end.len() != n_values || self.strides.len() != n_values || n_values > 31 {
            return Err(format!(
                "its begin {:?}, end {:?} and strides {:?} must have as many values, at most 31",
                self.begin, self.end, self.strides
            ));
        }
        let has = |mask: i32, at: usize| mask & (1 << at) != 0;
        let is_new = |at: usize| has(self.new_axis_mask, at) && !has(self.ellipsis_mask, at);
        let ellipses = (0..n_values).filter(|&at| has(self.ellipsis_mask, at)).count();
        let taken = (0..n_values).filter(|&at| !has(self.ellipsis_mask, at) && !is_new(at)).count();
        if ellipses > 1 || taken > shape.len() {
            return Err(format!(
                "its {taken} ranges and {ellipses} ellipses do not fit the {} dimensions of its input",
                shape.len()
            ));
        }
        let whole = |extents: &[usize]| {
            extents.iter().map(|&extent| Dimension::Kept(0, 1, extent)).collect::<Vec<_>>()
        };
        let mut dimensions = Vec::new();
        let mut rest = shape;
        for at in 0..n_values {
            if has(self.ellipsis_mask, at) {
                let (spanned, behind) = rest.split_at(shape.len() - taken);
                dimensions.extend(whole(spanned));
                rest = behind;
            } else if is_new(at) {
                dimensions.push(Dimension::New);
            } else if let Some((&extent, behind)) = rest.split_first() {
                dimensions.push(self.range(at, extent)?);
                rest = behind;
            }
        }
        dimensions.extend(whole(rest));
        Ok(dimensions)
    }

    /// The range of value `at` on a dimension.
    fn range(&self, at: usize, extent: usize) -> Result<Dimension, String> {
        let has = |mask: i32| mask & (1 << at) != 0;
        let (extent, stride) = (extent as i64, self.strides[at]);
        if stride == 0 {
            return Err("its strides must not be 0".into());
        }
        let backwards = stride < 0;
        let from_back = |index: i64| if index < 0 { index + extent } else { index };
        // What a range may begin and end at: one past either end, on the side that it moves to.
        let clamp = |index: i64| if backwards { index.clamp(-1, extent - 1) } else { index.clamp(0, extent) };
        let mut begin = clamp(from_back(self.begin[at].into()));
        if has(self.begin_mask) {
            begin = if backwards { extent - 1 } else { 0 };
        }
        if has(self.shrink_axis_mask) {
            return match usize::try_from(begin) {
                Ok(index) if begin < extent => Ok(Dimension::Shrunk(index)),
                _ => Err(format!("its index {} is outside a dimension of extent {extent}", self.begin[at])),
            };
        }
        let end = i64::from(self.end[at]) + if self.offset { begin } else { 0 };
        let mut end = clamp(from_back(end));
        if has(self.end_mask) {
            end = if backwards { -1 } else { extent };
        }
        let length = (end - begin) * i64::from(stride.signum());
        let count = (length.max(0) as u64).div_ceil(stride.unsigned_abs().into());
        if count == 0 {
            return Err(format!(
                "its range {} to {} by {stride} of a dimension of extent {extent} is empty",
                self.begin[at], self.end[at]
            ));
        }
        Ok(Dimension::Kept(begin as usize, stride, count as usize))
    }
}

impl Operator for StridedSlice {
    keeps_quant!();

    fn name() -> &'static str {
        "STRIDED_SLICE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(StridedSlice {
            begin: attributes.take_list("begin")?,
            end: attributes.take_list("end")?,
            strides: attributes.take_list("strides")?,
            begin_mask: attributes.take("begin_mask")?,
            end_mask: attributes.take("end_mask")?,
            ellipsis_mask: attributes.take("ellipsis_mask")?,
            new_axis_mask: attributes.take("new_axis_mask")?,
            shrink_axis_mask: attributes.take("shrink_axis_mask")?,
            offset: attributes.take("offset")?,
        })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with_list("begin", &self.begin)
            .with_list("end", &self.end)
            .with_list("strides", &self.strides)
            .with("begin_mask", self.begin_mask)
            .with("end_mask", self.end_mask)
            .with("ellipsis_mask", self.ellipsis_mask)
            .with("new_axis_mask", self.new_axis_mask)
            .with("shrink_axis_mask", self.shrink_axis_mask)
            .with("offset", self.offset)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        let extent = |dimension: &Dimension| match *dimension {
            Dimension::Kept(_, _, count) => Some(count),
            Dimension::Shrunk(_) => None,
            Dimension::New => Some(1),
        };
        Ok(TensorType::one(dtype, self.dimensions(&input.shape)?.iter().filter_map(extent).collect()))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let mut steps = strides(&input.shape).into_iter();
        let (mut start, mut axes) = (0, Vec::new());
        for dimension in self.dimensions(&input.shape)? {
            // Each but a new one is the input's next.
            let mut next = || steps.next().unwrap_or(0);
            match dimension {
                Dimension::New => {}
                Dimension::Shrunk(index) => start += index * next() as usize,
                Dimension::Kept(index, stride, count) => {
                    let step = next();
                    start += index * step as usize;
                    axes.push((count, step * stride as isize));
                }
            }
        }
        Movement::whole(input, start, &axes).lower(input.dtype, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(begin: &[i32], end: &[i32], strides: &[i32]) -> StridedSlice {
        StridedSlice {
            begin: begin.to_vec(),
            end: end.to_vec(),
            strides: strides.to_vec(),
            ..StridedSlice::default()
        }
    }

    #[test]
    fn ranges_are_those_of_python() {
        let one = |begin, end, stride| slice(&[begin], &[end], &[stride]).dimensions(&[5]);
        assert_eq!(one(1, 4, 2), Ok(vec![Dimension::Kept(1, 2, 2)]));
        assert_eq!(one(-2, 9, 1), Ok(vec![Dimension::Kept(3, 1, 2)]));
        assert_eq!(one(9, -9, -2), Ok(vec![Dimension::Kept(4, -2, 3)]));
        assert_eq!(one(3, 0, -1), Ok(vec![Dimension::Kept(3, -1, 3)]));
        assert!(one(3, 3, 1).is_err() && one(0, 5, 0).is_err() && one(0, 3, -1).is_err());
        assert!(one(i32::MIN, i32::MAX, i32::MIN).is_err());
        assert_eq!(one(i32::MIN, i32::MAX, i32::MAX), Ok(vec![Dimension::Kept(0, i32::MAX, 1)]));
    }

    #[test]
    fn masks_by_hand() {
        let all = StridedSlice { begin_mask: 1, end_mask: 1, ..slice(&[3], &[1], &[-1]) };
        assert_eq!(all.dimensions(&[5]), Ok(vec![Dimension::Kept(4, -1, 5)]));
        let offset = StridedSlice { offset: true, ..slice(&[1], &[3], &[1]) };
        assert_eq!(offset.dimensions(&[5]), Ok(vec![Dimension::Kept(1, 1, 3)]));
        // x[..., new, -1]
        let mixed = StridedSlice {
            ellipsis_mask: 1,
            new_axis_mask: 2,
            shrink_axis_mask: 4,
            ..slice(&[0, 0, -1], &[0, 0, 0], &[1, 1, 1])
        };
        let expected =
            [Dimension::Kept(0, 1, 2), Dimension::Kept(0, 1, 3), Dimension::New, Dimension::Shrunk(3)];
        assert_eq!(mixed.dimensions(&[2, 3, 4]).as_deref(), Ok(&expected[..]));
        assert_eq!(slice(&[1], &[2], &[1]).dimensions(&[3, 4]).map(|all| all.len()), Ok(2));
        let outside = StridedSlice { shrink_axis_mask: 1, ..slice(&[5], &[6], &[1]) };
        assert!(outside.dimensions(&[5]).is_err());
        assert!(slice(&[0, 0], &[1, 1], &[1, 1]).dimensions(&[5]).is_err());
        assert!(
            StridedSlice { ellipsis_mask: 3, ..slice(&[0, 0], &[1, 1], &[1, 1]) }
                .dimensions(&[5; 3])
                .is_err()
        );
    }
}
