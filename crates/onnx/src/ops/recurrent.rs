//! LSTM and GRU in one or two directions, with their default activations: UNIDIRECTIONAL_SEQUENCE_LSTM and GRU.
//!
//! A model of ONNX starts every run with the same state; so do the operators here.

use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::gru::Gru;
use smidgen_ir::ops::reverse_v2::ReverseV2;
use smidgen_ir::ops::slice::Slice;
use smidgen_ir::ops::unidirectional_sequence_lstm::UnidirectionalSequenceLstm;
use smidgen_ir::{DType, Op, Tensor, TensorIdx};

use super::movement::narrow;
use crate::constant::{Const, Elem};
use crate::findings::Fallible;
use crate::import::{Act, Importer, Kind, Value};
use crate::layout::Layout;
use crate::node::Node;

/// What LSTM and GRU share: the sequence, its sizes and directions.
struct Sequence {
    x: TensorIdx,
    steps: usize,
    batches: usize,
    inputs: usize,
    units: usize,
    time_major: bool,
    /// Whether each direction runs from the last step to the first.
    reverse: Vec<bool>,
    weights: Const,
    recurrent: Const,
    bias: Option<Vec<f32>>,
    n_gates: usize,
}

impl Sequence {
    fn read<'m>(importer: &mut Importer<'m>, node: &Node<'m>, n_gates: usize) -> Fallible<Sequence> {
        if node.flag("layout")? {
            return Err("layout = 1 is not supported; export with the batch second (layout = 0)".to_owned());
        }
        if node.has("clip") || node.flag("input_forget")? {
            return Err("clip and input_forget are not supported; train without them".to_owned());
        }
        let act = importer.act(node, 0)?;
        let [steps, batches, inputs] = act.dims[..] else {
            return Err(format!("its input must have 3 dimensions, found {:?}", act.dims));
        };
        let reverse = match node.text("direction", "forward")? {
            "forward" => vec![false],
            "reverse" => vec![true],
            "bidirectional" => vec![false, true],
            other => return Err(format!("direction {other:?} is unknown; export the model again")),
        };
        let (weights, recurrent) = (importer.constant(node, 1)?, importer.constant(node, 2)?);
        let units = recurrent.dims.last().copied().unwrap_or(0);
        let rows = n_gates * units;
        if weights.dims != [reverse.len(), rows, inputs] || recurrent.dims != [reverse.len(), rows, units] {
            return Err(format!(
                "its weights {:?} and {:?} do not fit {inputs} inputs in {} directions; export the model again",
                weights.dims,
                recurrent.dims,
                reverse.len()
            ));
        }
        let bias = importer.optional_const(node, 3)?.map(|bias| bias.to_floats());
        if bias.as_ref().is_some_and(|bias| bias.len() != reverse.len() * 2 * rows) {
            return Err(format!(
                "its bias must have {} values; export the model again",
                reverse.len() * 2 * rows
            ));
        }
        if let Some(lengths) = importer.optional_const(node, 4)?
            && lengths.as_ints()?.iter().any(|&length| length != steps as i64)
        {
            return Err(
                "sequence lengths that differ from the input's are not supported; leave them out".to_owned()
            );
        }
        let batch_first = act.layout.full(3) == Layout::of(&[1, 0, 2]);
        let layout = if batch_first { Layout::of(&[1, 0, 2]) } else { Layout::logical(3) };
        let x = importer.stored(&act, &layout)?;
        let (weights, recurrent) = ((*weights).clone(), (*recurrent).clone());
        let time_major = !batch_first;
        Ok(Sequence {
            x,
            steps,
            batches,
            inputs,
            units,
            time_major,
            reverse,
            weights,
            recurrent,
            bias,
            n_gates,
        })
    }

    /// Layout of one direction's output, which has the extents steps, batches, units.
    fn layout(&self) -> Layout {
        if self.time_major { Layout::logical(3) } else { Layout::of(&[1, 0, 2]) }
    }

    /// The rows of weights of gate `gate` (in the file's order) of direction `direction`.
    fn gate(&self, of: &Const, direction: usize, gate: usize, width: usize) -> Vec<f32> {
        let values = of.to_floats();
        let from = (direction * self.n_gates + gate) * self.units * width;
        values.get(from..from + self.units * width).unwrap_or_default().to_vec()
    }

    /// Bias of a gate: that of the input (0) or of the state (1).
    fn bias_of(&self, direction: usize, gate: usize, part: usize) -> Vec<f32> {
        let from = ((direction * 2 + part) * self.n_gates + gate) * self.units;
        let bias = self.bias.as_deref().unwrap_or_default();
        bias.get(from..from + self.units).map_or_else(|| vec![0.0; self.units], <[f32]>::to_vec)
    }

    /// Defines Y and Y_h from the output of each direction.
    fn finish<'m>(
        &self,
        importer: &mut Importer<'m>,
        node: &Node<'m>,
        outputs: &[TensorIdx],
    ) -> Fallible<()> {
        let Sequence { steps, batches, units, .. } = *self;
        let layout = self.layout();
        let name = if node.output_name(0).is_empty() { node.output_name(1) } else { node.output_name(0) };
        let is_read = |at: usize| {
            let name = node.output_name(at);
            !name.is_empty() && (importer.is_output(name) || !importer.uses(name).is_empty())
        };
        let (whole, last) = (is_read(0), is_read(1));
        if whole {
            let dims = vec![steps, outputs.len(), batches, units];
            // Y counts steps, directions, batches, units.
            let places = |direction_last: bool| {
                let mut axes: Vec<usize> = if self.time_major { vec![0, 2] } else { vec![2, 0] };
                axes.extend(if direction_last { vec![1, 3] } else { vec![3] });
                Layout::of(&axes)
            };
            let (y, stored) = match outputs {
                [only] => (*only, places(false)),
                _ => {
                    let op = Op::Concatenation(Concatenation { axis: 2 });
                    let operands: Vec<_> = outputs.iter().copied().map(Some).collect();
                    let y = importer.emit(op, &operands, name)?;
                    let stored = places(true);
                    (importer.reshape(y, &stored.shape(&dims))?, stored)
                }
            };
            importer.result(node, y, dims, stored)?;
        }
        if last {
            let mut parts = Vec::new();
            for (&y, &reverse) in outputs.iter().zip(&self.reverse) {
                let step = if reverse { 0 } else { narrow(steps - 1)? };
                let begin = if self.time_major { vec![step, 0, 0] } else { vec![0, step, 0] };
                let extent = if self.time_major { [1, batches, units] } else { [batches, 1, units] };
                let size = extent.into_iter().map(narrow).collect::<Fallible<_>>()?;
                let y =
                    importer.emit(Op::Slice(Slice { begin, size }), &[Some(y)], &format!("{name}/last"))?;
                let act =
                    Act { tensor: y, dims: vec![1, batches, units], layout: layout.clone(), ..Act::float(y) };
                parts.push(importer.stored(&act, &Layout::logical(3))?);
            }
            let y = match parts[..] {
                [only] => only,
                _ => {
                    let op = Op::Concatenation(Concatenation { axis: 0 });
                    let operands: Vec<_> = parts.iter().copied().map(Some).collect();
                    importer.emit(op, &operands, node.output_name(1))?
                }
            };
            importer.result_at(node, 1, y, vec![outputs.len(), batches, units], Layout::logical(3))?;
        }
        Ok(())
    }
}

