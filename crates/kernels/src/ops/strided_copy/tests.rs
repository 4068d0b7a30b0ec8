//! Hand cases, and random copies against the equation.

use std::vec;

use super::super::naive::Random;
use super::*;

/// A matrix of two rows and three columns, turned around its diagonal.
const TRANSPOSE: Spec = Spec {
    shape: [1, 1, 1, 1, 3, 2],
    in_len: 6,
    in_start: 0,
    in_strides: [0, 0, 0, 0, 1, 3],
    out_len: 6,
    out_start: 0,
    out_strides: [0, 0, 0, 0, 2, 1],
};

#[test]
fn a_transpose_by_hand() {
    let mut output = [0_u16; 6];
    assert_eq!(Any::new(TRANSPOSE).unwrap().run(&[1, 2, 3, 4, 5, 6], &mut output), Ok(()));
    assert_eq!(output, [1, 4, 2, 5, 3, 6]);
}

#[test]
fn a_reversal_into_a_part_of_the_output_by_hand() {
    let spec = Spec {
        shape: [1, 1, 1, 1, 1, 3],
        in_len: 3,
        in_start: 2,
        in_strides: [0, 0, 0, 0, 0, -1],
        out_len: 5,
        out_start: 1,
        out_strides: [0, 0, 0, 0, 0, 1],
    };
    let mut output = [9_u64; 5];
    assert_eq!(Any::new(spec).unwrap().run(&[1, 2, 3], &mut output), Ok(()));
    assert_eq!(output, [9, 3, 2, 1, 9]);
}

/// Strides of up to ±4 and 1 on the last axis half of the time, with the span that they need.
fn side(random: &mut Random, shape: &[usize; 6]) -> (usize, usize, [isize; 6]) {
    let mut strides = [0; 6].map(|_| random.within(-4, 4) as isize);
    if random.bits().is_multiple_of(2) {
        strides[5] = 1;
    }
    let reach = |sign: isize| -> usize {
        let each = strides
            .iter()
            .zip(shape)
            .map(|(&stride, &extent)| (stride * sign).max(0) as usize * (extent - 1));
        each.sum()
    };
    let start = reach(-1) + random.size(0, 3);
    (start, start + reach(1) + random.size(1, 4), strides)
}

#[test]
fn random_copies_equal_the_equation() {
    for seed in 0..500 {
        let random = &mut Random::new(seed);
        let shape = [0; 6].map(|_| random.size(1, 3));
        let (in_start, in_len, in_strides) = side(random, &shape);
        let (out_start, out_len, out_strides) = side(random, &shape);
        let spec = Spec { shape, in_len, in_start, in_strides, out_len, out_start, out_strides };
        let input = random.int8s(in_len);
        let (mut output, mut expected) = (vec![77_i8; out_len], vec![77_i8; out_len]);
        assert_eq!(Any::new(spec).unwrap().run(&input, &mut output), Ok(()));
        for at in 0..shape.iter().product() {
            let (mut rest, mut from, mut to) = (at, in_start as isize, out_start as isize);
            for axis in (0..6).rev() {
                let index = (rest % shape[axis]) as isize;
                rest /= shape[axis];
                from += index * in_strides[axis];
                to += index * out_strides[axis];
            }
            expected[to as usize] = input[from as usize];
        }
        assert_eq!(output, expected, "seed {seed}");
    }
}

#[test]
fn what_reaches_outside_is_refused() {
    for wrong in [
        Spec { shape: [0, 1, 1, 1, 3, 2], ..TRANSPOSE },
        Spec { in_start: 1, ..TRANSPOSE },
        Spec { out_start: 1, ..TRANSPOSE },
        Spec { in_strides: [0, 0, 0, 0, -1, 3], ..TRANSPOSE },
        Spec { out_strides: [0, 0, 0, 0, isize::MAX, isize::MAX], ..TRANSPOSE },
        Spec { in_strides: [0, 0, 0, 0, isize::MIN, isize::MIN], ..TRANSPOSE },
        Spec { in_len: 0, ..TRANSPOSE },
    ] {
        assert!(Any::new(wrong).is_err(), "{wrong:?}");
    }
    let wrong = WrongLength { operand: "input", expected: 6, found: 5 };
    assert_eq!(Any::new(TRANSPOSE).unwrap().run(&[0_u8; 5], &mut [0; 6]), Err(wrong));
    let wrong = WrongLength { operand: "output", expected: 6, found: 7 };
    assert_eq!(Any::new(TRANSPOSE).unwrap().run(&[0_u8; 6], &mut [0; 7]), Err(wrong));
}
