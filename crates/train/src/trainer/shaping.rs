//! What techniques ask of the trainer besides training: weights that are held to some values, ranges and scales that it found,
//! gradients.

use std::ops::Range;
use std::sync::Arc;

use smidgen_ir::TensorIdx;

use super::{State, Trainer, fill};
use crate::constraint::Constraint;
use crate::error::TrainError;
use crate::examples::Source;
use crate::fake_quantization::Arithmetic;
use crate::ops::Role;
use crate::workspace::{Model, Workspace};

impl Trainer {
    /// Holds tensors to the values that their constraints allow, from now on and after every step, instead of what they were
    /// held to before.
    ///
    /// # Errors
    /// A tensor that is not trained.
    pub fn constrain(&mut self, held: Vec<(TensorIdx, Arc<dyn Constraint>)>) -> Result<(), TrainError> {
        let place = |(tensor, constraint): (TensorIdx, _)| {
            let trained = self.network.parameters.trained(tensor);
            let range = trained.ok_or_else(|| {
                TrainError::graph(
                    format!("tensor {}", tensor.0),
                    "is to be held to some values, but is not trained",
                )
            })?;
            Ok((range, constraint))
        };
        self.constraints = held.into_iter().map(place).collect::<Result<_, _>>()?;
        self.project();
        Ok(())
    }

    pub(super) fn project(&mut self) {
        let State { params, average, .. } = &mut self.state;
        for (range, constraint) in &self.constraints {
            constraint.project(&mut params[range.clone()]);
            if let Some(average) = average.get_mut(range.clone()) {
                constraint.project(average);
            }
        }
    }

    /// The ranges of the activations that are quantised, as they are judged and exported: least and greatest value, in the
    /// order of [`crate::FakeQuantization::ranges`].
    pub fn ranges(&self) -> Vec<(f32, f32)> {
        let (_, moving) = self.judged();
        let ranges = moving[moving.len() - 2 * self.network.ranges.len()..].as_chunks::<2>().0;
        ranges.iter().map(|&[low, high]| (low, high)).collect()
    }

    /// The learnt scales of each entry of [`crate::FakeQuantization::weights`]; empty where they follow the magnitude.
    pub fn scales(&self) -> Vec<Vec<f32>> {
        let (params, _) = self.judged();
        let of = |learned: &Option<Range<usize>>| match learned {
            Some(learned) => params[learned.clone()].iter().map(|log| log.exp()).collect(),
            None => Vec::new(),
        };
        self.network.filters.list.iter().map(|filter| of(&filter.learned)).collect()
    }

    /// Gradients of the mean loss over the examples at `indices`, as they are read without variation: those of each trained
    /// tensor, in the order of its elements. Nothing is changed.
    ///
    /// # Errors
    /// As [`Trainer::epoch`].
    pub fn gradients(
        &self,
        examples: &dyn Source,
        indices: &[usize],
    ) -> Result<Vec<(TensorIdx, Vec<f32>)>, TrainError> {
        self.check(examples, self.criterion.n_classes())?;
        let (mut workspace, mut moving) = (Workspace::new(&self.network), self.state.moving.clone());
        let mut arithmetic = Arithmetic::default();
        arithmetic.set(&self.network.filters, &self.state.params, self.network.grids(&moving));
        let params = arithmetic.params(&self.state.params);
        let model =
            Model { network: &self.network, criterion: &self.criterion, params, arithmetic: &arithmetic };
        let mut sums = vec![0.0f32; self.state.params.len()];
        for batch in indices.chunks(self.config.batch) {
            let fill = |at: usize, input: &mut [f32], target: &mut [f32]| {
                fill(examples, batch[at], None, input, target)
            };
            let weight = indices.iter().map(|&index| self.criterion.weight(examples.class(index))).sum();
            let tally =
                workspace.train(model, &self.segments, (batch.len(), weight), &fill, (&mut moving, 1.0));
            tally.map_err(TrainError::Examples)?;
            for lane in workspace.gradients() {
                sums.iter_mut().zip(lane).for_each(|(sum, gradient)| *sum += gradient);
            }
        }
        let trained = self.network.parameters.list.iter().filter(|parameter| parameter.role != Role::Moving);
        Ok(trained.map(|parameter| (parameter.tensor, sums[parameter.range.clone()].to_vec())).collect())
    }
}
