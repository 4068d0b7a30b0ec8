//! Which activations of a student are held to which of its teacher.

use serde::{Deserialize, Serialize};
use smidgen_ir::{Graph, TensorIdx};
use smidgen_train::{Feature, FeatureKind, Teacher, feature_pairs};

use crate::{Error, Result};

/// What a student learns from inside its teacher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Features {
    /// What of an activation is compared.
    pub kind: FeatureKind,
    /// What it counts beside the rest of the loss.
    pub weight: f32,
    /// Names of the student's activations with those of the teacher; the last ones of each height and width when empty.
    pub pairs: Vec<[String; 2]>,
}

impl Default for Features {
    fn default() -> Self {
        Features { kind: FeatureKind::default(), weight: 10.0, pairs: Vec::new() }
    }
}

/// A teacher, and what of the student is held to it besides the logits.
#[derive(Debug)]
pub(crate) struct Taught {
    pub(crate) teacher: Teacher,
    pub(crate) features: Vec<Feature>,
}

impl Taught {
    /// Of one or several teachers.
    ///
    /// # Errors
    /// Graphs that are no teachers, features of several teachers, or activations that are not there or do not fit.
    pub(crate) fn new(teachers: &[Graph], features: Option<&Features>, student: &Graph) -> Result<Self> {
        let Some(config) = features else {
            let teacher = Teacher::new(teachers).map_err(Error::input)?;
            return Ok(Taught { teacher, features: Vec::new() });
        };
        let [teacher] = teachers else {
            return Err(Error::input("distillation.features are those of one teacher")
                .help("name one teacher, or leave features out"));
        };
        let pairs = pairs(config, student, teacher)?;
        let (kind, weight) = (config.kind, config.weight);
        let feature = |&(tensor, _): &(TensorIdx, TensorIdx)| Feature { tensor, kind, weight };
        let features = pairs.iter().map(feature).collect();
        let taps: Vec<(TensorIdx, FeatureKind)> = pairs.iter().map(|&(_, tensor)| (tensor, kind)).collect();
        let teacher = Teacher::with_features(teachers, &taps).map_err(Error::input)?;
        Ok(Taught { teacher, features })
    }
}

fn pairs(config: &Features, student: &Graph, teacher: &Graph) -> Result<Vec<(TensorIdx, TensorIdx)>> {
    if config.pairs.is_empty() {
        let found = feature_pairs(student, teacher, config.kind);
        if found.is_empty() {
            let what = match config.kind {
                FeatureKind::Attention => "activations of the same height and width",
                FeatureKind::Hint => "activations of the same shape, which hints need",
            };
            return Err(Error::input(format!("distillation.features: student and teacher have no {what}"))
                .help("kind = \"attention\" takes any number of channels; or leave features out"));
        }
        return Ok(found);
    }
    let find = |graph: &Graph, who: &str, name: &str| {
        let made = graph.nodes.iter().flat_map(|node| &node.outputs);
        made.copied().find(|&output| graph.tensor(output).name == name).ok_or_else(|| {
            Error::input(format!("distillation.features.pairs: the {who} makes no activation \"{name}\""))
                .help("smidgen inspect MODEL lists the outputs of all operators")
        })
    };
    let pair = |[own, other]: &[String; 2]| {
        let (a, b) = (find(student, "student", own)?, find(teacher, "teacher", other)?);
        let (x, y) = (&student.tensor(a).shape, &teacher.tensor(b).shape);
        let n = if config.kind == FeatureKind::Hint { 4 } else { 3 };
        if x.len() != 4 || y.len() != 4 || x[..n] != y[..n] {
            return Err(Error::input(format!(
                "distillation.features.pairs: \"{own}\" has the shape {x:?} and \"{other}\" {y:?}; attention needs the same height \
                 and width, hints the same shape"
            )));
        }
        Ok((a, b))
    };
    let found: Vec<(TensorIdx, TensorIdx)> = config.pairs.iter().map(pair).collect::<Result<_>>()?;
    for (at, (own, _)) in found.iter().enumerate() {
        if found[..at].iter().any(|(known, _)| known == own) {
            let name = &student.tensor(*own).name;
            return Err(Error::input(format!(
                "distillation.features.pairs: the student's \"{name}\" stands in two pairs"
            ))
            .help("an activation is held to one of the teacher's"));
        }
    }
    Ok(found)
}
