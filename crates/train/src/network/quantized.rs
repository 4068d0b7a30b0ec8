//! What fake quantisation adds to a network: filters on steps, and a step behind the input and each quantised result.

use smidgen_ir::range::greatest_step;
use smidgen_ir::{Graph, Range, TensorIdx};

use super::{Network, Step};
use crate::error::TrainError;
use crate::fake_quantization::{FakeQuantization, FakeSteps, FakeWeights, Filter};
use crate::ops::fake_quantize::{self, Grid, Steps};
use crate::ops::{Layer, Role};

impl Network {
    /// The learnable scales and the filters that stand on steps.
    pub(super) fn put_on_steps(&mut self, graph: &Graph, fake: &FakeQuantization) -> Result<(), TrainError> {
        for FakeWeights { tensor, axis, bits, input, output, bias, learned } in &fake.weights {
            let idx = TensorIdx(*tensor as u32);
            let parameter = self.parameters.find(idx).filter(|parameter| parameter.role == Role::Weights);
            let (Some(parameter), Some(found)) = (parameter, graph.get(idx)) else {
                let problem = format!("tensor {tensor} is to lie on steps, but holds no trained weights");
                return Err(TrainError::graph(format!("model \"{}\"", graph.name), problem));
            };
            let elements = parameter.range.clone();
            let extent = |axis: usize| found.shape.get(axis).copied().unwrap_or(1).max(1);
            let n_channels = axis.map_or(1, extent);
            let inner = match axis {
                Some(axis) => found.shape.iter().skip(axis + 1).product::<usize>().max(1),
                None => elements.len(),
            };
            let is_learned = learned.len() == n_channels;
            if !is_learned && !learned.is_empty() {
                let problem = format!("has {n_channels} channels and {} scales", learned.len());
                return Err(TrainError::graph(format!("tensor \"{}\"", found.name), problem));
            }
            let known = |steps: Option<FakeSteps>| steps.map(|steps| self.known(*tensor, steps)).transpose();
            let (input, output) = (known(*input)?, known(*output)?);
            let bias = bias.and_then(|bias| self.parameters.trained(TensorIdx(bias as u32))).zip(input);
            let rescaled = input.zip(output);
            let learned = is_learned.then(|| self.parameters.place_scales(n_channels));
            let greatest = greatest_step(*bits);
            self.filters.list.push(Filter { elements, n_channels, inner, greatest, bias, rescaled, learned });
        }
        self.parameters.n_moving += 2 * self.ranges.len();
        Ok(())
    }

    /// Puts the input on its steps.
    pub(super) fn quantize_input(&mut self, fake: Option<&FakeQuantization>) -> Result<(), TrainError> {
        let quantized = self.input;
        let Some(steps) = self.steps_of(quantized, fake)? else { return Ok(()) };
        self.elements.push(self.elements[quantized]);
        self.input = self.elements.len() - 1;
        self.push_fake((steps, None), self.input, quantized);
        Ok(())
    }

    /// Puts what the last step makes on its steps: it makes a tensor of its own, which is quantised into the graph's.
    pub(super) fn quantize_output(
        &mut self,
        graph: &Graph,
        output: TensorIdx,
        fake: Option<&FakeQuantization>,
    ) -> Result<(), TrainError> {
        let Some(steps) = self.steps_of(output.idx(), fake)? else { return Ok(()) };
        let raw = self.elements.len();
        self.elements.push(self.elements[output.idx()]);
        if let Some(step) = self.steps.iter_mut().find(|step| step.output == output.idx()) {
            step.output = raw;
        }
        let filter =
            graph.producer(output).and_then(|node| graph.nodes.get(node.idx())?.inputs.get(1).copied()?);
        let is_filter = |weights: &FakeWeights| filter.is_some_and(|filter| filter.idx() == weights.tensor);
        let filter = fake.and_then(|fake| fake.weights.iter().position(is_filter));
        self.push_fake((steps, filter), raw, output.idx());
        Ok(())
    }

    fn push_fake(&mut self, (steps, filter): (Steps, Option<usize>), raw: usize, output: usize) {
        let layer = Layer::FakeQuantize(fake_quantize::Layer { steps, filter });
        self.steps.push(Step {
            layer,
            has_parameters: false,
            inputs: vec![Some(raw)],
            output,
            gradient: None,
            targets: Vec::new(),
        });
    }

    fn steps_of(&self, tensor: usize, fake: Option<&FakeQuantization>) -> Result<Option<Steps>, TrainError> {
        let found = fake.and_then(|fake| fake.activations.iter().find(|(at, _)| *at == tensor));
        found.map(|&(_, steps)| self.known(tensor, steps)).transpose()
    }

    fn known(&self, tensor: usize, steps: FakeSteps) -> Result<Steps, TrainError> {
        match steps {
            FakeSteps::Fixed(scale, zero_point) => Ok(Steps::Fixed(Grid::new(scale, zero_point))),
            FakeSteps::Range(at) if at < self.ranges.len() => Ok(Steps::Slot(at)),
            FakeSteps::Range(at) => {
                let problem = format!("names range {at} of {}", self.ranges.len());
                Err(TrainError::graph(format!("tensor {tensor}"), problem))
            }
        }
    }

    /// Reads the trained and the moving values out of a graph; scales and ranges are those to begin with.
    pub(crate) fn load(&self, graph: &Graph, fake: Option<&FakeQuantization>) -> (Vec<f32>, Vec<f32>) {
        let (mut trained, mut moving) = self.parameters.load(graph);
        let weights = fake.map_or(&[][..], |fake| &fake.weights);
        for (filter, weights) in self.filters.list.iter().zip(weights) {
            if let Some(learned) = &filter.learned {
                let logs = trained[learned.clone()].iter_mut().zip(&weights.learned);
                logs.for_each(|(log, scale)| *log = scale.ln());
            }
        }
        for (range, initial) in self.ranges_mut(&mut moving).zip(&self.ranges) {
            *range = [initial.0, initial.1];
        }
        (trained, moving)
    }

    /// The ranges of activations among the moving values.
    pub(crate) fn ranges_mut<'a>(&self, moving: &'a mut [f32]) -> impl Iterator<Item = &'a mut [f32; 2]> {
        let start = moving.len() - 2 * self.ranges.len();
        moving[start..].as_chunks_mut::<2>().0.iter_mut()
    }

    /// The steps of activations, by range.
    pub(crate) fn grids(&self, moving: &[f32]) -> Vec<Grid> {
        let ranges = moving[moving.len() - 2 * self.ranges.len()..].as_chunks::<2>().0;
        ranges.iter().map(|&[min, max]| Grid::of(Range { min, max })).collect()
    }
}
