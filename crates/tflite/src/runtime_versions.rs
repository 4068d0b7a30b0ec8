//! The first TensorFlow release that runs each version of each operator, as `FindMinimumRuntimeVersionForOp` of
//! TensorFlow's `runtime_version.cc` lists them.

use crate::builtin_names::builtin_name;

/// Major, minor and patch number of the first release that runs version `number` of builtin operator `code`; the
/// release of the newest known version for later ones, and 1.5.0, the first of the format, for unknown operators.
pub(crate) fn since(code: i32, number: i32) -> [u8; 3] {
    let releases = builtin_name(code)
        .and_then(|name| RELEASES.binary_search_by_key(&name, |&(name, _)| name).ok())
        .and_then(|at| RELEASES.get(at))
        .map_or(&[][..], |(_, releases)| releases);
    let at = usize::try_from(number.saturating_sub(1)).unwrap_or(0);
    releases.get(at).or(releases.last()).map_or([1, 5, 0], |release| parse(release))
}

fn parse(release: &str) -> [u8; 3] {
    let mut numbers = [0; 3];
    for (to, from) in numbers.iter_mut().zip(release.split('.')) {
        *to = from.parse().unwrap_or(0);
    }
    numbers
}

/// Operators by name with the releases of versions 1, 2 and so on.
#[rustfmt::skip]
const RELEASES: [(&str, &[&str]); 112] = [
    ("ABS", &["1.13.0", "2.4.0", "2.5.0", "2.6.0", "2.12.0"]),
    ("ADD", &["1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.13.0", "2.23.0"]),
    ("ADD_N", &["1.14.0"]),
    ("ARG_MAX", &["1.9.0", "1.14.0", "2.9.0"]),
    ("ARG_MIN", &["1.9.0", "1.14.0", "2.9.0"]),
    ("ASSIGN_VARIABLE", &["2.6.0"]),
    ("AVERAGE_POOL_2D", &["1.5.0", "1.14.0", "2.3.0"]),
    ("BATCH_MATMUL", &["2.3.0", "2.3.0", "2.4.0", "2.5.0"]),
    ("BATCH_TO_SPACE_ND", &["1.6.0", "1.14.0", "2.3.0", "2.12.0"]),
    ("BROADCAST_ARGS", &["2.6.0"]),
    ("BROADCAST_TO", &["2.5.0", "2.5.0", "2.5.0"]),
    ("CALL_ONCE", &["2.5.0"]),
    ("CAST", &["1.5.0", "2.7.0", "2.8.0", "2.9.0", "2.12.0", "2.15.0", "2.17.0", "2.21.0"]),
    ("CEIL", &["1.14.0"]),
    ("CONCATENATION", &["1.5.0", "1.14.0", "2.3.0", "2.14.0", "2.21.0"]),
    ("CONV_2D", &["1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.4.0", "2.9.0", "2.11.0", "2.15.0"]),
    ("COS", &["1.14.0"]),
    ("CUMSUM", &["2.4.0"]),
    ("DEPTHWISE_CONV_2D", &["1.5.0", "1.12.0", "1.14.0", "2.2.0", "2.3.0", "2.3.0", "2.11.0"]),
    ("DEPTH_TO_SPACE", &["2.1.0", "2.5.0"]),
    ("DEQUANTIZE", &["1.13.1", "1.14.0", "1.15.0", "2.2.0", "2.7.0", "2.18.0", "2.21.0", "2.22.0"]),
    ("DIV", &["1.6.0", "2.3.0"]),
    ("DYNAMIC_UPDATE_SLICE", &["2.9.0", "2.17.0", "2.19.0", "2.20.0", "2.21.0", "2.22.0"]),
    ("ELU", &["1.14.0"]),
    ("EMBEDDING_LOOKUP", &["1.13.0", "1.14.0", "1.14.0", "2.18.0", "2.21.0"]),
    ("EQUAL", &["1.14.0", "1.14.0", "2.3.0", "2.13.0", "2.21.0"]),
    ("EXP", &["1.7.0", "2.12.0"]),
    ("EXPAND_DIMS", &["1.10.0"]),
    ("FILL", &["1.13.0", "2.3.0", "2.5.0", "2.12.0"]),
    ("FLOOR", &["1.9.0"]),
    ("FLOOR_DIV", &["1.14.0", "1.14.0", "2.13.0"]),
    ("FLOOR_MOD", &["1.13.0", "2.13.0"]),
    ("FULLY_CONNECTED", &[
        "1.5.0", "1.10.0", "1.14.0", "1.14.0", "2.0.0", "2.1.0", "2.3.0", "2.3.0", "2.3.0", "2.11.0", "2.15.0", "2.17.0",
        "2.18.0", "2.21.0",
    ]),
    ("GATHER", &["1.6.0", "1.14.0", "1.15.0", "2.4.0", "2.5.0", "2.13.0", "2.15.0"]),
    ("GATHER_ND", &["1.14.0", "2.3.0", "2.5.0", "2.13.0", "2.16.0"]),
    ("GELU", &["2.9.0", "2.9.0"]),
    ("GREATER", &["1.14.0", "1.14.0"]),
    ("GREATER_EQUAL", &["1.14.0", "1.14.0", "2.13.0"]),
    ("HARD_SWISH", &["1.15.0"]),
    ("IF", &["1.15.0"]),
    ("L2_NORMALIZATION", &["1.5.0", "1.14.0"]),
    ("L2_POOL_2D", &["1.5.0"]),
    ("LEAKY_RELU", &["1.13.1", "2.3.0"]),
    ("LESS", &["1.14.0", "1.14.0", "2.13.0"]),
    ("LESS_EQUAL", &["1.14.0", "1.14.0"]),
    ("LOCAL_RESPONSE_NORMALIZATION", &["1.5.0"]),
    ("LOG", &["1.14.0", "2.15.0"]),
    ("LOGICAL_AND", &["1.11.0"]),
    ("LOGICAL_NOT", &["1.11.0"]),
    ("LOGICAL_OR", &["1.11.0"]),
    ("LOGISTIC", &["1.14.0", "1.14.0", "2.3.0"]),
    ("LOG_SOFTMAX", &["1.14.0", "1.14.0"]),
    ("LSTM", &["1.7.0", "1.10.0", "1.14.0", "2.3.0"]),
    ("MAXIMUM", &["1.14.0", "1.14.0", "2.3.0", "2.3.0"]),
    ("MAX_POOL_2D", &["1.5.0", "1.14.0", "2.3.0"]),
    ("MEAN", &["1.6.0", "1.14.0", "2.4.0"]),
    ("MINIMUM", &["1.14.0", "1.14.0", "2.3.0", "2.3.0"]),
    ("MIRROR_PAD", &["1.13.1", "2.3.0", "2.12.0"]),
    ("MUL", &["1.5.0", "1.14.0", "1.15.0", "2.3.0", "2.6.0", "2.11.0", "2.13.0", "2.23.0"]),
    ("NEG", &["1.9.0"]),
    ("NOT_EQUAL", &["1.14.0", "1.14.0", "2.3.0", "2.21.0"]),
    ("PACK", &["1.11.0", "1.14.0", "2.3.0", "2.13.0"]),
    ("PAD", &["1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.20.0"]),
    ("PADV2", &["1.9.0", "1.14.0", "2.4.0", "2.6.0", "2.20.0"]),
    ("POW", &["1.10.0"]),
    ("PRELU", &["1.8.0"]),
    ("QUANTIZE", &["1.14.0", "1.15.0", "2.7.0", "2.21.0", "2.21.0", "2.21.0"]),
    ("RANK", &["1.14.0"]),
    ("READ_VARIABLE", &["2.6.0"]),
    ("REDUCE_ALL", &["2.6.0"]),
    ("REDUCE_ANY", &["1.11.0"]),
    ("REDUCE_MAX", &["1.11.0", "1.14.0", "2.5.0"]),
    ("REDUCE_MIN", &["1.11.0", "1.14.0", "2.5.0"]),
    ("REDUCE_PROD", &["1.11.0", "2.6.0"]),
    ("RELU", &["1.5.0", "2.1.0", "2.5.0"]),
    ("RELU6", &["1.5.0", "1.14.0", "2.5.0"]),
    ("RELU_0_TO_1", &["2.10.0"]),
    ("RELU_N1_TO_1", &["1.5.0"]),
    ("RESHAPE", &["1.5.0"]),
    ("RESIZE_BILINEAR", &["1.7.0", "1.14.0", "2.2.0", "2.5.0"]),
    ("RESIZE_NEAREST_NEIGHBOR", &["1.13.1", "1.14.0", "2.3.0", "2.4.0"]),
    ("REVERSE_V2", &["1.14.0", "2.2.0", "2.5.0"]),
    ("ROUND", &["1.14.0"]),
    ("RSQRT", &["1.10.0", "2.5.0", "2.15.0"]),
    ("SELECT", &["1.14.0", "1.14.0", "2.12.0", "2.12.0"]),
    ("SELECT_V2", &["2.2.0", "2.12.0"]),
    ("SHAPE", &["1.10.0"]),
    ("SIGN", &["2.11.0", "2.12.0"]),
    ("SIN", &["1.9.0"]),
    ("SLICE", &["1.14.0", "1.14.0", "1.14.0", "2.4.0", "2.5.0", "2.14.0", "2.21.0"]),
    ("SOFTMAX", &["1.5.0", "1.14.0", "2.3.0"]),
    ("SPACE_TO_BATCH_ND", &["1.6.0", "1.14.0", "2.3.0", "2.12.0"]),
    ("SPACE_TO_DEPTH", &["1.5.0", "1.14.0"]),
    ("SPLIT", &["1.5.0", "1.14.0", "1.14.0", "2.3.0"]),
    ("SPLIT_V", &["1.13.1", "2.3.0"]),
    ("SQRT", &["1.10.0", "2.21.0"]),
    ("SQUARE", &["1.12.0"]),
    ("SQUARED_DIFFERENCE", &["1.13.1", "2.5.0"]),
    ("SQUEEZE", &["1.6.0", "2.5.0"]),
    ("STRIDED_SLICE", &["1.6.0", "1.14.0", "2.1.0", "2.2.0", "2.5.0", "2.6.0", "2.14.0", "2.14.0"]),
    ("SUB", &["1.6.0", "1.14.0", "2.3.0", "2.4.0", "2.4.0"]),
    ("SUM", &["1.10.0", "1.15.0"]),
    ("SVDF", &["1.5.0", "1.14.0", "2.2.0", "2.3.0"]),
    ("TANH", &["1.14.0", "1.14.0", "2.3.0"]),
    ("TILE", &["1.10.1", "2.2.0", "2.8.0"]),
    ("TRANSPOSE", &["1.6.0", "1.14.0", "1.15.0", "2.3.0", "2.4.0", "2.12.0", "2.14.4", "2.22.0"]),
    ("TRANSPOSE_CONV", &["1.9.0", "2.2.0", "2.3.0", "2.13.0", "2.15.0"]),
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", &["1.13.1", "1.14.0", "2.3.0", "2.12.0"]),
    ("UNPACK", &["1.11.0", "1.14.0", "2.2.0", "2.3.0", "2.22.0"]),
    ("VAR_HANDLE", &["2.6.0"]),
    ("WHILE", &["1.15.0"]),
    ("ZEROS_LIKE", &["1.12.0"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::builtin;

    #[test]
    fn operators_are_sorted_and_named_as_in_the_schema() {
        assert!(RELEASES.is_sorted_by_key(|(name, _)| *name));
        let known = |name: &str| (0..256).any(|code| builtin_name(code) == Some(name));
        for (name, releases) in RELEASES {
            assert!(known(name), "{name}");
            for release in releases {
                let [major, minor, patch] = parse(release);
                assert_eq!(format!("{major}.{minor}.{patch}"), *release, "{name}");
            }
        }
    }

    #[test]
    fn versions_have_their_release_and_later_ones_that_of_the_newest_known() {
        assert_eq!(since(builtin::CONV_2D, 6), [2, 9, 0]);
        assert_eq!(since(builtin::CONV_2D, 60), [2, 15, 0]);
        assert_eq!(since(builtin::RESHAPE, 0), [1, 5, 0]);
        assert_eq!(since(builtin::CUSTOM, 1), [1, 5, 0]);
    }
}
