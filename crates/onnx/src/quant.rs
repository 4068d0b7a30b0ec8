//! Quantised graphs: QuantizeLinear and DequantizeLinear, and which nodes between them are computed in integers.
//!
//! A dequantised value is kept as the int8 tensor it came from. A node whose operands are all such values, and whose
//! result goes to QuantizeLinear only, becomes the int8 operator of the dialect `tflm`, with the scales and zero points
//! of the file. uint8 values are kept as int8 with a zero point 128 lower, which is the same numbers. Anything else
//! gets its operands dequantised and is computed in float.

use std::rc::Rc;

use smidgen_ir::Quant;

use crate::constant::{Const, Data, Elem};
use crate::findings::{Fallible, clip};
use crate::import::{Act, Importer, Kind, Value};
use crate::node::{Node, axis};

/// Whether an operator has an int8 form, and how many of its first operands are data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integer {
    /// It is computed in float, or moves elements of any type.
    No,
    /// It has one; this many operands at most are data that must be quantised.
    Yes(usize),
}

/// Scale, zero point and element type of a QuantizeLinear or DequantizeLinear, in terms of int8.
#[derive(Debug)]
struct Parameters {
    quant: Quant,
    elem: Elem,
}

/// The quantisation that the result of `node` gets, when it is to be computed in integers.
pub(crate) fn target<'m>(importer: &mut Importer<'m>, node: &Node<'m>, integer: Integer) -> Option<Quant> {
    let Integer::Yes(n_data) = integer else { return None };
    let mut n_quantized = 0;
    for at in 0..n_data.min(node.n_inputs()) {
        match importer.optional(node, at).ok().flatten() {
            Some(Value::Act(act)) if act.kind == Kind::Dequantized => n_quantized += 1,
            Some(Value::Act(_)) => return None,
            Some(Value::Const(constant)) if !matches!(constant.data, Data::Quantized(..)) => return None,
            Some(Value::Const(_)) | None => {}
        }
    }
    if n_quantized == 0 { None } else { quant_of(importer, node.output_name(0), true) }
}

/// The scale and zero point that every reader of `name` quantises it to, perhaps behind a clamp.
fn quant_of<'m>(importer: &mut Importer<'m>, name: &'m str, through_clamp: bool) -> Option<Quant> {
    if importer.is_output(name) {
        return None;
    }
    let readers = importer.uses(name).to_vec();
    let nodes = importer.nodes;
    let mut common: Option<Quant> = None;
    for at in readers {
        let reader = nodes.get(at)?;
        let found = match reader.op() {
            "QuantizeLinear" => {
                let found = parameters(importer, reader, None).ok()?;
                Some(found.quant).filter(|quant| found.elem == Elem::I8 && quant.scales.len() == 1)
            }
            "Relu" | "Clip" if through_clamp && reader.input_name(0) == name => {
                quant_of(importer, reader.output_name(0), false)
            }
            _ => None,
        }?;
        if common.as_ref().is_some_and(|common| *common != found) {
            return None;
        }
        common = Some(found);
    }
    common
}

