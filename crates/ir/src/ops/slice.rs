//! SLICE: a box of the input.

use super::attributes::Attributes;
use super::movers::{Movement, keeps_quant, movable, strides};
use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;

/// Attributes of SLICE. Inputs: x; the operands of TFLite for begin and size are attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// First index on each dimension.
    pub begin: Vec<i32>,
    /// Extent of each dimension; -1 for all that is left.
    pub size: Vec<i32>,
}

impl Slice {
    /// First index and extent on each dimension.
    fn ranges(&self, shape: &[usize]) -> Result<Vec<[usize; 2]>, String> {
        if self.begin.len() != shape.len() || self.size.len() != shape.len() {
            return Err(format!(
                "its begin {:?} and size {:?} must have one value for each of {} dimensions",
                self.begin,
                self.size,
                shape.len()
            ));
        }
        let dimensions = self.begin.iter().zip(&self.size).zip(shape);
        let range = |((&begin, &size), &extent): ((&i32, &i32), &usize)| {
            let begin = usize::try_from(begin).ok().filter(|&begin| begin <= extent)?;
            let size = if size == -1 { extent - begin } else { usize::try_from(size).ok()? };
            (size <= extent - begin).then_some([begin, size])
        };
        dimensions.map(range).collect::<Option<_>>().ok_or_else(|| {
            format!("its begin {:?} and size {:?} reach outside the input {shape:?}", self.begin, self.size)
        })
    }
}

impl Operator for Slice {
    keeps_quant!();

    fn name() -> &'static str {
        "SLICE"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Slice { begin: attributes.take_list("begin")?, size: attributes.take_list("size")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with_list("begin", &self.begin).with_list("size", &self.size)
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        let dtype = movable("input", input)?;
        Ok(TensorType::one(dtype, self.ranges(&input.shape)?.iter().map(|[_, size]| *size).collect()))
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let input = operands.get(0)?;
        let (ranges, steps) = (self.ranges(&input.shape)?, strides(&input.shape));
        let start = ranges.iter().zip(&steps).map(|([begin, _], &step)| begin * step as usize).sum();
        let axes: Vec<_> = ranges.iter().zip(&steps).map(|(&[_, size], &step)| (size, step)).collect();
        Movement::whole(input, start, &axes).lower(input.dtype, to)
    }
}
