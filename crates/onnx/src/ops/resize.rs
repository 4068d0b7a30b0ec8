//! Resize and Upsample of images: RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR, and GATHER for the other ways to round.

use smidgen_ir::ops::resize_bilinear::ResizeBilinear;
use smidgen_ir::ops::resize_nearest_neighbor::ResizeNearestNeighbor;
use smidgen_ir::{Op, TensorIdx};

use super::encode::Written;
use super::movement::{MAX_EXTENT, taken};
use crate::findings::Fallible;
use crate::fold::sizes;
use crate::import::Importer;
use crate::layout::Layout;
use crate::node::{Node, axis};
use crate::write::{Writer, text};

/// Resize and Upsample.
pub(super) fn resize<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let mode = node.text("mode", "nearest")?;
    let act = if mode == "nearest" { importer.moved(node, 0)? } else { importer.act(node, 0)? };
    let rank = act.rank();
    if !(3..=4).contains(&rank) {
        return Err(format!("its input has shape {:?}; images with 3 or 4 extents are supported", act.dims));
    }
    if node.flag("antialias")? {
        return Err("antialias is not supported; resize without it".to_owned());
    }
    let out = extents(importer, node, &act.dims)?;
    if out[..2] != act.dims[..2] {
        return Err(format!("it resizes {:?} to {out:?}; batch and channels must stay", act.dims));
    }
    if let Some(&extent) = out.iter().find(|&&extent| extent > MAX_EXTENT) {
        return Err(format!(
            "it resizes to {extent} elements along an axis, at most {MAX_EXTENT} are supported"
        ));
    }
    let way = match node.op() {
        "Upsample" => "asymmetric",
        _ if node.opset < 11 => "asymmetric",
        _ => node.text("coordinate_transformation_mode", "half_pixel")?,
    };
    let layout = Layout::image(rank);
    let x = importer.stored(&act, &layout)?;
    let wanted = layout.shape(&out);
    let size = [wanted[1], wanted[2]];
    let name = node.output_name(0);
    let y = match mode {
        "nearest" => nearest(importer, node, x, size, way)?,
        "linear" | "bilinear" => {
            let (align_corners, half_pixel_centers) = match way {
                "align_corners" => (true, false),
                "half_pixel" => (false, true),
                "pytorch_half_pixel" if out[2..].iter().all(|&extent| extent > 1) => (false, true),
                "asymmetric" => (false, false),
                other => return Err(unknown_way(other)),
            };
            let op = Op::ResizeBilinear(ResizeBilinear { size, align_corners, half_pixel_centers });
            importer.emit(op, &[Some(x)], name)?
        }
        other => {
            return Err(format!("mode {other:?} is not supported; resize with nearest or linear"));
        }
    };
    if mode == "nearest" {
        importer.moved_result(node, 0, &act, (y, out, layout))
    } else {
        importer.result(node, y, out, layout)
    }
}

fn unknown_way(way: &str) -> String {
    format!(
        "coordinate_transformation_mode {way:?} is not supported; export with half_pixel, asymmetric or align_corners"
    )
}

/// A number for each of `rank` axes: those of the file, `default` for axes that it does not name.
fn for_axes<T: Copy>(node: &Node<'_>, given: Vec<T>, default: &[T]) -> Fallible<Vec<T>> {
    let Some(list) = node.ints("axes")? else { return Ok(given) };
    let places: Vec<usize> = list.iter().map(|&at| axis(at, default.len())).collect::<Fallible<_>>()?;
    if places.len() != given.len() {
        return Err(format!("it has {} axes and {} numbers for them", places.len(), given.len()));
    }
    let mut all = default.to_vec();
    for (place, value) in places.into_iter().zip(given) {
        all[place] = value;
    }
    Ok(all)
}

/// Extents of the result, from sizes or scales.
fn extents<'m>(importer: &mut Importer<'m>, node: &Node<'m>, dims: &[usize]) -> Fallible<Vec<usize>> {
    let scales_at = if node.op() == "Upsample" || node.opset < 11 { 1 } else { 2 };
    if scales_at == 2
        && let Some(list) = importer.optional_const(node, 3)?.filter(|list| list.len() > 0)
    {
        let wanted = for_axes(node, sizes(list.as_ints()?)?, dims)?;
        let fits = wanted.len() == dims.len()
            && !wanted.contains(&0)
            && node.text("keep_aspect_ratio_policy", "stretch")? == "stretch";
        return if fits {
            Ok(wanted)
        } else {
            Err(format!("its sizes {wanted:?} do not fit {dims:?}; export the model again"))
        };
    }
    let scales = match importer.optional_const(node, scales_at)? {
        Some(scales) => scales.to_floats(),
        None => {
            node.floats("scales")?.ok_or("it has no sizes and no scales; export the model again")?.to_vec()
        }
    };
    let scales = for_axes(node, scales, &vec![1.0; dims.len()])?;
    if scales.len() != dims.len() {
        return Err(format!("its scales {scales:?} do not fit {dims:?}; export the model again"));
    }
    let extent = |(&extent, &scale): (&usize, &f32)| {
        let exact = extent as f64 * f64::from(scale);
        let nearest = exact.round();
        // With another scale than that of the extents the kernels would look elsewhere.
        if !(exact.is_finite() && (1.0..65_536.0).contains(&nearest)) || (exact - nearest).abs() > 1e-3 {
            return Err(format!(
                "{extent} elements cannot be resized by {scale}; export the model with sizes that are whole"
            ));
        }
        Ok(nearest as usize)
    };
    dims.iter().zip(&scales).map(extent).collect()
}

