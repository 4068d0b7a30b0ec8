//! Attributes as text: `stride=[2,1] padding=SAME`.

use std::fmt::Display;
use std::str::FromStr;

use super::{Activation, Padding};

/// The attributes of one node in order, each with its value as printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    entries: Vec<(String, String)>,
}

impl Attributes {
    pub(crate) fn push(&mut self, key: &str, value: impl Into<String>) {
        self.entries.push((key.to_owned(), value.into()));
    }

    /// Appends `key=value`.
    pub(crate) fn with(mut self, key: &str, value: impl Display) -> Self {
        self.push(key, value.to_string());
        self
    }

    /// Appends `key=[a,b,…]`.
    pub(crate) fn with_list<T: Display>(self, key: &str, values: &[T]) -> Self {
        let values: Vec<String> = values.iter().map(T::to_string).collect();
        self.with(key, format!("[{}]", values.join(",")))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// Takes one value.
    pub(crate) fn take<T: FromStr>(&mut self, key: &str) -> Result<T, String> {
        let value = self.take_text(key)?;
        value.parse().map_err(|_| format!("attribute {key}: cannot read \"{value}\""))
    }

    /// Takes a list of any length.
    pub(crate) fn take_list<T: FromStr>(&mut self, key: &str) -> Result<Vec<T>, String> {
        let value = self.take_text(key)?;
        let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let inner = inner.ok_or_else(|| format!("attribute {key}: expected [a,b,…], found \"{value}\""))?;
        let items = inner.split(',').skip(usize::from(inner.is_empty()));
        items
            .map(|item| item.parse().map_err(|_| format!("attribute {key}: cannot read \"{item}\"")))
            .collect()
    }

    /// Takes a list of two.
    pub(crate) fn take_pair<T: FromStr>(&mut self, key: &str) -> Result<[T; 2], String> {
        let list = self.take_list(key)?;
        let length = list.len();
        <[T; 2]>::try_from(list).map_err(|_| format!("attribute {key}: expected 2 values, found {length}"))
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(&self) -> Result<(), String> {
        match self.entries.first() {
            Some((key, _)) => Err(format!("unknown attribute {key}")),
            None => Ok(()),
        }
    }

    fn take_text(&mut self, key: &str) -> Result<String, String> {
        let at = self.entries.iter().position(|(name, _)| name == key);
        let at = at.ok_or_else(|| format!("attribute {key} is missing"))?;
        Ok(self.entries.remove(at).1)
    }
}

impl Display for Activation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Activation::None => "NONE",
            Activation::Relu => "RELU",
            Activation::Relu6 => "RELU6",
            Activation::ReluN1To1 => "RELU_N1_TO_1",
        })
    }
}

impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "NONE" => Ok(Activation::None),
            "RELU" => Ok(Activation::Relu),
            "RELU6" => Ok(Activation::Relu6),
            "RELU_N1_TO_1" => Ok(Activation::ReluN1To1),
            _ => Err(format!("expected NONE, RELU, RELU6 or RELU_N1_TO_1, found \"{text}\"")),
        }
    }
}

impl Display for Padding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Padding::Same => "SAME",
            Padding::Valid => "VALID",
        })
    }
}

impl FromStr for Padding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "SAME" => Ok(Padding::Same),
            "VALID" => Ok(Padding::Valid),
            _ => Err(format!("expected SAME or VALID, found \"{text}\"")),
        }
    }
}
