//! The verifier: every rule that a graph obeys before anything else looks at it.

use crate::error::Problem;
use crate::graph::{Graph, Node, NodeIdx, TensorIdx, shown};
use crate::ops::{TensorType, operand_tensors, result_tensors};
use crate::tensor::{Quant, Tensor};

/// Elements of the largest tensor: counts are `i32` in TFLite and in the kernels.
const MAX_ELEMENTS: usize = i32::MAX as usize;

/// Dimensions of a tensor, as many as TFLite's kernels ever take.
pub(crate) const MAX_DIMENSIONS: usize = 8;

/// Problems that are told one by one; the rest are counted.
const MAX_PROBLEMS: usize = 100;

/// Bytes of all activations together, far above any microcontroller.
const MAX_ACTIVATION_BYTES: u64 = 1 << 30;

impl Graph {
    /// Checks indices, execution order, shapes, types, data and quantisation.
    ///
    /// A graph that passes can be lowered or gets an error that names the node; nothing panics on it.
    ///
    /// # Errors
    /// Every problem there is, in the order of the graph; past a hundred the rest is counted in one more.
    pub fn verify(&self) -> Result<(), Vec<Problem>> {
        let mut written = vec![false; self.tensors.len()];
        for idx in self.nodes.iter().flat_map(|node| &node.outputs) {
            if let Some(written) = written.get_mut(idx.idx()) {
                *written = true;
            }
        }
        let mut verifier = Verifier {
            graph: self,
            problems: Vec::new(),
            n_more: 0,
            sound: Vec::new(),
            ready: Vec::new(),
            written,
        };
        verifier.tensors();
        verifier.inputs();
        for (position, node) in (0u32..).zip(&self.nodes) {
            verifier.node(NodeIdx(position), node);
        }
        verifier.outputs();
        verifier.activation_bytes();
        let Verifier { mut problems, n_more, .. } = verifier;
        if n_more > 0 {
            let message = format!("and {n_more} more problems, which are not shown");
            problems.push(Problem { place: graph_place(self), message });
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

struct Verifier<'g> {
    graph: &'g Graph,
    problems: Vec<Problem>,
    /// Problems past [`MAX_PROBLEMS`].
    n_more: usize,
    /// Tensors whose shape, data and quantisation are well formed.
    sound: Vec<bool>,
    /// Tensors that have a value at this point of the execution order.
    ready: Vec<bool>,
    /// Tensors that some node writes.
    written: Vec<bool>,
}

impl Verifier<'_> {
    fn tensors(&mut self) {
        for (at, tensor) in self.graph.tensors.iter().enumerate() {
            let found = tensor_problems(tensor);
            self.sound.push(found.is_empty());
            self.ready.push(tensor.is_const() || tensor.is_variable);
            self.report(|_| format!("tensor {at} \"{}\"", shown(&tensor.name)), found);
        }
    }

    fn inputs(&mut self) {
        if self.graph.inputs.is_empty() {
            self.graph_problem("it has no inputs".into());
        }
        for (at, &idx) in self.graph.inputs.iter().enumerate() {
            match self.ready.get_mut(idx.idx()) {
                None => self.graph_problem(self.out_of_range(&format!("input {at}"), idx)),
                Some(true) => {
                    self.graph_problem(format!(
                        "input {at} (tensor {}) is a constant, a variable or listed twice",
                        idx.0
                    ));
                }
                Some(ready) => *ready = true,
            }
        }
    }

    fn node(&mut self, idx: NodeIdx, node: &Node) {
        let mut found = Vec::new();
        self.operands(node, &mut found);
        self.results(node, &mut found);
        if found.is_empty()
            && let Err(message) = self.operator(node)
        {
            found.push(message);
        }
        self.report(|graph| graph.describe(idx), found);
    }

    fn operands(&self, node: &Node, found: &mut Vec<String>) {
        let names = node.op.operand_names();
        let least = node.op.n_required_operands();
        let most = if node.op.is_variadic() { usize::MAX } else { names.len() };
        let count = node.inputs.len();
        if count < least || count > most {
            found.push(match most {
                usize::MAX => format!("it must have at least {least} operands, found {count}"),
                most => format!("it must have {least} to {most} operands, found {count}"),
            });
        }
        let names = names.iter().chain(std::iter::repeat(names.last().unwrap_or(&"operand")));
        for (at, (operand, name)) in node.inputs.iter().zip(names).enumerate() {
            match operand {
                None if at < least => found.push(format!("operand {at} ({name}) is missing")),
                None => {}
                Some(idx) => match self.ready.get(idx.idx()) {
                    None => found.push(self.out_of_range(&format!("operand {at} ({name})"), *idx)),
                    Some(true) => {}
                    Some(false) => found.push(format!(
                        "operand {at} ({name}, tensor {}) has no value yet: {}",
                        idx.0,
                        self.why_not_ready(*idx)
                    )),
                },
            }
        }
    }

    /// What is wrong with a tensor that is read before it has a value.
    fn why_not_ready(&self, idx: TensorIdx) -> &'static str {
        match self.written.get(idx.idx()) {
            Some(true) => {
                "only this node or a later one writes it, so the nodes form a cycle or are out of order"
            }
            _ => "it is dangling, nothing in the graph writes it",
        }
    }

    fn results(&mut self, node: &Node, found: &mut Vec<String>) {
        for (at, &output) in node.outputs.iter().enumerate() {
            let what = if node.outputs.len() == 1 { "its result".into() } else { format!("its result {at}") };
            match self.ready.get_mut(output.idx()) {
                None => found.push(self.out_of_range(&what, output)),
                Some(true) => found.push(format!(
                    "{what} (tensor {}) has a value already: it is a constant, a variable, a model input or another \
                     node's result",
                    output.0
                )),
                Some(ready) => *ready = true,
            }
        }
    }

