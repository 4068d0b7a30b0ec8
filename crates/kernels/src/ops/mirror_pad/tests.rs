//! Hand cases, and random paddings against the definition.

use std::vec;

use super::super::naive::Random;
use super::*;

const SPEC: Spec =
    Spec { in_shape: [1, 1, 1, 1, 1, 3], before: [0, 0, 0, 0, 0, 2], after: [0, 0, 0, 0, 0, 1], skip: 1 };

#[test]
fn both_modes_by_hand() {
    let mut output = [0_u8; 6];
    assert_eq!(Any::new(SPEC).unwrap().run(&[1, 2, 3], &mut output), Ok(()));
    assert_eq!(output, [3, 2, 1, 2, 3, 2]);
    let symmetric = Spec { skip: 0, after: [0, 0, 0, 0, 0, 3], ..SPEC };
    let mut output = [0_u8; 8];
    assert_eq!(Any::new(symmetric).unwrap().run(&[1, 2, 3], &mut output), Ok(()));
    assert_eq!(output, [2, 1, 1, 2, 3, 3, 2, 1]);
}

#[test]
fn random_paddings_equal_the_definition() {
    for seed in 0..300 {
        let random = &mut Random::new(seed);
        let skip = random.size(0, 1);
        let in_shape = [0; 6].map(|_| random.size(1, 3));
        let mut side = || in_shape.map(|extent| random.size(0, (extent - skip) * usize::from(seed % 3 > 0)));
        let (mut before, mut after) = (side(), side());
        if seed.is_multiple_of(2) {
            (before[5], after[5]) = (0, 0);
        }
        let out_shape: [usize; 6] = core::array::from_fn(|axis| before[axis] + in_shape[axis] + after[axis]);
        let input = random.int8s(in_shape.iter().product());
        let mut output = vec![0; out_shape.iter().product()];
        let kernel = Any::new(Spec { in_shape, before, after, skip }).unwrap();
        assert_eq!(kernel.run(&input, &mut output), Ok(()));
        for (mut at, &y) in output.iter().enumerate() {
            let (mut from, mut step) = (0, 1);
            for axis in (0..6).rev() {
                // Walk from the index towards the input, turning around at each end.
                let (extent, skip) = (in_shape[axis] as i64, skip as i64);
                let mut position = (at % out_shape[axis]) as i64 - before[axis] as i64;
                at /= out_shape[axis];
                if position < 0 {
                    position = -position - 1 + skip;
                } else if position >= extent {
                    position = extent - 1 - (position - extent) - skip;
                }
                from += position as usize * step;
                step *= in_shape[axis];
            }
            assert_eq!(y, input[from], "seed {seed}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Spec { skip: 2, ..SPEC },
        Spec { in_shape: [1, 1, 0, 1, 1, 3], ..SPEC },
        Spec { before: [0, 0, 0, 0, 0, 3], ..SPEC },
        Spec { after: [usize::MAX, 0, 0, 0, 0, 0], ..SPEC },
    ] {
        assert!(Any::new(wrong).is_err(), "{wrong:?}");
    }
    let wrong = WrongLength { operand: "output", expected: 6, found: 5 };
    assert_eq!(Any::new(SPEC).unwrap().run(&[0_u8; 3], &mut [0; 5]), Err(wrong));
}
