//! Hand cases and random paddings against the definition.

use std::vec;

use super::super::naive::Random;
use super::*;

const SPEC: Spec =
    Spec { in_shape: [1, 1, 1, 1, 2, 2], before: [0, 0, 0, 0, 1, 0], after: [0, 0, 0, 0, 0, 1] };

#[test]
fn a_row_above_and_a_column_after_by_hand() {
    let mut output = [0_i16; 9];
    assert_eq!(Any::new(SPEC).unwrap().run(&[1, 2, 3, 4], &[-7], &mut output), Ok(()));
    assert_eq!(output, [-7, -7, -7, 1, 2, -7, 3, 4, -7]);
    let mut output = [0.0; 9];
    assert_eq!(Any::new(SPEC).unwrap().run(&[1.0, 2.0, 3.0, 4.0], &[0.5], &mut output), Ok(()));
    assert_eq!(output, [0.5, 0.5, 0.5, 1.0, 2.0, 0.5, 3.0, 4.0, 0.5]);
}

#[test]
fn random_paddings_equal_the_definition() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let mut draw = |low, high| [0; 6].map(|_| random.size(low, high));
        let (in_shape, before, after) = (draw(1, 3), draw(0, 2), draw(0, 2));
        let out_shape: [usize; 6] = core::array::from_fn(|axis| before[axis] + in_shape[axis] + after[axis]);
        let input = random.int8s(in_shape.iter().product());
        let mut output = vec![0; out_shape.iter().product()];
        let kernel = Any::new(Spec { in_shape, before, after }).unwrap();
        assert_eq!(kernel.run(&input, &[42], &mut output), Ok(()));
        for (mut at, &y) in output.iter().enumerate() {
            let mut from = Some(0);
            let mut step = 1;
            for axis in (0..6).rev() {
                let position = (at % out_shape[axis]).checked_sub(before[axis]);
                at /= out_shape[axis];
                let position = position.filter(|&position| position < in_shape[axis]);
                from = from.zip(position).map(|(from, position)| from + position * step);
                step *= in_shape[axis];
            }
            assert_eq!(y, from.map_or(42, |from: usize| input[from]), "seed {seed}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Spec { in_shape: [0, 1, 1, 1, 1, 1], ..SPEC },
        Spec { before: [usize::MAX, 0, 0, 0, 0, 0], ..SPEC },
        Spec { after: [1 << 16, 1 << 16, 0, 0, 0, 0], ..SPEC },
    ] {
        assert!(Any::new(wrong).is_err(), "{wrong:?}");
    }
    let wrong = WrongLength { operand: "output", expected: 9, found: 8 };
    assert_eq!(Any::new(SPEC).unwrap().run(&[0_u8; 4], &[0], &mut [0; 8]), Err(wrong));
    let wrong = WrongLength { operand: "value", expected: 1, found: 0 };
    assert_eq!(Any::new(SPEC).unwrap().run(&[0_u8; 4], &[], &mut [0; 9]), Err(wrong));
}