    /// Types, shapes and quantisation, once all tensors of the node are there and well formed.
    fn operator(&self, node: &Node) -> Result<(), String> {
        let mut tensors = node.inputs.iter().flatten().chain(&node.outputs);
        if !tensors.all(|idx| self.sound.get(idx.idx()).copied().unwrap_or(false)) {
            return Ok(());
        }
        let (operands, results) = (operand_tensors(self.graph, node), result_tensors(self.graph, node));
        for &at in node.op.states() {
            if operands.get(at).copied().flatten().is_some_and(|state| !state.is_variable) {
                return Err(format!("operand {at}, which it changes, must be a variable"));
            }
        }
        let wanted = node.op.infer(&operands)?;
        if wanted.len() != results.len() {
            return Err(format!("it must have {}, found {}", counted(wanted.len()), results.len()));
        }
        for (at, (wanted, found)) in wanted.iter().zip(&results).enumerate() {
            let found = TensorType::of(found);
            if *wanted != found {
                let what = if results.len() == 1 { "its result".into() } else { format!("its result {at}") };
                let show = |of: &TensorType| format!("{} {:?}", of.dtype.name(), of.shape);
                return Err(format!("{what} must be {}, found {}", show(wanted), show(&found)));
            }
        }
        node.op.check_quant(&operands, &results)
    }

    fn outputs(&mut self) {
        if self.graph.outputs.is_empty() {
            self.graph_problem("it has no outputs".into());
        }
        for (at, &idx) in self.graph.outputs.iter().enumerate() {
            match self.written.get(idx.idx()) {
                None => self.graph_problem(self.out_of_range(&format!("output {at}"), idx)),
                Some(false) => self.graph_problem(format!("no node writes output {at} (tensor {})", idx.0)),
                Some(true) => {}
            }
        }
    }

    fn activation_bytes(&mut self) {
        let activations = self.graph.tensors.iter().zip(&self.sound);
        let bytes = activations.filter(|(tensor, sound)| **sound && !tensor.is_const());
        let bytes: u64 = bytes.map(|(tensor, _)| tensor.n_bytes() as u64).sum();
        if bytes > MAX_ACTIVATION_BYTES {
            self.graph_problem(format!("its activations take {bytes} bytes, at most 1 GiB is supported"));
        }
    }

    fn graph_problem(&mut self, message: String) {
        self.report(graph_place, vec![message]);
    }

    /// Tells what was found at one place, while there is room.
    fn report(&mut self, place: impl Fn(&Graph) -> String, found: Vec<String>) {
        for message in found {
            if self.problems.len() < MAX_PROBLEMS {
                self.problems.push(Problem { place: place(self.graph), message });
            } else {
                self.n_more += 1;
            }
        }
    }

    fn out_of_range(&self, what: &str, idx: TensorIdx) -> String {
        format!("{what} is tensor {}, but there are only {}", idx.0, self.graph.tensors.len())
    }
}

fn counted(n_results: usize) -> String {
    if n_results == 1 { "1 result".into() } else { format!("{n_results} results") }
}

fn graph_place(graph: &Graph) -> String {
    format!("graph \"{}\"", shown(&graph.name))
}

fn tensor_problems(tensor: &Tensor) -> Vec<String> {
    let mut found = Vec::new();
    if tensor.shape.len() > MAX_DIMENSIONS {
        let dimensions = tensor.shape.len();
        return vec![format!("it has {dimensions} dimensions, at most {MAX_DIMENSIONS} are supported")];
    }
    let elements = tensor.shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    match elements {
        _ if tensor.shape.contains(&0) => {
            found.push(format!("every extent must be at least 1, found shape {:?}", tensor.shape));
        }
        Some(elements) if elements <= MAX_ELEMENTS => {
            let wanted = tensor.dtype.n_bytes(elements);
            if let Some(length) =
                tensor.data.as_ref().map(|data| data.len()).filter(|&length| length != wanted)
            {
                let dtype = tensor.dtype.name();
                found
                    .push(format!("{dtype} {:?} needs {wanted} bytes of data, found {length}", tensor.shape));
            }
        }
        _ => found.push(format!("shape {:?} has 2^31 elements or more", tensor.shape)),
    }
    if let Some(quant) = &tensor.quant {
        quant_problems(quant, tensor, &mut found);
    }
    found
}

fn quant_problems(quant: &Quant, tensor: &Tensor, found: &mut Vec<String>) {
    let n_scales = quant.scales.len();
    if n_scales == 0 {
        found.push("its quantisation has no scales".into());
    }
    if quant.zero_points.len() != n_scales {
        found.push(format!("it has {n_scales} scales but {} zero points", quant.zero_points.len()));
    }
    if n_scales > 1 {
        match tensor.shape.get(quant.axis) {
            Some(&extent) if extent == n_scales => {}
            Some(extent) => {
                found.push(format!(
                    "it has {n_scales} scales but extent {extent} in dimension {}",
                    quant.axis
                ));
            }
            None => {
                found.push(format!("it is quantised along dimension {} of {:?}", quant.axis, tensor.shape))
            }
        }
    }
    if let Some(scale) = quant.scales.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
        found.push(format!("scales must be finite and positive, found {scale:?}"));
    }
    let Some([low, high]) = tensor.dtype.quantized_range() else { return };
    if let Some(zero_point) = quant.zero_points.iter().find(|&zero_point| !(low..=high).contains(zero_point))
    {
        let dtype = tensor.dtype.name();
        found.push(format!("zero points of {dtype} must be in {low}..={high}, found {zero_point}"));
    }
}
