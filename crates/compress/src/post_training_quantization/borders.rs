//! Where types meet: QUANTIZE and DEQUANTIZE between layers of unlike precision, and at the borders of a graph.

use super::rewrite::Rewriter;
use crate::CompressError;
use smidgen_ir::ops::{dequantize, quantize};
use smidgen_ir::{DType, Node, NodeIdx, Op, OutputQuant, Tensor, TensorIdx};

impl Rewriter<'_> {
    /// Gives a node its activations in the type that it computes with.
    pub(super) fn convert_inputs(&mut self, idx: NodeIdx) -> Result<(), CompressError> {
        for operand in 0..self.graph.nodes[idx.idx()].inputs.len() {
            let Some(input) = self.graph.nodes[idx.idx()].inputs[operand] else { continue };
            let tensor = self.graph.tensor(input);
            let is_real = tensor.quant.is_some() || tensor.dtype == DType::F32;
            if tensor.is_const() || tensor.is_variable || !is_real || tensor.dtype == self.dtype() {
                continue;
            }
            let copy = self.copy(input)?;
            self.graph.nodes[idx.idx()].inputs[operand] = Some(copy);
        }
        Ok(())
    }

    /// An activation in the type of the node that is being rewritten.
    fn copy(&mut self, of: TensorIdx) -> Result<TensorIdx, CompressError> {
        let dtype = self.dtype();
        if let Some(&copy) = self.copies.get(&(of, dtype)) {
            return Ok(copy);
        }
        let tensor = self.graph.tensor(of);
        let copy =
            Tensor::activation(format!("{}_{}", tensor.name, dtype.name()), dtype, tensor.shape.clone());
        let quant = if dtype == DType::F32 { None } else { Some(self.quant(self.range(of)?)) };
        let copy = self.graph.add_tensor(Tensor { quant, ..copy });
        self.nodes.push(Node { op: conversion(dtype), inputs: vec![Some(of)], outputs: vec![copy] });
        self.copies.insert((of, dtype), copy);
        Ok(copy)
    }

    /// Outputs have the type of all other activations, whatever their layer computes with, and keep their names.
    pub(super) fn settle_outputs(&mut self) -> Result<(), CompressError> {
        for at in 0..self.graph.outputs.len() {
            let inner = self.graph.outputs[at];
            let tensor = self.graph.tensor(inner);
            let is_real = tensor.quant.is_some() || tensor.dtype == DType::F32;
            if !is_real || tensor.is_const() || tensor.dtype == self.dtype() {
                continue;
            }
            let fixed = self.graph.producer(inner).map(|node| self.graph.nodes[node.idx()].op.output_quant());
            let quant = match fixed {
                Some(OutputQuant::Fixed(quant)) if !self.is_wide() => quant,
                _ => self.quant(self.range(inner)?),
            };
            let outer = Tensor::activation(tensor.name.clone(), self.dtype(), tensor.shape.clone());
            let suffix = format!("_{}", tensor.dtype.name());
            self.graph.tensor_mut(inner).name.push_str(&suffix);
            let outer = self.graph.add_tensor(Tensor { quant: Some(quant), ..outer });
            self.nodes.push(Node {
                op: conversion(self.dtype()),
                inputs: vec![Some(inner)],
                outputs: vec![outer],
            });
            self.graph.outputs[at] = outer;
        }
        Ok(())
    }

    pub(super) fn float_inputs(&mut self) {
        for at in 0..self.graph.inputs.len() {
            let inner = self.graph.inputs[at];
            let tensor = self.graph.tensor(inner);
            let outer = Tensor::activation(tensor.name.clone(), DType::F32, tensor.shape.clone());
            self.graph.tensor_mut(inner).name.push_str("_int8");
            let outer = self.graph.add_tensor(outer);
            let op = Op::Quantize(quantize::Quantize::default());
            self.graph.nodes.insert(at, Node { op, inputs: vec![Some(outer)], outputs: vec![inner] });
            self.graph.inputs[at] = outer;
        }
    }

    pub(super) fn float_outputs(&mut self) {
        for at in 0..self.graph.outputs.len() {
            let inner = self.graph.outputs[at];
            let tensor = self.graph.tensor(inner);
            let outer = Tensor::activation(tensor.name.clone(), DType::F32, tensor.shape.clone());
            self.graph.tensor_mut(inner).name.push_str("_int8");
            let outer = self.graph.add_tensor(outer);
            let op = Op::Dequantize(dequantize::Dequantize);
            self.graph.nodes.push(Node { op, inputs: vec![Some(inner)], outputs: vec![outer] });
            self.graph.outputs[at] = outer;
        }
    }
}

/// The operator that brings an activation to this type.
pub(super) fn conversion(to: DType) -> Op {
    match to {
        DType::F32 => Op::Dequantize(dequantize::Dequantize),
        to => Op::Quantize(quantize::Quantize { to }),
    }
}
