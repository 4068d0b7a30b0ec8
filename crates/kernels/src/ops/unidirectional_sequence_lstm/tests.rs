//! Hand cases, and random quantised steps against plain wide arithmetic.

use std::vec;
use std::vec::Vec;

use super::super::naive::{Random, scale};
use super::*;
use crate::sigmoid::{self, Rescale};

const HAND: Float32Spec =
    Float32Spec { batches: 1, steps: 2, in_c: 1, units: 1, time_major: false, reset: false, cell_clip: 0.0 };

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The same weight on every input and recurrence, no bias.
fn run(spec: Float32Spec, input: &[f32], state: &mut [f32; 2]) -> Vec<f32> {
    let (w, r) = (vec![1.0; spec.units * spec.in_c], vec![0.5; spec.units * spec.units]);
    let mut output = vec![9.0; spec.batches * spec.steps * spec.units];
    let [hidden, cell] = state;
    let (hidden, cell) = (std::slice::from_mut(hidden), std::slice::from_mut(cell));
    let kernel = Float32::new(spec).unwrap();
    let run =
        kernel.run(input, &w, &w, &w, &w, &r, &r, &r, &r, &[], &[], &[], &[0.25], &mut output, hidden, cell);
    assert_eq!(run, Ok(()));
    output
}

#[test]
fn two_float_steps_by_hand() {
    let (mut h, mut c) = (0.0, 0.0);
    let mut expected = Vec::new();
    for x in [1.0, -2.0] {
        let sum: f64 = x + 0.5 * h;
        c = logistic(sum) * c + logistic(sum) * sum.tanh();
        h = logistic(sum + 0.25) * c.tanh();
        expected.push(h);
    }
    let mut state = [0.0; 2];
    let output = run(HAND, &[1.0, -2.0], &mut state);
    for (found, expected) in output.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 1.0e-6, "{found} for {expected}");
    }
    assert_eq!(state[0], output[1]);
    assert!((f64::from(state[1]) - c).abs() < 1.0e-6);
    // The states carry on where the first inference ended, or start anew.
    let again = run(HAND, &[1.0, -2.0], &mut state);
    assert_ne!(again, output);
    assert_eq!(run(Float32Spec { reset: true, ..HAND }, &[1.0, -2.0], &mut state), output);
}

#[test]
fn the_cell_is_clipped() {
    let mut state = [0.0; 2];
    run(Float32Spec { cell_clip: 0.125, ..HAND }, &[5.0, 5.0], &mut state);
    assert_eq!(state[1], 0.125);
}