/// Refuses activations other than the defaults, which are given for each direction.
fn default_activations(node: &Node<'_>, defaults: &[&str]) -> Fallible<()> {
    let found = node.texts("activations")?;
    let fits =
        found.iter().enumerate().all(|(at, name)| name.eq_ignore_ascii_case(defaults[at % defaults.len()]));
    if fits {
        Ok(())
    } else {
        Err(format!("activations {found:?} are not supported; train with {defaults:?}"))
    }
}

/// Refuses an initial state other than zeros.
fn starts_with_zeros<'m>(importer: &mut Importer<'m>, node: &Node<'m>, at: usize) -> Fallible<()> {
    match importer.optional(node, at)? {
        None => Ok(()),
        Some(Value::Const(state)) if state.to_floats().iter().all(|&value| value == 0.0) => Ok(()),
        Some(_) => {
            Err("an initial state other than zeros is not supported; export the model without it".to_owned())
        }
    }
}

/// LSTM.
pub(super) fn lstm<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    default_activations(node, &["Sigmoid", "Tanh", "Tanh"])?;
    starts_with_zeros(importer, node, 5)?;
    starts_with_zeros(importer, node, 6)?;
    if importer.optional(node, 7)?.is_some() {
        return Err("peepholes are not supported; train without them".to_owned());
    }
    let cell = node.output_name(2);
    if !cell.is_empty() && (importer.is_output(cell) || !importer.uses(cell).is_empty()) {
        return Err(
            "its last cell state is used, which TFLite's operator does not give; export the output only"
                .into(),
        );
    }
    let sequence = Sequence::read(importer, node, 4)?;
    let mut outputs = Vec::new();
    for (direction, &reverse) in sequence.reverse.iter().enumerate() {
        outputs.push(lstm_direction(importer, node, &sequence, direction, reverse)?);
    }
    sequence.finish(importer, node, &outputs)
}