/// Which element each element of the result is, as ONNX defines it.
fn sources(input: usize, output: usize, way: &str, rounding: &str) -> Fallible<Vec<usize>> {
    let (n, m) = (input as f64, output as f64);
    let place = |at: usize| -> Fallible<f64> {
        let at = at as f64;
        Ok(match way {
            "half_pixel" => (at + 0.5) * n / m - 0.5,
            "pytorch_half_pixel" if output == 1 => 0.0,
            "pytorch_half_pixel" => (at + 0.5) * n / m - 0.5,
            "asymmetric" => at * n / m,
            "align_corners" if output == 1 => 0.0,
            "align_corners" => at * (n - 1.0) / (m - 1.0),
            "tf_half_pixel_for_nn" => (at + 0.5) * n / m,
            other => return Err(unknown_way(other)),
        })
    };
    let round = |place: f64| -> Fallible<f64> {
        Ok(match rounding {
            "round_prefer_floor" => (place - 0.5).ceil(),
            "round_prefer_ceil" => (place + 0.5).floor(),
            "floor" => place.floor(),
            "ceil" => place.ceil(),
            other => return Err(format!("nearest_mode {other:?} is unknown; export the model again")),
        })
    };
    (0..output).map(|at| Ok(round(place(at)?)?.clamp(0.0, n - 1.0) as usize)).collect()
}

/// Which element each element of the result is, as TFLite's kernel computes it.
fn tflite_sources(input: usize, output: usize, align_corners: bool, half_pixel_centers: bool) -> Vec<usize> {
    let scale = if align_corners && output > 1 {
        (input as f32 - 1.0) / (output as f32 - 1.0)
    } else {
        input as f32 / output as f32
    };
    let offset = if half_pixel_centers { 0.5 } else { 0.0 };
    let source = |at: usize| {
        let place = (at as f32 + offset) * scale;
        let place = if align_corners { place.round() } else { place.floor() };
        (place.max(0.0) as usize).min(input - 1)
    };
    (0..output).map(source).collect()
}

fn nearest<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    x: TensorIdx,
    size: [usize; 2],
    way: &str,
) -> Fallible<TensorIdx> {
    let rounding = if node.op() == "Upsample" || node.opset < 11 {
        "floor"
    } else {
        node.text("nearest_mode", "round_prefer_floor")?
    };
    let shape = importer.graph.tensor(x).shape.clone();
    let input = [shape[1], shape[2]];
    let mut wanted = Vec::new();
    for at in [0, 1] {
        wanted.push(sources(input[at], size[at], way, rounding)?);
    }
    let name = node.output_name(0);
    for (align_corners, half_pixel_centers) in [(false, false), (false, true), (true, false)] {
        let same =
            |at: usize| wanted[at] == tflite_sources(input[at], size[at], align_corners, half_pixel_centers);
        if same(0) && same(1) {
            let op = ResizeNearestNeighbor { size, align_corners, half_pixel_centers };
            return importer.emit(Op::ResizeNearestNeighbor(op), &[Some(x)], name);
        }
    }
    let mut y = x;
    for (at, part) in [(0, "rows"), (1, "columns")] {
        let places: Vec<i32> = wanted[at].iter().map(|&place| place as i32).collect();
        y = taken(importer, y, at + 1, &places, &format!("{name}/{part}_taken"))?;
    }
    Ok(y)
}

/// Writes RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR.
pub(super) fn write(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    mode: &'static str,
    size: [usize; 2],
    align_corners: bool,
    half_pixel_centers: bool,
) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    let (way, rounding) = match (align_corners, half_pixel_centers, mode) {
        (true, ..) => ("align_corners", "round_prefer_ceil"),
        (false, true, "nearest") => ("tf_half_pixel_for_nn", "floor"),
        (false, true, _) => ("half_pixel", "floor"),
        (false, false, _) => ("asymmetric", "floor"),
    };
    let input = writer.graph.tensor(x).shape.clone();
    // tf_half_pixel_for_nn is gone since operator set 19; half_pixel with the other rounding is the same.
    let (way, rounding) =
        if way == "tf_half_pixel_for_nn" { ("half_pixel", "round_prefer_ceil") } else { (way, rounding) };
    let held = writer.get_first(x)?;
    let sizes = [input[0], input[3], size[0], size[1]].map(|extent| extent as i64);
    let sizes = writer.list(&sizes, "sizes");
    let mut attributes = vec![text("mode", mode), text("coordinate_transformation_mode", way)];
    if mode == "nearest" {
        attributes.push(text("nearest_mode", rounding));
    }
    let name = writer.node("Resize", &[&held, "", "", &sizes], attributes, node.name);
    writer.put(y, name, true);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_is_the_same_in_both_formats() {
        let onnx = sources(4, 8, "half_pixel", "round_prefer_floor").unwrap();
        assert_eq!(onnx, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(onnx, tflite_sources(4, 8, false, true));
        assert_eq!(sources(4, 8, "asymmetric", "floor").unwrap(), tflite_sources(4, 8, false, false));
    }

    #[test]
    fn halving_rounds_the_other_way() {
        assert_eq!(sources(4, 2, "half_pixel", "round_prefer_floor").unwrap(), [0, 2]);
        assert_eq!(tflite_sources(4, 2, false, true), [1, 3]);
    }
}
