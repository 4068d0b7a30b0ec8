use super::*;
use crate::elf::{Place, Section};

/// A program of functions at multiples of 0x10, each with a name and halfwords.
fn bound_of(functions: &[(&str, &[u16])]) -> Result<Bound, MeasureError> {
    let mut contents = vec![0; 0x10 * functions.len()];
    let mut symbols = Vec::new();
    for (at, (name, words)) in functions.iter().enumerate() {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        contents[0x10 * at..][..bytes.len()].copy_from_slice(&bytes);
        symbols.push(Symbol {
            address: 0x10 * at as u32,
            bytes: if *name == "unsized" { 0 } else { bytes.len() as u32 },
            name: (*name).to_owned(),
            is_function: true,
        });
    }
    let bytes = contents.len() as u32;
    let section =
        Section { name: ".text".into(), address: 0, bytes, place: Place::Flash, contents: &contents };
    of(&Elf { sections: vec![section], symbols, mapping: vec![] }, functions[0].0)
}

/// bl from the second halfword of function `from` to function `to`
fn bl(from: usize, to: usize) -> [u16; 2] {
    let offset = (0x10 * to) as i32 - (0x10 * from as i32 + 2 + 4);
    [0xf000 | (offset >> 12 & 0x7ff) as u16, 0xf800 | (offset >> 1 & 0x7ff) as u16]
}

#[test]
fn adds_the_deepest_path() {
    let [a, b] = bl(0, 1);
    let [c, d] = bl(1, 2);
    // Each pushes 8 bytes, calls, then has 64 bytes more of its own where that says so.
    let top: &[u16] = &[0xb510, a, b, 0xbd10];
    let middle: &[u16] = &[0xb510, c, d, 0xb090, 0xb010, 0xbd10];
    for (leaf, bytes, deepest) in [("leaf", 8 + 8 + 68, 3), ("unsized", 8 + 8 + 68, 3)] {
        let bound = bound_of(&[("top", top), ("middle", middle), (leaf, &[0xb500, 0xb090, 0xb010, 0xbd00])]);
        let bound = bound.unwrap();
        assert_eq!((bound.bytes, bound.path.len()), (bytes, deepest));
        assert_eq!(bound.path[2], Step { function: leaf.to_owned(), bytes: 68 });
    }
    let bound = bound_of(&[("top", top), ("middle", middle), ("leaf", &[0x4770])]).unwrap();
    assert_eq!(bound.bytes, 8 + 72);
    let names: Vec<&str> = bound.path.iter().map(|step| step.function.as_str()).collect();
    assert_eq!(names, ["top", "middle"]);
}

#[test]
fn recursion_and_unknown_functions_are_told() {
    let ([a, b], [c, d]) = (bl(0, 1), bl(1, 0));
    let error = bound_of(&[("even", &[0xb510, a, b, 0xbd10]), ("odd", &[0xb510, c, d, 0xbd10])]).unwrap_err();
    assert!(error.to_string().contains("it calls itself: even > odd > even"), "{error}");
    let [a, b] = bl(0, 3);
    let error = bound_of(&[("f", &[0xb510, a, b, 0xbd10])]).unwrap_err();
    assert!(error.to_string().contains("no function starts at"), "{error}");
}
