//! What a model file says besides the network: kept from import to export, without a meaning for anything between.

use std::sync::Arc;

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
