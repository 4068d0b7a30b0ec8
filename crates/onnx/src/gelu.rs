//! GELU as exporters wrote it before operator set 20: `x * 0.5 * (1 + Erf(x / sqrt(2)))` in five nodes.
//!
//! Erf has no operator of its own in TFLite; here the five become one Gelu.

use std::collections::BTreeMap;
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

use crate::decode::decode;
use crate::proto::{GraphProto, NodeProto, TensorProto};

/// The nodes of the file by what they make, what reads them, and constants with one element.
struct Index<'n> {
    nodes: &'n [(usize, NodeProto)],
    makers: BTreeMap<&'n str, usize>,
    uses: BTreeMap<&'n str, Vec<usize>>,
    scalars: BTreeMap<&'n str, f32>,
}

impl<'n> Index<'n> {
    fn of(nodes: &'n [(usize, NodeProto)], file: &'n GraphProto) -> Self {
        let (mut makers, mut uses) = (BTreeMap::new(), BTreeMap::<&str, Vec<usize>>::new());
        for (at, (_, node)) in nodes.iter().enumerate() {
            makers.extend(node.output.iter().map(|name| (name.as_str(), at)));
            node.input.iter().for_each(|name| uses.entry(name).or_default().push(at));
        }
        let scalar = |tensor: &TensorProto| {
            let is_one = tensor.dims.iter().all(|&extent| extent == 1);
            decode(tensor).ok().filter(|_| is_one).and_then(|constant| constant.scalar().ok())
        };
        let mut scalars = BTreeMap::new();
        for tensor in &file.initializer {
            scalars.extend(scalar(tensor).map(|value| (tensor.name.as_str(), value)));
        }
        for (_, node) in nodes.iter().filter(|(_, node)| node.op_type == "Constant") {
            let value = node.attribute.first().and_then(|attribute| attribute.t.as_deref()).and_then(scalar);
            scalars.extend(node.output.first().map(String::as_str).zip(value));
        }
        Index { nodes, makers, uses, scalars }
    }

    fn node(&self, at: usize) -> Option<&'n NodeProto> {
        self.nodes.get(at).map(|(_, node)| node)
    }

    /// The other operand of a node of two, given one.
    fn other(&self, at: usize, one: &str) -> Option<&'n str> {
        match self.node(at)?.input.as_slice() {
            [a, b] if a == one => Some(b),
            [a, b] if b == one => Some(a),
            _ => None,
        }
    }

    /// The only reader of what node `at` makes, if it is `op`.
    fn next(&self, at: usize, op: &str) -> Option<usize> {
        let made = self.node(at)?.output.first()?.as_str();
        match self.uses.get(made)?.as_slice() {
            &[reader] if self.node(reader)?.op_type == op => Some(reader),
            _ => None,
        }
    }

    fn is(&self, name: &str, value: f32) -> bool {
        self.scalars.get(name).is_some_and(|found| (found - value).abs() <= 1e-5)
    }

    /// The value that the Erf at `erf` is applied to, scaled, and the node that scales it.
    fn scaled(&self, erf: usize) -> Option<(&'n str, usize)> {
        let input = self.node(erf)?.input.first()?.as_str();
        let at = *self.makers.get(input)?;
        let scaling = self.node(at)?;
        let [a, b] = scaling.input.as_slice() else { return None };
        match scaling.op_type.as_str() {
            "Div" if self.is(b, SQRT_2) => Some((a, at)),
            "Mul" if self.is(b, FRAC_1_SQRT_2) => Some((a, at)),
            "Mul" if self.is(a, FRAC_1_SQRT_2) => Some((b, at)),
            _ => None,
        }
    }

    /// The nodes of the GELU around an Erf: all but the last, the last, and the operand.
    fn gelu(&self, erf: usize) -> Option<(Vec<usize>, usize, &'n str)> {
        let (x, scaling) = self.scaled(erf)?;
        let plus = self.next(erf, "Add")?;
        let one = self.other(plus, self.node(erf)?.output.first()?)?;
        let times = self.next(plus, "Mul").filter(|_| self.is(one, 1.0))?;
        let sum = self.node(plus)?.output.first()?.as_str();
        let factor = self.other(times, sum)?;
        let made = self.node(times)?.output.first()?.as_str();
        if factor == x || self.is(factor, 0.5) {
            let last = self.next(times, "Mul")?;
            let rest = self.other(last, made)?;
            let fits = if factor == x { self.is(rest, 0.5) } else { rest == x };
            return fits.then(|| (vec![scaling, erf, plus, times], last, x));
        }
        // Half of x, times the sum.
        let half = *self.makers.get(factor)?;
        let fits = self.node(half)?.op_type == "Mul"
            && self.is(self.other(half, x)?, 0.5)
            && self.next(half, "Mul").is_some();
        fits.then(|| (vec![scaling, erf, plus, half], times, x))
    }
}

/// The nodes with every such GELU as one.
pub(crate) fn fused(mut nodes: Vec<(usize, NodeProto)>, file: &GraphProto) -> Vec<(usize, NodeProto)> {
    let mut gone = Vec::new();
    let mut fused = Vec::new();
    let index = Index::of(&nodes, file);
    for erf in (0..nodes.len()).filter(|&at| nodes[at].1.op_type == "Erf") {
        if let Some((inner, last, x)) = index.gelu(erf) {
            gone.extend(inner);
            fused.push((last, x.to_owned()));
        }
    }
    for (last, x) in fused {
        if let Some((_, node)) = nodes.get_mut(last) {
            node.op_type = "Gelu".to_owned();
            node.input = vec![x];
        }
    }
    gone.sort_unstable();
    let mut at = 0;
    nodes.retain(|_| {
        at += 1;
        gone.binary_search(&(at - 1)).is_err()
    });
    nodes
}
