//! What the operators of TFLM's signal library share: operands of one type and rank, rows, states of their own.

use smidgen_kernels::InvalidSpec;

use super::operator::{Operands, Operator, Results, TensorType};
use crate::lower::NodeLowering;
use crate::program::{Elem, Operand};
use crate::tensor::{DType, Tensor};

/// The operand at `at`, which must have this element type.
pub(crate) fn typed<'g>(operands: &Operands<'g>, at: usize, dtype: DType) -> Result<&'g Tensor, String> {
    let tensor = operands.get(at)?;
    if tensor.dtype == dtype {
        return Ok(tensor);
    }
    let (name, wanted, found) = (operands.name(at), dtype.name(), tensor.dtype.name());
    Err(format!("its {name} must be {wanted}, found {found}"))
}

/// Number of elements of the operand at `at`, which must have this element type and one dimension.
pub(crate) fn list(operands: &Operands<'_>, at: usize, dtype: DType) -> Result<usize, String> {
    match typed(operands, at, dtype)?.shape.as_slice() {
        &[len] => Ok(len),
        shape => Err(format!("its {} must have 1 dimension, found shape {shape:?}", operands.name(at))),
    }
}

/// Fails unless the operand at `at` has this element type, one dimension and `len` elements.
pub(crate) fn list_of(operands: &Operands<'_>, at: usize, dtype: DType, len: usize) -> Result<(), String> {
    let found = list(operands, at, dtype)?;
    if found == len {
        return Ok(());
    }
    Err(format!("its {} must have {len} elements, found {found}", operands.name(at)))
}

/// Rows of a tensor and the elements of each, which lie along the last axis.
pub(crate) fn rows(name: &str, tensor: &Tensor) -> Result<(usize, usize), String> {
    let width = tensor.shape.last().copied().unwrap_or(0);
    let rows = tensor.n_elements().checked_div(width);
    rows.map(|rows| (rows, width)).ok_or_else(|| format!("its {name} must have at least 1 dimension"))
}

/// `shape` with other extents in place of the last `n`.
pub(crate) fn with_last(shape: &[usize], n: usize, last: &[usize]) -> Vec<usize> {
    let kept = shape.get(..shape.len().saturating_sub(n)).unwrap_or_default();
    kept.iter().chain(last).copied().collect()
}

/// Fails unless the last operands are the operator's own states.
pub(crate) fn check_states(operator: &dyn Operator, operands: &Operands<'_>) -> Result<(), String> {
    let wanted = operator.own_states(operands)?;
    for (&at, wanted) in operator.states().iter().zip(&wanted) {
        let found = TensorType::of(operands.get(at)?);
        if found != *wanted {
            let show = |of: &TensorType| format!("{} {:?}", of.dtype.name(), of.shape);
            let name = operands.name(at);
            return Err(format!("its {name} must be {}, found {}", show(wanted), show(&found)));
        }
    }
    Ok(())
}

/// Fails where the kernel refuses its specification.
pub(crate) fn accepted<K>(kernel: Result<K, InvalidSpec>) -> Result<(), String> {
    kernel.map(|_| ()).map_err(|error| error.to_string())
}

/// Accepts any quantisation: samples, energies and counts are plain numbers.
pub(crate) fn plain(_operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
    Ok(())
}

/// The longest transform that is supported; TFLM's converter makes none above 2048.
const MAX_FFT_LENGTH: usize = 1 << 16;

/// Checks element type and length of a real transform.
pub(crate) fn check_fft(input: &Tensor, fft_length: usize) -> Result<(), String> {
    if !matches!(input.dtype, DType::I16 | DType::I32 | DType::F32) {
        return Err(format!("its input must be int16, int32 or float32, found {}", input.dtype.name()));
    }
    let rest = [2, 3, 5].iter().fold(fft_length, |mut rest, prime| {
        while rest > 0 && rest.is_multiple_of(*prime) {
            rest /= prime;
        }
        rest
    });
    if (4..=MAX_FFT_LENGTH).contains(&fft_length) && fft_length.is_multiple_of(2) && rest == 1 {
        return Ok(());
    }
    Err(format!(
        "its fft_length is {fft_length}, expected an even number from 4 to {MAX_FFT_LENGTH} without a prime factor \
         above 5"
    ))
}

/// The input and the two tables of a real transform: `exp(∓2πik / n)` for `k` in `0..n` with `n = fft_length / 2`, and
/// `exp(∓πi ((k + 1) / n + 1/2))` for `k` in `0..n / 2`. KISS FFT rounds them as is done here.
pub(crate) fn fft_operands(
    to: &mut NodeLowering<'_>,
    dtype: DType,
    fft_length: usize,
    inverse: bool,
) -> Vec<Operand> {
    use std::f64::consts::PI;
    let n = fft_length / 2;
    let sign = if inverse { 1.0 } else { -1.0 };
    let whole = (0..n).map(|k| sign * 2.0 * PI * k as f64 / n as f64);
    let split = (1..=n / 2).map(|k| sign * PI * (k as f64 / n as f64 + 0.5));
    let (elem, bytes): (Elem, fn(f64) -> Vec<u8>) = match dtype {
        DType::I16 => (Elem::I16, |x| ((0.5 + 32_767.0 * x).floor() as i16).to_le_bytes().to_vec()),
        DType::I32 => (Elem::I32, |x| ((0.5 + 2_147_483_647.0 * x).floor() as i32).to_le_bytes().to_vec()),
        _ => (Elem::F32, |x| (x as f32).to_le_bytes().to_vec()),
    };
    let points = |phase: f64| [phase.cos(), phase.sin()].into_iter().flat_map(bytes);
    let twiddles = to.constant("twiddles", elem, whole.flat_map(points).collect());
    let split = to.constant("split", elem, split.flat_map(points).collect());
    vec![to.operand(0), twiddles, split]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_transforms_are_even_products_of_small_primes() {
        let input = Tensor::activation("x", DType::I16, vec![8]);
        for length in [4, 6, 10, 480, 512, 2048, 1 << 16] {
            assert_eq!(check_fft(&input, length), Ok(()), "{length}");
        }
        for length in [0, 1, 2, 9, 14, 15, 1 << 17, usize::MAX] {
            assert!(check_fft(&input, length).is_err(), "{length}");
        }
        assert!(check_fft(&Tensor::activation("x", DType::I8, vec![8]), 8).is_err());
    }

    #[test]
    fn extents_at_the_end_are_replaced() {
        assert_eq!(with_last(&[2, 3, 4], 2, &[5]), [2, 5]);
        assert_eq!(with_last(&[4], 1, &[5, 6]), [5, 6]);
        assert_eq!(rows("input", &Tensor::activation("x", DType::I16, vec![2, 3, 4])), Ok((6, 4)));
        assert!(rows("input", &Tensor::activation("x", DType::I16, vec![])).is_err());
    }
}