/// The parameters of `node`; the element type is the zero point's, or `elem` without one.
fn parameters<'m>(importer: &mut Importer<'m>, node: &Node<'m>, elem: Option<Elem>) -> Fallible<Parameters> {
    if node.int("block_size", 0)? != 0 {
        return Err(
            "scales for blocks are not supported; quantise with one scale for each tensor or channel"
                .to_owned(),
        );
    }
    let scale = importer.constant(node, 1)?;
    let scales = scale.to_floats();
    let zero_point = importer.optional_const(node, 2)?;
    let named = match node.int("output_dtype", 0)? {
        0 => None,
        number => Some(Elem::from_number(i32::try_from(number).unwrap_or(0))?),
    };
    let own = zero_point.as_ref().map(|zero_point| zero_point.elem);
    if let (Some(own), Some(elem)) = (own, elem)
        && own != elem
    {
        let (own, elem) = (own.name(), elem.name());
        return Err(format!("its values are {elem}, its zero point is {own}; export the model again"));
    }
    let elem = own.or(elem).or(named).unwrap_or(Elem::U8);
    let zero_points = match &zero_point {
        Some(zero_point) => zero_point.as_ints()?.to_vec(),
        None => vec![0; scales.len()],
    };
    if zero_points.len() != scales.len() || scales.is_empty() {
        return Err(format!(
            "it has {} scales and {} zero points; export the model again",
            scales.len(),
            zero_points.len()
        ));
    }
    if let Some(scale) = scales.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
        return Err(format!("scales must be finite and positive, found {scale:?}"));
    }
    let (elem, shift) = match elem {
        Elem::U8 => (Elem::I8, 128),
        Elem::I8 | Elem::I32 => (elem, 0),
        other => {
            return Err(format!(
                "quantisation to {} is not supported; quantise to int8 or uint8",
                other.name()
            ));
        }
    };
    let zero_points =
        zero_points.iter().map(|&zero_point| i32::try_from(zero_point - shift)).collect::<Result<_, _>>();
    let zero_points = zero_points.map_err(|_| "a zero point is outside of 32 bits".to_owned())?;
    Ok(Parameters { quant: Quant { scales, zero_points, axis: 0 }, elem })
}

/// QuantizeLinear.
pub(crate) fn quantize<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let is_unsigned = importer.optional_const(node, 2)?.is_none_or(|zero_point| zero_point.elem == Elem::U8);
    let Parameters { mut quant, elem } = parameters(importer, node, None)?;
    if elem != Elem::I8 {
        return Err(format!(
            "quantisation of activations to {} is not supported; quantise to int8 or uint8",
            elem.name()
        ));
    }
    let value = importer.operand(node, 0)?;
    if quant.scales.len() > 1 {
        quant.axis = axis(node.int("axis", 1)?, value.dims().len())?;
    }
    match value {
        Value::Const(constant) => {
            let rounded = rounded(&constant, &quant);
            let shift = if is_unsigned { 128 } else { 0 };
            let values = rounded.into_iter().map(|value| value + shift).collect();
            let elem = if is_unsigned { Elem::U8 } else { Elem::I8 };
            let constant = Const { elem, dims: constant.dims.clone(), data: Data::Int(values) };
            importer.define(node, 0, Value::Const(Rc::new(constant)));
        }
        Value::Act(act) => {
            if quant.scales.len() > 1 {
                return Err(
                    "activations with a scale for each channel are not supported; quantise them per tensor"
                        .into(),
                );
            }
            let kind = Kind::Plain(if is_unsigned { Elem::U8 } else { Elem::I8 });
            let quantized = on_tensor(act, kind, &mut |tensor| importer.quantized(tensor, &quant))?;
            importer.define(node, 0, Value::Act(quantized));
        }
    }
    Ok(())
}

/// `constant / scale + zero point`, rounded to the nearest even and cut to int8.
fn rounded(constant: &Const, quant: &Quant) -> Vec<i64> {
    let inner: usize = constant.dims.iter().skip(quant.axis + 1).product::<usize>().max(1);
    let n = quant.scales.len().max(1);
    let quantize = |(at, value): (usize, f32)| {
        let channel = if n == 1 { 0 } else { (at / inner) % n };
        let (scale, zero_point) = (quant.scales[channel], quant.zero_points[channel]);
        ((value / scale).round_ties_even() as i64).saturating_add(zero_point.into()).clamp(-128, 127)
    };
    constant.to_floats().into_iter().enumerate().map(quantize).collect()
}

/// The activation held by what `change` makes of its tensor.
fn on_tensor(
    act: Act,
    kind: Kind,
    change: &mut dyn FnMut(smidgen_ir::TensorIdx) -> Fallible<smidgen_ir::TensorIdx>,
) -> Fallible<Act> {
    let tensor = change(act.tensor)?;
    let flattened = act.flattened.map(|before| Box::new(Act { tensor, kind, ..*before }));
    Ok(Act { tensor, kind, flattened, ..act })
}

