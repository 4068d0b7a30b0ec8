//! What a model file says besides the network: kept from import to export, without a meaning for anything between.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the metadata of [`Meta::norm_scales`].
const NORM_SCALES: &str = "smidgen.batch_normalization_scales";

/// Description, signatures and metadata of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// What another tool wrote as the model's description; absent where the model was made here.
    pub description: Option<String>,
    /// Named ways to call the model. Empty means one that names all inputs and outputs after their tensors.
    pub signatures: Vec<Signature>,
    /// Further data by name, such as labels or normalisation, in file order.
    pub metadata: Vec<(String, Arc<[u8]>)>,
}

impl Meta {
    /// The scales (gamma) of batch normalisations that were folded, by the name of the filter that took them: they tell how much
    /// each channel is worth. Empty where none were, or where the metadata are not as written here.
    pub fn norm_scales(&self) -> BTreeMap<String, Vec<f32>> {
        let found = self.metadata.iter().find(|(name, _)| name == NORM_SCALES);
        found.and_then(|(_, bytes)| decode(bytes)).unwrap_or_default()
    }

    /// Exchanges [`Meta::norm_scales`]; no scales leave no metadata.
    pub fn set_norm_scales(&mut self, scales: &BTreeMap<String, Vec<f32>>) {
        self.metadata.retain(|(name, _)| name != NORM_SCALES);
        if !scales.is_empty() {
            self.metadata.push((NORM_SCALES.to_owned(), encode(scales).into()));
        }
    }
}

/// For each filter the length of its name, its name, the number of scales and the scales, all little endian.
fn encode(scales: &BTreeMap<String, Vec<f32>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, scales) in scales {
        bytes.extend((name.len() as u32).to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend((scales.len() as u32).to_le_bytes());
        bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> Option<BTreeMap<String, Vec<f32>>> {
    let number = |bytes: &mut &[u8]| {
        let (word, rest) = bytes.split_first_chunk::<4>()?;
        *bytes = rest;
        Some(u32::from_le_bytes(*word) as usize)
    };
    let mut scales = BTreeMap::new();
    while !bytes.is_empty() {
        let n = number(&mut bytes)?;
        let (name, rest) = bytes.split_at_checked(n)?;
        bytes = rest;
        let n = number(&mut bytes)?.checked_mul(4)?;
        let (values, rest) = bytes.split_at_checked(n)?;
        bytes = rest;
        let values = values.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
        scales.insert(String::from_utf8(name.to_vec()).ok()?, values);
    }
    Some(scales)
}

/// One named way to call the model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// Its key, mostly `serving_default`.
    pub key: String,
    /// Names of inputs with their positions in [`crate::Graph::inputs`].
    pub inputs: Vec<(String, usize)>,
    /// Names of outputs with their positions in [`crate::Graph::outputs`].
    pub outputs: Vec<(String, usize)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_come_back_and_anything_else_is_none() {
        let mut meta = Meta::default();
        assert!(meta.norm_scales().is_empty());
        let scales = BTreeMap::from([("a\u{e9}".to_owned(), vec![1.5, -2.0]), (String::new(), Vec::new())]);
        meta.set_norm_scales(&scales);
        assert_eq!(meta.norm_scales(), scales);
        let bytes = meta.metadata[0].1.clone();
        for n in 0..bytes.len() {
            meta.metadata[0].1 = bytes[..n].into();
            let found = meta.norm_scales();
            assert!(found.len() < 2, "{n} bytes");
        }
        meta.metadata[0].1 = [0xff; 64].into();
        assert!(meta.norm_scales().is_empty());
        meta.set_norm_scales(&BTreeMap::new());
        assert_eq!(meta, Meta::default());
    }
}
