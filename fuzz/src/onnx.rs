//! Changes to `.onnx` files that keep the lengths of their messages right, so that they reach what stands behind the
//! decoder: numbers, names and fields changed, taken away, repeated, or brought from another file.

use prost::encoding::{decode_varint, encode_varint};

/// The messages of a file that hold others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Model,
    Version,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Type,
    TensorType,
    Shape,
    Dimension,
}

/// Field numbers of messages inside of messages, as in `onnx.proto3`.
const NESTED: &[(Kind, u64, Kind)] = &[
    (Kind::Model, 7, Kind::Graph),
    (Kind::Model, 8, Kind::Version),
    (Kind::Graph, 1, Kind::Node),
    (Kind::Graph, 5, Kind::Tensor),
    (Kind::Graph, 11, Kind::Value),
    (Kind::Graph, 12, Kind::Value),
    (Kind::Node, 5, Kind::Attribute),
    (Kind::Attribute, 5, Kind::Tensor),
    (Kind::Value, 2, Kind::Type),
    (Kind::Type, 1, Kind::TensorType),
    (Kind::TensorType, 2, Kind::Shape),
    (Kind::Shape, 1, Kind::Dimension),
];

#[derive(Debug, Clone)]
struct Field {
    number: u64,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Number(u64),
    Wide([u8; 8]),
    Narrow([u8; 4]),
    Bytes(Vec<u8>),
    Message(Message),
}

#[derive(Debug, Clone)]
struct Message {
    kind: Kind,
    fields: Vec<Field>,
}

impl Message {
    fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// The fields up to the first that is broken.
    fn parse(mut bytes: &[u8], kind: Kind) -> Message {
        let mut fields = Vec::new();
        while let Some((field, rest)) = Field::parse(bytes, kind) {
            fields.push(field);
            bytes = rest;
        }
        Message { kind, fields }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in &self.fields {
            let (wire, content) = match &field.content {
                Content::Number(value) => (0, varint(*value)),
                Content::Wide(value) => (1, value.to_vec()),
                Content::Narrow(value) => (5, value.to_vec()),
                Content::Bytes(value) => (2, [varint(value.len() as u64), value.clone()].concat()),
                Content::Message(message) => {
                    let inside = message.encode();
                    (2, [varint(inside.len() as u64), inside].concat())
                }
            };
            bytes.extend(varint(field.number << 3 | wire));
            bytes.extend(content);
        }
        bytes
    }

    /// This message and all inside of it.
    fn all(&mut self, visit: &mut dyn FnMut(&mut Message)) {
        visit(self);
        for field in &mut self.fields {
            if let Content::Message(message) = &mut field.content {
                message.all(visit);
            }
        }
    }

    /// Calls `change` with one of the messages that fit.
    fn one(
        &mut self,
        random: &mut Random,
        fits: &dyn Fn(&Message) -> bool,
        change: &mut dyn FnMut(&mut Message, &mut Random),
    ) {
        let mut n = 0;
        self.all(&mut |message| n += usize::from(fits(message)));
        let mut left = random.below(n.max(1));
        self.all(&mut |message| {
            if fits(message) {
                if left == 0 {
                    change(message, random);
                }
                left = left.wrapping_sub(1);
            }
        });
    }
}

impl Field {
    fn parse(bytes: &[u8], kind: Kind) -> Option<(Field, &[u8])> {
        let (key, rest) = read_varint(bytes)?;
        let number = key >> 3;
        let (content, rest) = match key & 7 {
            0 => {
                let (value, rest) = read_varint(rest)?;
                (Content::Number(value), rest)
            }
            1 => {
                let (value, rest) = rest.split_first_chunk()?;
                (Content::Wide(*value), rest)
            }
            5 => {
                let (value, rest) = rest.split_first_chunk()?;
                (Content::Narrow(*value), rest)
            }
            2 => {
                let (length, rest) = read_varint(rest)?;
                let (inside, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                let nested = NESTED.iter().find(|(outer, field, _)| (*outer, *field) == (kind, number));
                let content = match nested {
                    Some(&(.., inner)) => Content::Message(Message::parse(inside, inner)),
                    None => Content::Bytes(inside.to_vec()),
                };
                (content, rest)
            }
            _ => return None,
        };
        Some((Field { number, content }, rest))
    }
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(value, &mut bytes);
    bytes
}

fn read_varint(mut bytes: &[u8]) -> Option<(u64, &[u8])> {
    decode_varint(&mut bytes).ok().map(|value| (value, bytes))
}

/// Numbers from a seed (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn of(seed: u32) -> Self {
        Random(u64::from(seed) << 1 | 1 | 1 << 40)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 16) as usize % n
    }
}

