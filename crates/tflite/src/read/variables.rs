//! Resource variables: VAR_HANDLE names one, CALL_ONCE runs a subgraph that assigns their first values, and READ_VARIABLE
//! and ASSIGN_VARIABLE use them. In the graph each is one tensor that is a variable.

use std::collections::{BTreeMap, BTreeSet};

use smidgen_ir::{Graph, Node, Op, Tensor, TensorIdx};

use super::Importer;
use crate::findings::{Budget, Fault, Findings, clip, text};
use crate::schema::{builtin, call_once_options, model, operator, options, sub_graph, var_handle_options};
use crate::tensors::Tensors;
use crate::wire::Table;

/// Container and name, by which handles of all subgraphs find the same variable.
type Key<'a> = (&'a [u8], &'a [u8]);

/// The variables of a file.
#[derive(Debug, Default)]
pub(super) struct Variables<'a> {
    numbers: BTreeMap<Key<'a>, u32>,
    /// Names and first values, by number.
    list: Vec<(&'a [u8], Option<&'a [u8]>)>,
    /// Handles of the main subgraph.
    handles: BTreeMap<TensorIdx, u32>,
    /// Subgraphs that CALL_ONCE runs.
    pub(super) initial_subgraphs: BTreeSet<u32>,
}

impl<'a> Variables<'a> {
    /// The variable that a VAR_HANDLE names, and the tensor that is its handle.
    fn declared(&mut self, table: &Table<'a>, budget: &mut Budget) -> Result<(TensorIdx, u32), Fault> {
        let kind = table.scalar(operator::OPTIONS_TYPE, 0u8)?;
        let given = table.table(operator::OPTIONS)?.filter(|_| kind == options::VAR_HANDLE);
        let given =
            given.ok_or_else(|| Fault::message("it has no VarHandleOptions; convert the model again"))?;
        let key =
            (given.bytes(var_handle_options::CONTAINER)?, given.bytes(var_handle_options::SHARED_NAME)?);
        let number = match self.numbers.get(&key) {
            Some(&number) => number,
            None => {
                const NODE_BYTES: usize = 128;
                budget.charge(NODE_BYTES)?;
                let number = self.list.len() as u32;
                self.list.push((key.1, None));
                self.numbers.insert(key, number);
                number
            }
        };
        let handle = operand(table, operator::OUTPUTS, 0)?;
        Ok((handle.ok_or_else(|| Fault::message("its result is absent; convert the model again"))?, number))
    }

    /// Notes a VAR_HANDLE of the main subgraph.
    pub(super) fn declare(&mut self, table: &Table<'a>, budget: &mut Budget) -> Result<(), Fault> {
        let (handle, number) = self.declared(table, budget)?;
        self.handles.insert(handle, number);
        Ok(())
    }

    /// Notes the values that the subgraph of a CALL_ONCE assigns.
    pub(super) fn initialise(
        &mut self,
        importer: &Importer<'a>,
        table: &Table<'a>,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        let kind = table.scalar(operator::OPTIONS_TYPE, 0u8)?;
        let given = table.table(operator::OPTIONS)?.filter(|_| kind == options::CALL_ONCE);
        let given =
            given.ok_or_else(|| Fault::message("it has no CallOnceOptions; convert the model again"))?;
        let at = given.scalar(call_once_options::INIT_SUBGRAPH_INDEX, 0i32)?;
        let subgraphs = importer.model.tables(model::SUBGRAPHS)?;
        let subgraph = usize::try_from(at).ok().filter(|&at| at > 0).and_then(|at| subgraphs.get(at));
        let subgraph = subgraph.ok_or_else(|| {
            let n = subgraphs.len();
            Fault::message(format!("it runs subgraph {at} of {n}, which it cannot; convert the model again"))
        })??;
        if !self.initial_subgraphs.insert(at.cast_unsigned()) {
            return Ok(());
        }
        let tensors = Tensors::of(&importer.model, &subgraph)?;
        let mut handles = BTreeMap::new();
        for table in subgraph.tables(sub_graph::OPERATORS)?.iter() {
            let table = table?;
            let code = importer.code(&table)?;
            match code.builtin {
                builtin::VAR_HANDLE => {
                    let (handle, number) = self.declared(&table, budget)?;
                    handles.insert(handle, number);
                }
                builtin::ASSIGN_VARIABLE => {
                    let handle = operand(&table, operator::INPUTS, 0)?;
                    let variable = handle.and_then(|handle| handles.get(&handle)).copied();
                    let value = operand(&table, operator::INPUTS, 1)?;
                    let value = value.map(|value| tensors.constant_bytes(value)).transpose()?.flatten();
                    let slot = variable.and_then(|number| self.list.get_mut(number as usize));
                    let (Some((_, first)), Some(value)) = (slot, value) else {
                        return Err(Fault::message(format!(
                            "its subgraph {at} assigns something else than a constant to a VAR_HANDLE; convert the \
                             model so that its variables start with constants"
                        )));
                    };
                    *first = Some(value);
                }
                _ => {
                    return Err(Fault::message(format!(
                        "its subgraph {at} runs {}, only VAR_HANDLE and ASSIGN_VARIABLE are supported; convert the \
                         model so that its variables start with constants",
                        code.name()
                    )));
                }
            }
        }
        Ok(())
    }