#[test]
fn time_may_come_first() {
    let spec = Float32Spec { batches: 2, ..HAND };
    let run = |time_major: bool, input: &[f32]| {
        let (w, mut output, mut hidden, mut cell) = ([0.75], [0.0; 4], [0.0; 2], [0.0; 2]);
        let kernel = Float32::new(Float32Spec { time_major, ..spec }).unwrap();
        let run = kernel.run(
            input,
            &w,
            &w,
            &w,
            &w,
            &w,
            &w,
            &w,
            &w,
            &[],
            &[],
            &[],
            &[],
            &mut output,
            &mut hidden,
            &mut cell,
        );
        assert_eq!(run, Ok(()));
        output
    };
    let [a0, a1, b0, b1] = run(false, &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(run(true, &[1.0, 3.0, 2.0, 4.0]), [a0, b0, a1, b1]);
}

/// A random specification whose gates neither vanish nor all saturate.
fn spec(random: &mut Random, zero_points: [i32; 2], bits: i32) -> Int8Spec {
    let mut multipliers = || [0; 4].map(|_| random.within(1 << 30, i32::MAX.into()) as i32);
    let (input_multiplier, recurrent_multiplier) = (multipliers(), multipliers());
    let cell_fraction_bits = random.within(9, 14) as i32;
    Int8Spec {
        batches: random.size(1, 2),
        steps: random.size(1, 4),
        in_c: random.size(1, 8),
        units: random.size(1, 5),
        time_major: random.bits().is_multiple_of(2),
        reset: random.bits().is_multiple_of(2),
        input_zero_point: zero_points[0],
        hidden_zero_point: zero_points[1],
        input_multiplier,
        input_shift: [-2 - bits; 4],
        recurrent_multiplier,
        recurrent_shift: [-3 - bits; 4],
        forget_multiplier: 1 << 30,
        forget_shift: -14,
        cell_multiplier: 1 << 30,
        cell_shift: cell_fraction_bits - 29,
        hidden_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
        hidden_shift: -22 + bits,
        cell_fraction_bits,
        cell_clip: if random.bits().is_multiple_of(3) { 5000 } else { 0 },
    }
}

/// Weights, recurrent weights and bias of the four gates.
type Gates = [(Vec<i8>, Vec<i8>, Vec<i64>); 4];

/// The outputs by the definition, all sums in 128 bits; `wide` rounds as int16 kernels do.
fn plain(
    spec: &Int8Spec,
    input: &[i64],
    gates: &Gates,
    hidden: &mut [i64],
    cell: &mut [i64],
    wide: bool,
) -> Vec<i64> {
    let Int8Spec { batches, steps, in_c, units, .. } = *spec;
    let limits = if wide { (-32768, 32767) } else { (-128, 127) };
    let scaled = |sum: i128, m: i32, s: i32| {
        let reduced = i128::from((i64::from(m) + (1 << 15)) >> 16);
        let value = if wide { (sum * reduced + (1 << (14 - s))) >> (15 - s) } else { scale(sum, m, s) };
        value.clamp(-32768, 32767) as i64
    };
    let narrow = |product: i64, m, s| scale(product.into(), m, s) as i64;
    let mut output = vec![0; batches * steps * units];
    for batch in 0..batches {
        for step in 0..steps {
            let row = if spec.time_major { step * batches + batch } else { batch * steps + step };
            let x = &input[row * in_c..][..in_c];
            let h = hidden[batch * units..][..units].to_vec();
            for unit in 0..units {
                let sums: Vec<i16> = (0..4)
                    .map(|gate| {
                        let (w, r, bias) = &gates[gate];
                        let dot = |x: &[i64], w: &[i8], zero: i32| -> i128 {
                            x.iter()
                                .zip(w)
                                .map(|(x, &w)| i128::from((x - i64::from(zero)) * i64::from(w)))
                                .sum()
                        };
                        let a = dot(x, &w[unit * in_c..], spec.input_zero_point) + i128::from(bias[unit]);
                        let b = dot(&h, &r[unit * units..], spec.hidden_zero_point);
                        let a = scaled(a, spec.input_multiplier[gate], spec.input_shift[gate]);
                        let b = scaled(b, spec.recurrent_multiplier[gate], spec.recurrent_shift[gate]);
                        (a + b).clamp(-32768, 32767) as i16
                    })
                    .collect();
                let three = Rescale::new(3, 0).unwrap();
                let [i, f, o] = [0, 1, 3].map(|gate: usize| i64::from(sigmoid::logistic(sums[gate], three)));
                let g = i64::from(sigmoid::tanh(sums[2], three));
                let c = &mut cell[batch * units + unit];
                let kept = narrow(f * *c, spec.forget_multiplier, spec.forget_shift);
                *c = (kept + narrow(i * g, spec.cell_multiplier, spec.cell_shift)).clamp(-32768, 32767);
                if spec.cell_clip > 0 {
                    *c = (*c).clamp(-i64::from(spec.cell_clip), spec.cell_clip.into());
                }
                let bits = spec.cell_fraction_bits;
                let rescale =
                    if bits < 12 { Rescale::new(3 << (12 - bits), 0) } else { Rescale::new(3, bits - 12) };
                let squashed = i64::from(sigmoid::tanh(*c as i16, rescale.unwrap()));
                let y = narrow(squashed * o, spec.hidden_multiplier, spec.hidden_shift);
                let y = (y + i64::from(spec.hidden_zero_point)).clamp(limits.0, limits.1);
                output[row * units + unit] = y;
                hidden[batch * units + unit] = y;
            }
        }
    }
    output
}

fn gates(random: &mut Random, spec: &Int8Spec, largest_bias: i64) -> Gates {
    [0; 4].map(|_| {
        let (w, r) = (random.int8s(spec.units * spec.in_c), random.int8s(spec.units * spec.units));
        (w, r, (0..spec.units).map(|_| random.within(-largest_bias, largest_bias)).collect())
    })
}

#[test]
fn random_int8_steps_equal_plain_arithmetic() {
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let zero_points = [0; 2].map(|_| random.within(-128, 127) as i32);
        let spec = spec(random, zero_points, 0);
        let gates = gates(random, &spec, 9000);
        let [i, f, g, o] = &gates;
        let bias = |of: &[i64]| of.iter().map(|&b| b as i32).collect::<Vec<_>>();
        let n_states = spec.batches * spec.units;
        let start = spec.hidden_zero_point;
        let (mut hidden, mut cell) = (vec![start as i8; n_states], vec![0; n_states]);
        let (mut plain_hidden, mut plain_cell) = (vec![i64::from(start); n_states], vec![0; n_states]);
        let kernel = Int8::new(spec).unwrap();
        for _ in 0..2 {
            let input = random.int8s(spec.batches * spec.steps * spec.in_c);
            let mut output = vec![0; n_states * spec.steps];
            let run = kernel.run(
                &input,
                &i.0,
                &f.0,
                &g.0,
                &o.0,
                &i.1,
                &f.1,
                &g.1,
                &o.1,
                &bias(&i.2),
                &bias(&f.2),
                &bias(&g.2),
                &bias(&o.2),
                &mut output,
                &mut hidden,
                &mut cell,
            );
            assert_eq!(run, Ok(()));
            if spec.reset {
                (plain_hidden, plain_cell) = (vec![i64::from(start); n_states], vec![0; n_states]);
            }
            let wide: Vec<i64> = input.iter().map(|&x| x.into()).collect();
            let expected = plain(&spec, &wide, &gates, &mut plain_hidden, &mut plain_cell, false);
            assert!(output.iter().map(|&y| i64::from(y)).eq(expected), "seed {seed}: {spec:?}");
            assert!(hidden.iter().map(|&y| i64::from(y)).eq(plain_hidden.iter().copied()), "seed {seed}");
            assert!(cell.iter().map(|&y| i64::from(y)).eq(plain_cell.iter().copied()), "seed {seed}");
        }
    }
}