/// DequantizeLinear.
pub(crate) fn dequantize<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let value = importer.operand(node, 0)?;
    let elem = match &value {
        Value::Const(constant) => constant.elem,
        Value::Act(Act { kind: Kind::Plain(elem), .. }) => *elem,
        Value::Act(_) => {
            return Err("it dequantises what is float already; export the model again".to_owned());
        }
    };
    let Parameters { mut quant, elem: signed } = parameters(importer, node, Some(elem))?;
    if quant.scales.len() > 1 {
        quant.axis = axis(node.int("axis", 1)?, value.dims().len())?;
        if value.dims().get(quant.axis) != Some(&quant.scales.len()) {
            let (n, axis, dims) = (quant.scales.len(), quant.axis, value.dims());
            return Err(format!("it has {n} scales along axis {axis} of {dims:?}; export the model again"));
        }
    }
    match value {
        Value::Const(constant) => {
            let shift = if constant.elem == Elem::U8 { 128 } else { 0 };
            let values = constant.as_ints()?.iter().map(|value| value - shift).collect();
            let constant =
                Const { elem: signed, dims: constant.dims.clone(), data: Data::Quantized(values, quant) };
            importer.define(node, 0, Value::Const(Rc::new(constant)));
        }
        Value::Act(act) => {
            if signed != Elem::I8 || quant.scales.len() > 1 {
                return Err(
                    "activations must be int8 or uint8 with one scale; quantise them per tensor".to_owned()
                );
            }
            let name = clip(node.input_name(0));
            let dequantized = on_tensor(act, Kind::Dequantized, &mut |tensor| {
                let held = &mut importer.graph.tensor_mut(tensor).quant;
                match held {
                    Some(found) if *found != quant => Err(format!(
                        "\"{name}\" was quantised with {found:?} and is dequantised with {quant:?}; use the same scale"
                    )),
                    _ => {
                        *held = Some(quant.clone());
                        Ok(tensor)
                    }
                }
            })?;
            importer.define(node, 0, Value::Act(dequantized));
        }
    }
    Ok(())
}

/// The bias of an integer layer: int32 with the scale of input times weights.
pub(crate) fn integer_bias(
    bias: &Const,
    name: &str,
    input_scale: f32,
    filter: &Quant,
) -> Fallible<smidgen_ir::Tensor> {
    let scales: Vec<f32> = filter.scales.iter().map(|scale| input_scale * scale).collect();
    let scale_of =
        |at: usize| f64::from(scales[if scales.len() == 1 { 0 } else { at.min(scales.len() - 1) }]);
    let close = |quant: &Quant| {
        let own = |at: usize| {
            f64::from(quant.scales[if quant.scales.len() == 1 { 0 } else { at.min(quant.scales.len() - 1) }])
        };
        (0..bias.len()).all(|at| (own(at) - scale_of(at)).abs() <= 1e-4 * scale_of(at))
            && quant.zero_points.iter().all(|&zero_point| zero_point == 0)
    };
    let values: Vec<i64> = match &bias.data {
        Data::Int(values) => values.clone(),
        Data::Quantized(values, quant) if close(quant) => values.clone(),
        Data::Float(_) | Data::Quantized(..) => {
            let rounded =
                |(at, value): (usize, f32)| (f64::from(value) / scale_of(at)).round_ties_even() as i64;
            bias.to_floats().into_iter().enumerate().map(rounded).collect()
        }
    };
    let values = values.iter().map(|&value| i32::try_from(value)).collect::<Result<Vec<_>, _>>();
    let values =
        values.map_err(|_| "its bias does not fit 32 bits at the scale of input and weights".to_owned())?;
    let zero_points = vec![0; scales.len()];
    let quant = Quant { scales, zero_points, axis: 0 };
    Ok(smidgen_ir::Tensor::const_i32(name, vec![values.len()], &values, Some(quant)))
}
