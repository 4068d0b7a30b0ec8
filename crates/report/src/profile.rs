//! What a model costs on a board, in the JSON that `smidgen build` and `smidgen profile` promise.

use serde::{Deserialize, Serialize};

/// Flash that the linked ELF holds for the model, its kernels and its runtime, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashBytes {
    /// The sum of the others.
    pub total: u64,
    /// Machine code.
    pub code: u64,
    /// Weights, biases and requantisation tables.
    pub weights: u64,
    /// Other constants.
    pub other: u64,
}

/// RAM of one inference, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RamBytes {
    /// The sum of the others.
    pub total: u64,
    /// The arena of the activations.
    pub arena: u64,
    /// The most stack that one inference can need.
    pub stack_bound: u64,
    /// Other static memory.
    pub other: u64,
}

/// What one operator of the model costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerCost {
    /// Position of the operator in the model file.
    pub index: usize,
    /// The operator's name in TensorFlow Lite.
    pub op: String,
    /// Name of its output.
    pub name: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Executed instructions of one inference; `None` until it ran.
    pub instructions: Option<u64>,
    /// Cycles; `None` until there is a cycle model for the core.
    pub cycles: Option<u64>,
}

/// What one graph pass saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassEffect {
    /// The pass.
    pub name: String,
    /// Operators that went away.
    pub operators_removed: u64,
    /// Channels that went away.
    pub channels_removed: u64,
    /// Multiply-accumulates that went away.
    pub macs_removed: u64,
    /// Bytes of constants that went away.
    pub bytes_removed: u64,
    /// Bytes of the arena that went away.
    pub arena_bytes_removed: u64,
}

/// Operators of a model that run strip by strip so that the arena is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strips {
    /// Position of the first one in the model file.
    pub first: u64,
    /// Operators that run in strips.
    pub operators: u64,
    /// Strips of rows.
    pub strips: u64,
    /// Multiply-accumulates of the model without strips, and with them: rows that two strips need are computed twice.
    pub macs: [u64; 2],
}

/// Cost of a model on a board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// File name of the model.
    pub model: String,
    /// The board's name.
    pub board: String,
    /// The core's name.
    pub core: String,
    /// Flash of model, kernels and runtime.
    pub flash_bytes: FlashBytes,
    /// RAM of model, kernels and runtime.
    pub ram_bytes: RamBytes,
    /// Start-up code and test harness in flash, which a product does not carry.
    pub harness_bytes: u64,
    /// The deepest stack seen while running, in bytes; `None` until it ran.
    pub stack_seen_bytes: Option<u64>,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Executed instructions from the call of one inference to its return; `None` until it ran.
    pub instructions: Option<u64>,
    /// Cycles; `None` until there is a cycle model for the core.
    pub cycles: Option<u64>,
    /// Latency; `None` until there is a cycle model for the core.
    pub latency_us: Option<u64>,
    /// Cost of each operator, in the order of the model file.
    pub layers: Vec<LayerCost>,
    /// What the graph passes saved.
    pub passes: Vec<PassEffect>,
    /// The operators that run in strips, where some do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strips: Option<Strips>,
}

impl Profile {
    /// The sum of the layers' instructions; `None` when one of them was not measured.
    pub fn layer_instructions(&self) -> Option<u64> {
        self.layers.iter().map(|layer| layer.instructions).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_promised_names() {
        let layer = LayerCost {
            index: 0,
            op: "CONV_2D".into(),
            name: "conv".into(),
            macs: 3,
            instructions: Some(9),
            cycles: None,
        };
        let profile = Profile { layers: vec![layer], instructions: Some(10), ..Profile::default() };
        let json = serde_json::to_value(&profile).unwrap();
        for key in ["model", "board", "core", "flash_bytes", "ram_bytes", "harness_bytes", "macs", "passes"] {
            assert!(json.get(key).is_some(), "{key}");
        }
        for key in ["total", "code", "weights", "other"] {
            assert!(json["flash_bytes"][key].is_u64(), "{key}");
        }
        for key in ["total", "arena", "stack_bound", "other"] {
            assert!(json["ram_bytes"][key].is_u64(), "{key}");
        }
        assert!(json["cycles"].is_null() && json["latency_us"].is_null());
        assert_eq!(json["layers"][0]["op"], "CONV_2D");
        assert_eq!(json["layers"][0]["instructions"], 9);
        assert!(json["layers"][0]["cycles"].is_null());
        assert_eq!(profile.layer_instructions(), Some(9));
    }
}
