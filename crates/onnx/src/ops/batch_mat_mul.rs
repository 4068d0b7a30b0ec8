//! MatMul of two activations, or with weights of more than two dimensions: BATCH_MATMUL.

use smidgen_ir::ops::batch_matmul::BatchMatmul;
use smidgen_ir::{DType, Op, TensorIdx};

use super::encode::Written;
use crate::findings::Fallible;
use crate::fold::broadcast;
use crate::import::{Act, Importer};
use crate::layout::Layout;
use crate::node::Node;
use crate::write::{Writer, ints};

/// MatMul.
pub(super) fn read<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let (a, b) = (importer.act(node, 0)?, importer.act(node, 1)?);
    let y = product(importer, &a, &b, node.output_name(0))?;
    importer.result(node, y.tensor, y.dims, y.layout)
}

/// The matrix product; the two axes of an operand may be exchanged without a TRANSPOSE.
pub(super) fn product(importer: &mut Importer<'_>, a: &Act, b: &Act, name: &str) -> Fallible<Act> {
    let (rank_a, rank_b) = (a.rank(), b.rank());
    if rank_a < 2 || rank_b < 2 {
        return Err(format!(
            "products of {:?} and {:?} are not supported; give both at least 2 dimensions",
            a.dims, b.dims
        ));
    }
    let (rows, inner) = (a.dims[rank_a - 2], a.dims[rank_a - 1]);
    let (depth, columns) = (b.dims[rank_b - 2], b.dims[rank_b - 1]);
    if inner != depth {
        return Err(format!("{:?} and {:?} do not multiply: {inner} is not {depth}", a.dims, b.dims));
    }
    let mut dims = broadcast(&a.dims[..rank_a - 2], &b.dims[..rank_b - 2])?;
    dims.extend([rows, columns]);
    let (x, adj_x) = turned(importer, a)?;
    let (y, adj_y) = turned(importer, b)?;
    let op = Op::BatchMatmul(BatchMatmul { adj_x, adj_y });
    let product = importer.emit(op, &[Some(x), Some(y)], name)?;
    let tensor = importer.reshape(product, &dims)?;
    let layout = Layout::logical(dims.len());
    Ok(Act { tensor, dims, layout, kind: a.kind, flattened: None })
}

/// The matrices of `act` as they lie, and whether their two axes are exchanged there.
fn turned(importer: &mut Importer<'_>, act: &Act) -> Fallible<(TensorIdx, bool)> {
    let rank = act.rank();
    let logical = Layout::logical(rank);
    let mut exchanged = logical.clone();
    exchanged.0.swap(rank - 2, rank - 1);
    let is_float = importer.graph.tensor(act.tensor).dtype == DType::F32;
    let order = act.layout.order(&act.dims);
    if is_float && order == exchanged.order(&act.dims) && order != logical.order(&act.dims) {
        return Ok((importer.stored(act, &exchanged)?, true));
    }
    Ok((importer.stored(act, &logical)?, false))
}

/// Writes BATCH_MATMUL.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, op: &BatchMatmul) -> Fallible<()> {
    let mut operands = Vec::new();
    for (at, turned) in [(0, op.adj_x), (1, op.adj_y)] {
        let idx = node.input(at)?;
        let held = writer.get(idx)?;
        let rank = writer.graph.tensor(idx).shape.len() as i64;
        operands.push(if turned {
            let perm: Vec<i64> = (0..rank - 2).chain([rank - 1, rank - 2]).collect();
            writer.node(
                "Transpose",
                &[&held],
                vec![ints("perm", &perm)],
                &format!("{}/turned_{at}", node.name),
            )
        } else {
            held
        });
    }
    let name = writer.node("MatMul", &[&operands[0], &operands[1]], Vec::new(), node.name);
    writer.put(node.output()?, name, false);
    Ok(())
}
