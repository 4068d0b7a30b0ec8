//! Hand cases, and int8 steps against plain sums over the inputs of all steps.

use std::vec;
use std::vec::Vec;

use super::super::naive::{Random, quantize, scale};
use super::*;

const HAND: Float32Spec =
    Float32Spec { batches: 1, in_c: 2, units: 1, rank: 2, memory: 2, act_min: f32::MIN, act_max: f32::MAX };

#[test]
fn two_steps_by_hand() {
    let kernel = Float32::new(HAND).unwrap();
    let (feature, time) = ([1.0, 2.0, 3.0, 4.0], [10.0, 1.0, 0.5, 2.0]);
    let (mut output, mut state) = ([0.0], [0.0; 4]);
    assert_eq!(kernel.run(&[1.0, 0.0], &feature, &time, &[100.0], &mut output, &mut state), Ok(()));
    // Products 1 and 3 at the newest step.
    assert_eq!((output, state), ([100.0 + 1.0 + 6.0], [0.0, 1.0, 0.0, 3.0]));
    assert_eq!(kernel.run(&[0.0, 1.0], &feature, &time, &[], &mut output, &mut state), Ok(()));
    assert_eq!((output, state), ([10.0 + 2.0 + 1.5 + 8.0], [1.0, 2.0, 3.0, 4.0]));
    let clamped = Float32::new(Float32Spec { act_min: 0.0, act_max: 6.0, ..HAND }).unwrap();
    assert_eq!(clamped.run(&[0.0, 1.0], &feature, &time, &[], &mut output, &mut state), Ok(()));
    assert_eq!(output, [6.0]);
}

/// Runs several steps of a random int8 kernel and compares every output.
fn check<S: State>(seed: u64, state_zero_point: i32, bits: u32) {
    let random = &mut Random::new(seed);
    let [batches, in_c, units] = [random.size(1, 2), random.size(1, 12), random.size(1, 4)];
    let [rank, memory] = [random.size(1, 3), random.size(1, 6)];
    let spec = Int8Spec {
        batches,
        in_c,
        units,
        rank,
        memory,
        input_zero_point: random.within(-128, 127) as i32,
        state_zero_point,
        output_zero_point: random.within(-128, 127) as i32,
        state_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
        state_shift: random.within(-10, -4) as i32 + bits as i32 - 8,
        output_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
        output_shift: random.within(-9, -5) as i32 - (bits as i32 - 8),
    };
    let kernel = Int8::new(spec).unwrap();
    let filters = units * rank;
    let feature = random.int8s(filters * in_c);
    let time: Vec<S> = (0..filters * memory).map(|_| S::saturate(random.bits() as i8 as i32)).collect();
    let bias: Vec<i32> = (0..units).map(|_| random.within(-3000, 3000) as i32).collect();
    let mut state = vec![S::saturate(state_zero_point); batches * filters * memory];
    let mut inputs: Vec<Vec<i8>> = Vec::new();
    for step in 0..9 {
        inputs.push(random.int8s(batches * in_c));
        let mut output = vec![0; batches * units];
        let run = kernel.run(&inputs[step], &feature, &time, &bias, &mut output, &mut state);
        assert_eq!(run, Ok(()));
        for (at, &y) in output.iter().enumerate() {
            let (batch, unit) = (at / units, at % units);
            let mut sum = i64::from(bias[unit]);
            for filter in unit * rank..(unit + 1) * rank {
                for age in 0..memory.min(step + 1) {
                    let x = &inputs[step - age][batch * in_c..][..in_c];
                    let products = x.iter().zip(&feature[filter * in_c..][..in_c]);
                    let zero = i64::from(spec.input_zero_point);
                    let dot: i64 = products.map(|(&x, &w)| (i64::from(x) - zero) * i64::from(w)).sum();
                    let scaled = scale(dot.into(), spec.state_multiplier, spec.state_shift) as i64;
                    let limit = 1_i64 << (bits - 1);
                    let kept = S::saturate(scaled.clamp(-limit, limit - 1) as i32);
                    let kept = i64::from(kept.moved(state_zero_point).into() - state_zero_point);
                    let weight: i32 = time[filter * memory + memory - 1 - age].into();
                    sum += i64::from(weight) * kept;
                }
            }
            let to = (spec.output_multiplier, spec.output_shift, spec.output_zero_point);
            assert_eq!(y, quantize(sum, to.0, to.1, to.2, (-128, 127)), "seed {seed}, step {step}, {spec:?}");
        }
    }
}

#[test]
fn random_int8_steps_equal_plain_sums() {
    for seed in 0..200 {
        check::<i16>(seed, 0, 16);
        check::<i8>(seed, (seed as i32 * 7) % 256 - 128, 8);
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Float32Spec { batches: 0, ..HAND },
        Float32Spec { rank: 0, ..HAND },
        Float32Spec { memory: (1 << 16) + 1, ..HAND },
        Float32Spec { act_min: f32::NAN, ..HAND },
    ] {
        assert!(Float32::new(wrong).is_err(), "{wrong:?}");
    }
    let kernel = Float32::new(HAND).unwrap();
    let wrong = WrongLength { operand: "state", expected: 4, found: 3 };
    let run = kernel.run(&[0.0; 2], &[0.0; 4], &[0.0; 4], &[], &mut [0.0], &mut [0.0; 3]);
    assert_eq!(run, Err(wrong));
}
