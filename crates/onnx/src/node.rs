//! One node of a file as its reader sees it: names, version of the operator set, attributes with their defaults.

use crate::constant::Const;
use crate::decode::decode;
use crate::findings::{Fallible, clip};
use crate::proto::{AttributeProto, NodeProto, attribute_type};

/// A node with the version of its operator set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'m> {
    pub(crate) proto: &'m NodeProto,
    /// Position in the file.
    pub(crate) at: usize,
    /// Version of the operator set that its domain is imported with.
    pub(crate) opset: i64,
}

impl<'m> Node<'m> {
    /// The operator.
    pub(crate) fn op(&self) -> &'m str {
        &self.proto.op_type
    }

    /// A name for messages: `node 3 Conv "conv1/out"`.
    pub(crate) fn place(&self) -> String {
        let name = if self.proto.name.is_empty() { self.output_name(0) } else { &self.proto.name };
        format!("node {} {} \"{}\"", self.at, clip(self.op()), clip(name))
    }

    /// Name of operand `at`; empty where it is absent.
    pub(crate) fn input_name(&self, at: usize) -> &'m str {
        self.proto.input.get(at).map_or("", String::as_str)
    }

    /// Name of result `at`; empty where it is absent.
    pub(crate) fn output_name(&self, at: usize) -> &'m str {
        self.proto.output.get(at).map_or("", String::as_str)
    }

    /// Number of operands, absent ones at the end left out.
    pub(crate) fn n_inputs(&self) -> usize {
        self.proto.input.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
    }

    /// Refuses results past the first `n` that the graph uses.
    pub(crate) fn n_outputs(&self) -> usize {
        self.proto.output.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
    }

    fn attribute(&self, name: &str) -> Option<&'m AttributeProto> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }

    /// The attribute `name`, which must be of one of the types; 0 is what files of before 2017 say.
    fn typed(&self, name: &str, kind: i32) -> Fallible<Option<&'m AttributeProto>> {
        match self.attribute(name) {
            Some(found) if found.r#type != kind && found.r#type != 0 => Err(format!(
                "its attribute {name} has type {}, expected {kind}; export the model again",
                found.r#type
            )),
            found => Ok(found),
        }
    }

    /// Whether there is an attribute `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// An integer.
    pub(crate) fn int(&self, name: &str, default: i64) -> Fallible<i64> {
        Ok(self.typed(name, attribute_type::INT)?.map_or(default, |attribute| attribute.i))
    }

    /// A truth value.
    pub(crate) fn flag(&self, name: &str) -> Fallible<bool> {
        Ok(self.int(name, 0)? != 0)
    }

    /// A float.
    pub(crate) fn float(&self, name: &str, default: f32) -> Fallible<f32> {
        Ok(self.typed(name, attribute_type::FLOAT)?.map_or(default, |attribute| attribute.f))
    }

    /// A list of integers, `None` where it is absent.
    pub(crate) fn ints(&self, name: &str) -> Fallible<Option<&'m [i64]>> {
        Ok(self.typed(name, attribute_type::INTS)?.map(|attribute| attribute.ints.as_slice()))
    }

    /// A list of floats, `None` where it is absent.
    pub(crate) fn floats(&self, name: &str) -> Fallible<Option<&'m [f32]>> {
        Ok(self.typed(name, attribute_type::FLOATS)?.map(|attribute| attribute.floats.as_slice()))
    }

    /// A text.
    pub(crate) fn text(&self, name: &str, default: &'m str) -> Fallible<&'m str> {
        match self.typed(name, attribute_type::STRING)? {
            None => Ok(default),
            Some(found) => {
                std::str::from_utf8(&found.s).map_err(|_| format!("its attribute {name} is not UTF-8"))
            }
        }
    }

    /// A list of texts; empty where it is absent.
    pub(crate) fn texts(&self, name: &str) -> Fallible<Vec<String>> {
        let found = self.typed(name, attribute_type::STRINGS)?;
        let texts = found.map_or(&[][..], |attribute| attribute.strings.as_slice());
        Ok(texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect())
    }

    /// A constant, `None` where it is absent.
    pub(crate) fn tensor(&self, name: &str) -> Fallible<Option<Const>> {
        let found = self.typed(name, attribute_type::TENSOR)?;
        found.and_then(|attribute| attribute.t.as_deref()).map(decode).transpose()
    }
}

/// The axis that `axis` means among `rank`; negative ones count from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Fallible<usize> {
    let from_start = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    usize::try_from(from_start)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| format!("axis {axis} does not exist in {rank} dimensions; export the model again"))
}

/// The axes that `list` means among `rank`, each once, sorted.
pub(crate) fn axes(list: &[i64], rank: usize) -> Fallible<Vec<usize>> {
    let mut found = list.iter().map(|&at| axis(at, rank)).collect::<Fallible<Vec<_>>>()?;
    found.sort_unstable();
    let n = found.len();
    found.dedup();
    if found.len() == n {
        Ok(found)
    } else {
        Err(format!("axes {list:?} name one twice; export the model again"))
    }
}