fn lstm_direction<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    sequence: &Sequence,
    direction: usize,
    reverse: bool,
) -> Fallible<TensorIdx> {
    let Sequence { batches, inputs, units, .. } = *sequence;
    let name = node.proto.output.iter().find(|name| !name.is_empty()).map_or("lstm", String::as_str);
    let name = format!("{name}/direction_{direction}");
    // Gates are input, output, forget, cell in the file, and input, forget, cell, output in TFLite.
    const GATES: [(usize, &str); 4] = [(0, "input"), (2, "forget"), (3, "cell"), (1, "output")];
    let mut operands = vec![Some(sequence.x)];
    if reverse {
        operands[0] = Some(reversed(importer, sequence, sequence.x, &format!("{name}/input"))?);
    }
    for (gate, part) in GATES {
        let values = sequence.gate(&sequence.weights, direction, gate, inputs);
        operands.push(Some(importer.floats(&format!("{name}/{part}/weights"), vec![units, inputs], &values)));
    }
    for (gate, part) in GATES {
        let values = sequence.gate(&sequence.recurrent, direction, gate, units);
        operands.push(Some(importer.floats(
            &format!("{name}/{part}/recurrent"),
            vec![units, units],
            &values,
        )));
    }
    for (gate, part) in GATES {
        let (of_input, of_state) =
            (sequence.bias_of(direction, gate, 0), sequence.bias_of(direction, gate, 1));
        let values: Vec<f32> = of_input.iter().zip(&of_state).map(|(a, b)| a + b).collect();
        operands.push(Some(importer.floats(&format!("{name}/{part}/bias"), vec![units], &values)));
    }
    for part in ["hidden", "cell_state"] {
        let state = Tensor::variable(format!("{name}/{part}"), DType::F32, vec![batches, units], None);
        operands.push(Some(importer.graph.add_tensor(state)));
    }
    let op = Op::UnidirectionalSequenceLstm(UnidirectionalSequenceLstm {
        time_major: sequence.time_major,
        reset: true,
        cell_clip: 0.0,
    });
    let y = importer.emit(op, &operands, &name)?;
    if reverse { reversed(importer, sequence, y, &format!("{name}/output")) } else { Ok(y) }
}

/// The steps of a sequence in the other order.
fn reversed(
    importer: &mut Importer<'_>,
    sequence: &Sequence,
    x: TensorIdx,
    name: &str,
) -> Fallible<TensorIdx> {
    let time = if sequence.time_major { 0 } else { 1 };
    importer.emit(Op::ReverseV2(ReverseV2 { axes: vec![time] }), &[Some(x)], &format!("{name}/reversed"))
}

/// GRU.
pub(super) fn gru<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    default_activations(node, &["Sigmoid", "Tanh"])?;
    starts_with_zeros(importer, node, 5)?;
    let sequence = Sequence::read(importer, node, 3)?;
    let Sequence { inputs, units, time_major, .. } = sequence;
    let reset_after = node.flag("linear_before_reset")?;
    let name = node.proto.output.iter().find(|name| !name.is_empty()).map_or("gru", String::as_str);
    let mut outputs = Vec::new();
    for (direction, &reverse) in sequence.reverse.iter().enumerate() {
        let name = format!("{name}/direction_{direction}");
        let gates = |of: &Const, width: usize| -> Vec<f32> {
            (0..3).flat_map(|gate| sequence.gate(of, direction, gate, width)).collect()
        };
        let (weights, recurrent) = (gates(&sequence.weights, inputs), gates(&sequence.recurrent, units));
        let weights = importer.floats(&format!("{name}/weights"), vec![3 * units, inputs], &weights);
        let recurrent = importer.floats(&format!("{name}/recurrent"), vec![3 * units, units], &recurrent);
        let mut operands = vec![Some(sequence.x), Some(weights), Some(recurrent)];
        if sequence.bias.is_some() {
            let bias: Vec<f32> = (0..2)
                .flat_map(|part| (0..3).map(move |gate| (part, gate)))
                .flat_map(|(part, gate)| sequence.bias_of(direction, gate, part))
                .collect();
            operands.push(Some(importer.floats(&format!("{name}/bias"), vec![6 * units], &bias)));
        }
        let op = Op::Gru(Gru { time_major, reverse, reset_after });
        outputs.push(importer.emit(op, &operands, &name)?);
    }
    sequence.finish(importer, node, &outputs)
}

impl Act {
    /// A float tensor whose extents are the file's, before they are said.
    fn float(tensor: TensorIdx) -> Act {
        let kind = Kind::Plain(Elem::F32);
        Act { tensor, dims: Vec::new(), layout: Layout(Vec::new()), kind, flattened: None }
    }
}
