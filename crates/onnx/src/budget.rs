//! A bound on what decoding a file may allocate, found by walking its fields before any message is made.
//!
//! A field of two bytes can become a message of two hundred, so the number of messages and lists is counted first.

use prost::encoding::decode_varint;

use crate::findings::Fallible;

/// Bytes that one field with a length may take once it is decoded: the largest message is below this.
const BYTES_PER_FIELD: usize = 256;
/// Fields of less than this many bytes on average are not what a converter writes.
const MAX_FACTOR: usize = 48;
/// What any file may take.
const FREE_BYTES: usize = 4 << 20;

/// Field numbers of messages inside of messages, from the model down: graph, node, attribute, tensor and so on.
const NESTED: &[(Kind, u64, Kind)] = &[
    (Kind::Model, 7, Kind::Graph),
    (Kind::Model, 8, Kind::Leaf),
    (Kind::Graph, 1, Kind::Node),
    (Kind::Graph, 5, Kind::Tensor),
    (Kind::Graph, 11, Kind::Value),
    (Kind::Graph, 12, Kind::Value),
    (Kind::Node, 5, Kind::Attribute),
    (Kind::Attribute, 5, Kind::Tensor),
    (Kind::Value, 2, Kind::Value),
    (Kind::Value, 1, Kind::Value),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Leaf,
}

/// Refuses a file whose messages would take far more memory than the file.
pub(crate) fn check(bytes: &[u8]) -> Fallible<()> {
    let limit = bytes.len().saturating_mul(MAX_FACTOR).saturating_add(FREE_BYTES);
    let mut n_fields = 0usize;
    walk(bytes, Kind::Model, 0, &mut n_fields);
    if n_fields.saturating_mul(BYTES_PER_FIELD) > limit {
        return Err(format!(
            "its {} bytes hold {n_fields} messages and lists, which would take more than {limit} bytes; no exporter \
             writes such a file, so fetch or export the model again",
            bytes.len()
        ));
    }
    Ok(())
}

/// Counts the fields with a length in a message; what is broken is left to the decoder.
fn walk(mut bytes: &[u8], kind: Kind, depth: usize, n_fields: &mut usize) {
    const DEEPEST: usize = 8;
    while let Some((key, rest)) = varint(bytes) {
        let (field, wire) = (key >> 3, key & 7);
        bytes = match wire {
            0 => match varint(rest) {
                Some((_, rest)) => rest,
                None => return,
            },
            1 => rest.get(8..).unwrap_or_default(),
            5 => rest.get(4..).unwrap_or_default(),
            2 => {
                let Some((length, rest)) = varint(rest) else { return };
                let Some((inside, rest)) =
                    usize::try_from(length).ok().and_then(|n| rest.split_at_checked(n))
                else {
                    return;
                };
                *n_fields = n_fields.saturating_add(1);
                let nested = NESTED.iter().find(|(outer, number, _)| *outer == kind && *number == field);
                if let Some(&(_, _, inner)) = nested.filter(|_| depth < DEEPEST) {
                    walk(inside, inner, depth + 1, n_fields);
                }
                rest
            }
            _ => return,
        };
    }
}

fn varint(mut bytes: &[u8]) -> Option<(u64, &[u8])> {
    decode_varint(&mut bytes).ok().map(|value| (value, bytes))
}
