//! Constants as they stand in a file: the fields of a TensorProto.

use crate::constant::{Const, Elem, count, rank_fits};
use crate::findings::Fallible;
use crate::proto::{TensorProto, data_type};

/// Reads a constant of the file.
pub(crate) fn decode(tensor: &TensorProto) -> Fallible<Const> {
    if tensor.data_location != 0 {
        return Err(
            "its data stand in another file, which is not read; save the model with all data in one file \
                    (onnx.save(onnx.load(path), path), or external_data=False when exporting)"
                .to_owned(),
        );
    }
    let elem = Elem::from_number(tensor.data_type)?;
    let dims = extents(&tensor.dims)?;
    let wanted = count(&dims)?;
    let constant = match elem {
        Elem::F32 => Const::floats(dims, floats(tensor)),
        _ => Const::integers(elem, dims, ints(tensor, elem))?,
    };
    if constant.len() != wanted {
        return Err(format!(
            "{} {:?} needs {wanted} elements, found {}; export the model again",
            elem.name(),
            constant.dims,
            constant.len()
        ));
    }
    Ok(constant)
}

/// The extents of a file's tensor.
fn extents(dims: &[i64]) -> Fallible<Vec<usize>> {
    rank_fits(dims.len())?;
    let extents: Option<Vec<usize>> = dims.iter().map(|&extent| usize::try_from(extent).ok()).collect();
    let extents =
        extents.ok_or_else(|| format!("shape {dims:?} has a negative extent; export the model again"))?;
    count(&extents)?;
    Ok(extents)
}

fn floats(tensor: &TensorProto) -> Vec<f32> {
    let raw = &tensor.raw_data;
    match tensor.data_type {
        data_type::FLOAT16 if !raw.is_empty() => {
            raw.as_chunks::<2>().0.iter().map(|half| half_to_f32(u16::from_le_bytes(*half))).collect()
        }
        data_type::FLOAT16 => tensor.int32_data.iter().map(|&half| half_to_f32(half as u16)).collect(),
        data_type::DOUBLE if !raw.is_empty() => {
            raw.as_chunks::<8>().0.iter().map(|word| f64::from_le_bytes(*word) as f32).collect()
        }
        data_type::DOUBLE => tensor.double_data.iter().map(|&value| value as f32).collect(),
        _ if !raw.is_empty() => raw.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect(),
        _ => tensor.float_data.clone(),
    }
}

fn ints(tensor: &TensorProto, elem: Elem) -> Vec<i64> {
    let raw = &tensor.raw_data;
    if raw.is_empty() {
        return match elem {
            Elem::I64 => tensor.int64_data.clone(),
            Elem::U32 | Elem::U64 => tensor.uint64_data.iter().map(|&value| value as i64).collect(),
            _ => tensor.int32_data.iter().map(|&value| i64::from(value)).collect(),
        };
    }
    match elem {
        Elem::I8 => raw.iter().map(|&byte| i64::from(byte.cast_signed())).collect(),
        Elem::U8 | Elem::Bool => raw.iter().map(|&byte| i64::from(byte)).collect(),
        Elem::I16 => raw.as_chunks::<2>().0.iter().map(|word| i64::from(i16::from_le_bytes(*word))).collect(),
        Elem::U16 => raw.as_chunks::<2>().0.iter().map(|word| i64::from(u16::from_le_bytes(*word))).collect(),
        Elem::I32 => raw.as_chunks::<4>().0.iter().map(|word| i64::from(i32::from_le_bytes(*word))).collect(),
        Elem::U32 => raw.as_chunks::<4>().0.iter().map(|word| i64::from(u32::from_le_bytes(*word))).collect(),
        Elem::F32 | Elem::I64 | Elem::U64 => {
            raw.as_chunks::<8>().0.iter().map(|word| i64::from_le_bytes(*word)).collect()
        }
    }
}

/// A float of half precision (IEEE 754 binary16) in single precision, which holds every one exactly.
fn half_to_f32(half: u16) -> f32 {
    let sign = u32::from(half >> 15) << 31;
    let (exponent, fraction) = (u32::from(half >> 10) & 0x1f, u32::from(half) & 0x3ff);
    match exponent {
        0 => {
            // Subnormal: the fraction counts units of 2^-24.
            let magnitude = fraction as f32 / 16_777_216.0;
            f32::from_bits(magnitude.to_bits() | sign)
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}