    /// Puts a number past the file's tensors in place of the handle of a READ_VARIABLE or ASSIGN_VARIABLE.
    pub(super) fn resolve(&self, node: &mut Node, n_tensors: usize) -> Result<(), Fault> {
        if !uses_variable(node) {
            return Ok(());
        }
        let handle = node.inputs.first().copied().flatten();
        let number = handle.and_then(|handle| self.handles.get(&handle)).ok_or_else(|| {
            Fault::message("its first operand is not the result of a VAR_HANDLE; convert the model again")
        })?;
        if let Some(first) = node.inputs.first_mut() {
            *first = Some(TensorIdx(n_tensors as u32 + number));
        }
        Ok(())
    }

    /// Adds the variables that nodes use to the graph, and their places to those of the file's tensors.
    pub(super) fn convert(
        &self,
        graph: &mut Graph,
        places: &mut Vec<Option<TensorIdx>>,
        budget: &mut Budget,
        findings: &mut Findings,
    ) -> Result<(), Fault> {
        let n_tensors = places.len();
        for (number, &(name, first)) in self.list.iter().enumerate() {
            let idx = TensorIdx((n_tensors + number) as u32);
            let users = graph
                .nodes
                .iter()
                .filter(|node| uses_variable(node) && node.inputs.first().copied().flatten() == Some(idx));
            // What is read from a variable or assigned to it says its type.
            let mut values = users.filter_map(|node| match node.op {
                Op::ReadVariable(_) => node.outputs.first().copied(),
                _ => node.inputs.get(1).copied().flatten(),
            });
            let value = values.next().and_then(|value| places.get(value.idx()).copied().flatten());
            let Some(value) = value.and_then(|value| graph.get(value)) else {
                places.push(None);
                continue;
            };
            budget.charge_for::<Tensor>(1)?;
            budget.charge(name.len().saturating_add(first.map_or(0, <[u8]>::len)))?;
            budget.charge_for_messages(1, name.len())?;
            let (dtype, shape) = (value.dtype, value.shape.clone());
            // TFLM's resources start with zero bytes, whatever their zero point: without one nothing else is said.
            let quant = value.quant.clone().filter(|_| first.is_some());
            let mut variable = Tensor::variable(text(name), dtype, shape, quant);
            if let Some(first) = first {
                if first.len() != variable.n_bytes() {
                    findings.problem(
                        &format!("variable \"{}\"", clip(name)),
                        format!(
                            "it takes {} bytes, its first value has {}; convert the model again",
                            variable.n_bytes(),
                            first.len()
                        ),
                    );
                } else if variable.initial_bytes() != first {
                    variable.data = Some(first.into());
                }
            }
            places.push(Some(graph.add_tensor(variable)));
        }
        Ok(())
    }
}

fn uses_variable(node: &Node) -> bool {
    matches!(node.op, Op::ReadVariable(_) | Op::AssignVariable(_))
}

/// Element `at` of a list of tensors, `None` where it is absent.
fn operand(table: &Table<'_>, list: u16, at: usize) -> Result<Option<TensorIdx>, Fault> {
    let idx = table.scalars::<i32>(list)?.get(at);
    Ok(idx.and_then(|idx| u32::try_from(idx).ok()).map(TensorIdx))
}