/// A number near those at which counts, axes and types go wrong.
fn changed(value: u64, random: &mut Random) -> u64 {
    const EDGES: [u64; 8] = [0, 1, u64::MAX, 1 << 31, (1 << 31) - 1, 1 << 63, (1 << 63) - 1, 1 << 40];
    match random.below(5) {
        0 => value.wrapping_add(1),
        1 => value.wrapping_sub(1),
        2 => EDGES[random.below(EDGES.len())],
        3 => value ^ (1 << random.below(64)),
        _ => random.next() % 24,
    }
}

/// Changes `data[..size]` in place by one step; `bytes` changes bytes that have no structure. Returns the new size.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    bytes: &mut dyn FnMut(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random::of(seed);
    let mut model = Message::parse(&data[..size], Kind::Model);
    // Texts are names; one in the place of another connects nodes anew.
    let mut texts = Vec::new();
    model.all(&mut |message| {
        let names = message.fields.iter().filter(|_| message.kind == Kind::Node);
        texts.extend(names.filter_map(|field| match &field.content {
            Content::Bytes(text) => Some(text.clone()),
            _ => None,
        }));
    });
    for _ in 0..=random.below(3) {
        model.one(&mut random, &Message::has_fields, &mut |message, random| {
            let (at, other) = (random.below(message.fields.len()), random.below(message.fields.len()));
            match random.below(8) {
                0 => drop(message.fields.remove(at)),
                1 => message.fields.insert(other, message.fields[at].clone()),
                2 => message.fields.swap(at, other),
                _ => match &mut message.fields[at].content {
                    Content::Number(value) => *value = changed(*value, random),
                    Content::Bytes(text) if message.kind == Kind::Node && !texts.is_empty() => {
                        text.clone_from(&texts[random.below(texts.len())]);
                    }
                    Content::Bytes(text) => {
                        let held = text.len();
                        text.resize(held + 16, 0);
                        let changed = bytes(text, held, held + 16);
                        text.truncate(changed);
                    }
                    Content::Wide(value) => drop(bytes(value, 8, 8)),
                    Content::Narrow(value) => drop(bytes(value, 4, 4)),
                    Content::Message(_) => {}
                },
            }
        });
    }
    put(&model, data, max_size).unwrap_or(size)
}

/// Puts a field of `other` into `one`, where a message of the same kind has a place for it, and writes it to `out`.
pub fn cross_over(one: &[u8], other: &[u8], out: &mut [u8], seed: u32) -> usize {
    let mut random = Random::of(seed);
    let mut model = Message::parse(one, Kind::Model);
    let mut taken = None;
    Message::parse(other, Kind::Model).one(&mut random, &Message::has_fields, &mut |message, random| {
        taken = Some((message.kind, message.fields[random.below(message.fields.len())].clone()));
    });
    if let Some((kind, field)) = taken {
        model.one(&mut random, &|message| message.kind == kind, &mut |message, random| {
            let at = random.below(message.fields.len() + 1);
            match message.fields.get_mut(at).filter(|found| found.number == field.number) {
                Some(found) => *found = field.clone(),
                None => message.fields.insert(at, field.clone()),
            }
        });
    }
    let room = out.len();
    put(&model, out, room).unwrap_or(0)
}

/// Writes the file, where it fits.
fn put(model: &Message, data: &mut [u8], max_size: usize) -> Option<usize> {
    let bytes = model.encode();
    data.get_mut(..bytes.len()).filter(|place| place.len() <= max_size)?.copy_from_slice(&bytes);
    Some(bytes.len())
}
