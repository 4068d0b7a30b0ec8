//! What helps where an operator is not supported.

/// Operators that converters write and Smidgen refuses, and what to do instead.
const WAYS_OUT: &[(&str, &str)] = &[
    ("BIDIRECTIONAL_SEQUENCE_LSTM", "convert two LSTM layers, one of them on the reversed sequence"),
    ("BIDIRECTIONAL_SEQUENCE_RNN", "use LSTM or GRU layers"),
    ("CONV_3D", "use convolutions of two dimensions"),
    ("DENSIFY", "its weights are sparse; convert the model without Optimize.EXPERIMENTAL_SPARSITY"),
    ("EMBEDDING_LOOKUP", "look the rows up with GATHER"),
    ("FAKE_QUANT", "convert the model to int8, which takes the ranges from it"),
    ("IF", "control flow is not supported; convert the branch that is taken, or choose with SELECT_V2"),
    ("LOCAL_RESPONSE_NORMALIZATION", "train with batch normalisation"),
    ("LSTM", "convert the layer to UNIDIRECTIONAL_SEQUENCE_LSTM (tf.keras.layers.LSTM)"),
    ("NON_MAX_SUPPRESSION_V4", "end the model before it and choose the boxes in the application"),
    ("NON_MAX_SUPPRESSION_V5", "end the model before it and choose the boxes in the application"),
    ("RNN", "use LSTM or GRU layers"),
    ("TOPK_V2", "end the model before it and choose in the application"),
    ("UNIDIRECTIONAL_SEQUENCE_RNN", "use LSTM or GRU layers"),
    (
        "WHILE",
        "loops are not supported; convert with unrolled layers (tf.keras: unroll=True) and fixed steps",
    ),
];

/// The way out of an operator by this name: a builtin's, or a custom one's where `is_custom`.
pub(crate) fn way_out(name: &str, is_custom: bool) -> Option<&'static str> {
    if is_custom {
        let flex = name.strip_prefix("Flex").is_some();
        return flex.then_some("it runs in TensorFlow only; convert without SELECT_TF_OPS");
    }
    WAYS_OUT.iter().find(|(operator, _)| *operator == name).map(|&(_, way_out)| way_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin_names::builtin_name;

    #[test]
    fn every_row_is_an_operator_of_the_schema_that_is_refused() {
        for (name, _) in WAYS_OUT {
            let code = (0..256).find(|&code| builtin_name(code) == Some(name));
            assert!(code.is_some_and(|code| crate::ops::find(code, b"").is_none()), "{name}");
        }
        assert!(way_out("FlexErf", true).is_some());
        assert!(way_out("Mine", true).is_none());
    }
}
