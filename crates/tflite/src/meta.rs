//! Description, signatures and metadata of a file: read into a graph's [`Meta`].

use std::collections::BTreeMap;
use std::sync::Arc;

use smidgen_ir::{Graph, Meta, Signature, TensorIdx};

use crate::DESCRIPTION_PREFIX;
use crate::findings::{Budget, Fault, Findings, clip, text};
use crate::lut::COMPRESSION_METADATA;
use crate::schema::{metadata, model, signature_def, tensor_map};
use crate::tensors::Tensors;
use crate::wire::{Table, Tables};

/// Key of the signature that a converter gives a model which has only one.
pub(crate) const DEFAULT_SIGNATURE: &str = "serving_default";

/// Name of the metadata that say which release runs the file; the writer works it out anew.
pub(crate) const MIN_RUNTIME_VERSION: &str = "min_runtime_version";

/// Metadata of TFLM's own that place the tensors of this very file in memory, and mean nothing for another one.
const OFFLINE_MEMORY_ALLOCATION: &str = "OfflineMemoryAllocation";

/// Reads description, signatures and metadata. `graph` has its inputs and outputs, numbered as in the file.
pub(crate) fn read(
    model: &Table<'_>,
    tensors: &Tensors<'_>,
    graph: &Graph,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<Meta, Fault> {
    let description = model.bytes(model::DESCRIPTION)?;
    let foreign = !description.is_empty() && !description.starts_with(DESCRIPTION_PREFIX.as_bytes());
    budget.charge(description.len())?;
    let mut meta = Meta { description: foreign.then(|| text(description)), ..Meta::default() };
    budget.charge_for::<[usize; 8]>(graph.inputs.len() + graph.outputs.len())?;
    let ends = [&graph.inputs, &graph.outputs].map(|ends| Places::of(ends));
    for (at, table) in model.tables(model::SIGNATURE_DEFS)?.iter().enumerate() {
        let read = table.map_err(Fault::from).and_then(|table| signature(&table, &ends, budget, findings));
        match read {
            Ok(signature) => meta.signatures.extend(signature),
            Err(fault) => findings.fault(&format!("signature {at}"), fault)?,
        }
    }
    if let [only] = meta.signatures.as_slice()
        && *only == default_signature(&end_names(tensors, &graph.inputs), &end_names(tensors, &graph.outputs))
    {
        meta.signatures.clear();
    }
    for (at, table) in model.tables(model::METADATA)?.iter().enumerate() {
        let read = table.map_err(Fault::from).and_then(|table| data(&table, tensors, budget));
        match read {
            Ok((name, _)) if name == MIN_RUNTIME_VERSION || name == COMPRESSION_METADATA => {}
            Ok((name, _)) if name == OFFLINE_MEMORY_ALLOCATION => findings.warn(format!(
                "the metadata {OFFLINE_MEMORY_ALLOCATION} are left out: memory is planned anew"
            )),
            Ok(named) => meta.metadata.push(named),
            Err(fault) => findings.fault(&format!("metadata {at}"), fault)?,
        }
    }
    Ok(meta)
}

fn end_names(tensors: &Tensors<'_>, ends: &[TensorIdx]) -> Vec<String> {
    ends.iter().map(|&idx| text(tensors.name(idx))).collect()
}

/// The signature that a model has where nothing else is said: the names of the tensors where each end has one of its
/// own, else `input_0`, `input_1` and so on.
pub(crate) fn default_signature(inputs: &[String], outputs: &[String]) -> Signature {
    let named = |names: &[String], end: &str| {
        let mut distinct: Vec<&String> = names.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let good = distinct.len() == names.len() && !names.iter().any(String::is_empty);
        let name = |(at, name): (usize, &String)| if good { name.clone() } else { format!("{end}_{at}") };
        names.iter().enumerate().map(name).zip(0..).collect()
    };
    Signature {
        key: DEFAULT_SIGNATURE.to_owned(),
        inputs: named(inputs, "input"),
        outputs: named(outputs, "output"),
    }
}

/// Position of each input or output by its tensor.
#[derive(Debug)]
struct Places(BTreeMap<TensorIdx, usize>);

impl Places {
    fn of(ends: &[TensorIdx]) -> Self {
        Places(ends.iter().copied().zip(0..).collect())
    }
}

/// One signature; `None` where it calls another subgraph than the first.
fn signature(
    table: &Table<'_>,
    [inputs, outputs]: &[Places; 2],
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<Option<Signature>, Fault> {
    let key = table.bytes(signature_def::SIGNATURE_KEY)?;
    budget.charge(key.len())?;
    budget.charge_for::<Signature>(1)?;
    if table.scalar(signature_def::SUBGRAPH_INDEX, 0u32)? != 0 {
        findings.warn(format!(
            "signature \"{}\" calls another subgraph than the first and is left out",
            clip(key)
        ));
        return Ok(None);
    }
    Ok(Some(Signature {
        key: text(key),
        inputs: ends(table.tables(signature_def::INPUTS)?, inputs, "input", budget)?,
        outputs: ends(table.tables(signature_def::OUTPUTS)?, outputs, "output", budget)?,
    }))
}

fn ends(
    maps: Tables<'_>,
    places: &Places,
    what: &str,
    budget: &mut Budget,
) -> Result<Vec<(String, usize)>, Fault> {
    let mut named = Vec::new();
    for map in maps.iter() {
        let map = map?;
        let name = map.bytes(tensor_map::NAME)?;
        let idx = map.scalar(tensor_map::TENSOR_INDEX, 0u32)?;
        budget.charge(name.len())?;
        budget.charge_for::<(String, usize)>(2)?;
        let at = places.0.get(&TensorIdx(idx)).copied().ok_or_else(|| {
            Fault::message(format!(
                "its {what} \"{}\" is tensor {idx}, which is no {what} of the model; convert the model again",
                clip(name)
            ))
        })?;
        named.push((text(name), at));
    }
    Ok(named)
}

fn data(table: &Table<'_>, tensors: &Tensors<'_>, budget: &mut Budget) -> Result<(String, Arc<[u8]>), Fault> {
    let name = table.bytes(metadata::NAME)?;
    let bytes = tensors.buffer(table.scalar(metadata::BUFFER, 0u32)?)?.unwrap_or_default();
    budget.charge(name.len().saturating_add(bytes.len()))?;
    budget.charge_for::<(String, Arc<[u8]>)>(2)?;
    Ok((text(name), Arc::from(bytes)))
}
