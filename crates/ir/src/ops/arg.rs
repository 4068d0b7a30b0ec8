//! What ARG_MAX and ARG_MIN share: all but the kernels.

/// Implements [`super::operator::Operator`] for a search along an axis. For each element type that it takes, the list
/// has the kernel whose indices are int32 and the one whose are int64.
macro_rules! arg_operator {
    ($operator:ident, $name:literal, $module:ident, [$(($dtype:ident, $to_32:ident, $to_64:ident)),* $(,)?]) => {
        impl $crate::ops::operator::Operator for $operator {
            fn name() -> &'static str {
                $name
            }

            fn read(attributes: &mut $crate::ops::attributes::Attributes) -> Result<Self, String> {
                Ok($operator { axis: attributes.take("axis")?, int64: attributes.take("int64")? })
            }

            fn attributes(&self) -> $crate::ops::attributes::Attributes {
                let attributes = $crate::ops::attributes::Attributes::default();
                attributes.with("axis", self.axis).with("int64", self.int64)
            }

            fn infer(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
            ) -> Result<Vec<$crate::ops::operator::TensorType>, String> {
                let input = operands.get(0)?;
                $crate::ops::reduction::one_of("input", input, &[$($crate::tensor::DType::$dtype),*])?;
                let mut shape = input.shape.clone();
                shape.remove($crate::ops::axis::split(input, self.axis)?.axis);
                let dtype =
                    if self.int64 { $crate::tensor::DType::I64 } else { $crate::tensor::DType::I32 };
                Ok($crate::ops::operator::TensorType::one(dtype, shape))
            }

            fn quant(
                &self,
                _operands: &$crate::ops::operator::Operands<'_>,
                _results: &$crate::ops::operator::Results<'_>,
            ) -> Result<(), String> {
                Ok(())
            }

            fn output_quant(&self) -> $crate::ops::operator::OutputQuant {
                $crate::ops::operator::OutputQuant::NotQuantized
            }

            fn lower(
                &self,
                operands: &$crate::ops::operator::Operands<'_>,
                _results: &$crate::ops::operator::Results<'_>,
                to: &mut $crate::lower::NodeLowering<'_>,
            ) -> Result<(), String> {
                let input = operands.get(0)?;
                let $crate::ops::axis::Split { outer, depth, inner, .. } =
                    $crate::ops::axis::split(input, self.axis)?;
                let spec = $module::Spec { outer, depth, inner };
                let kernel = match (input.dtype, self.int64) {
                    $(
                        ($crate::tensor::DType::$dtype, false) => $crate::kernel::Kernel::$to_32(spec),
                        ($crate::tensor::DType::$dtype, true) => $crate::kernel::Kernel::$to_64(spec),
                    )*
                    (other, _) => return Err($crate::ops::binary::no_kernel(other)),
                };
                let arguments = vec![to.operand(0)];
                to.call(kernel, arguments)
            }
        }
    };
}

pub(super) use arg_operator;
