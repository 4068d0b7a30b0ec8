//! DepthToSpace and SpaceToDepth: channels as blocks in space, and back.

use smidgen_ir::ops::depth_to_space::DepthToSpace;
use smidgen_ir::ops::gather::Gather;
use smidgen_ir::ops::space_to_depth::SpaceToDepth;
use smidgen_ir::{Op, Tensor};

use crate::findings::Fallible;
use crate::import::Importer;
use crate::layout::Layout;
use crate::node::Node;
use crate::ops::encode::Written;
use crate::write::{Writer, int};

/// DepthToSpace (DCR, as TFLite has it, or CRD) and SpaceToDepth.
pub(in crate::ops) fn blocks<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let block = usize::try_from(node.int("blocksize", 0)?).ok().filter(|&block| block > 0 && block < 1 << 15);
    let block = block.ok_or("its blocksize must be at least 1; export the model again")?;
    let [n, c, h, w] = act.dims[..] else {
        return Err(format!("its input must have 4 dimensions, found {:?}", act.dims));
    };
    let layout = Layout::channels_last(4);
    let mut x = importer.stored(&act, &layout)?;
    let name = node.output_name(0);
    if node.op() == "SpaceToDepth" {
        let op = Op::SpaceToDepth(SpaceToDepth { block });
        let y = importer.emit(op, &[Some(x)], name)?;
        return importer.moved_result(
            node,
            0,
            &act,
            (y, vec![n, c * block * block, h / block, w / block], layout),
        );
    }
    if !c.is_multiple_of(block * block) {
        return Err(format!("{c} channels do not make blocks of {block} x {block}; export the model again"));
    }
    let channels = c / (block * block);
    if node.text("mode", "DCR")? == "CRD" && channels > 1 {
        importer.folder.charge(&[c])?;
        // The channel is the slowest of the three in CRD and the fastest in DCR.
        let order: Vec<i32> = (0..block * block)
            .flat_map(|place| (0..channels).map(move |channel| (channel * block * block + place) as i32))
            .collect();
        let list = Tensor::const_i32(format!("{name}/order"), vec![c], &order, None);
        let list = importer.graph.add_tensor(list);
        let op = Op::Gather(Gather { axis: 3, batch_dims: 0 });
        x = importer.emit(op, &[Some(x), Some(list)], &format!("{name}/dcr"))?;
    }
    let y = importer.emit(Op::DepthToSpace(DepthToSpace { block }), &[Some(x)], name)?;
    importer.moved_result(node, 0, &act, (y, vec![n, channels, h * block, w * block], layout))
}

pub(super) fn write_blocks(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    op: &str,
    block: usize,
) -> Fallible<()> {
    let held = writer.get_first(node.input(0)?)?;
    let name = writer.node(op, &[&held], vec![int("blocksize", block as i64)], node.name);
    writer.put(node.output()?, name, true);
    Ok(())
}