#[test]
fn random_int16_steps_equal_plain_arithmetic() {
    for seed in 0..200 {
        let random = &mut Random::new(seed);
        let spec = spec(random, [0, 0], 8);
        let gates = gates(random, &spec, 2_000_000);
        let [i, f, g, o] = &gates;
        let n_states = spec.batches * spec.units;
        let (mut hidden, mut cell) = (vec![0; n_states], vec![0; n_states]);
        let (mut plain_hidden, mut plain_cell) = (vec![0; n_states], vec![0; n_states]);
        let Int8Spec { batches, steps, in_c, units, time_major, .. } = spec;
        let kernel = Int16::new(Int16Spec {
            batches,
            steps,
            in_c,
            units,
            time_major,
            reset: spec.reset,
            input_multiplier: spec.input_multiplier,
            input_shift: spec.input_shift,
            recurrent_multiplier: spec.recurrent_multiplier,
            recurrent_shift: spec.recurrent_shift,
            forget_multiplier: spec.forget_multiplier,
            forget_shift: spec.forget_shift,
            cell_multiplier: spec.cell_multiplier,
            cell_shift: spec.cell_shift,
            hidden_multiplier: spec.hidden_multiplier,
            hidden_shift: spec.hidden_shift,
            cell_fraction_bits: spec.cell_fraction_bits,
            cell_clip: spec.cell_clip,
        });
        let input: Vec<i16> = (0..batches * steps * in_c).map(|_| random.bits() as i16).collect();
        let mut output = vec![0; n_states * steps];
        let run = kernel.unwrap().run(
            &input,
            &i.0,
            &f.0,
            &g.0,
            &o.0,
            &i.1,
            &f.1,
            &g.1,
            &o.1,
            &i.2,
            &f.2,
            &g.2,
            &o.2,
            &mut output,
            &mut hidden,
            &mut cell,
        );
        assert_eq!(run, Ok(()));
        let wide: Vec<i64> = input.iter().map(|&x| x.into()).collect();
        let expected = plain(&spec, &wide, &gates, &mut plain_hidden, &mut plain_cell, true);
        assert!(output.iter().map(|&y| i64::from(y)).eq(expected), "seed {seed}: {spec:?}");
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Float32Spec { batches: 0, ..HAND },
        Float32Spec { steps: 0, ..HAND },
        Float32Spec { units: 1 << 16, ..HAND },
        Float32Spec { cell_clip: -1.0, ..HAND },
        Float32Spec { cell_clip: f32::NAN, ..HAND },
    ] {
        assert!(Float32::new(wrong).is_err(), "{wrong:?}");
    }
    let right = spec(&mut Random::new(1), [3, -7], 0);
    for wrong in [
        Int8Spec { input_zero_point: 128, ..right },
        Int8Spec { hidden_zero_point: -129, ..right },
        Int8Spec { input_shift: [0, 0, 0, 31], ..right },
        Int8Spec { recurrent_multiplier: [0, -1, 0, 0], ..right },
        Int8Spec { hidden_shift: -32, ..right },
        Int8Spec { cell_fraction_bits: 31, ..right },
        Int8Spec { cell_clip: -1, ..right },
    ] {
        assert!(Int8::new(wrong).is_err(), "{wrong:?}");
    }
    let kernel = Float32::new(HAND).unwrap();
    let w = [0.0];
    let run = kernel.run(
        &[0.0; 2],
        &w,
        &w,
        &w,
        &w,
        &w,
        &w,
        &[0.0; 2],
        &w,
        &[],
        &[],
        &[],
        &[],
        &mut [0.0; 2],
        &mut [0.0],
        &mut [0.0],
    );
    assert_eq!(run, Err(WrongLength { operand: "recurrent_to_cell", expected: 1, found: 2 }));
}
