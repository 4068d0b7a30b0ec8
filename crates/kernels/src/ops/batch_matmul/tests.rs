//! Hand cases and random products against the definition.

use std::vec;
use std::vec::Vec;

use super::super::naive::{Random, quantize, quantize_wide};
use super::*;

const SHAPE: Shape =
    Shape { x_batch: [1; 4], y_batch: [1; 4], rows: 2, depth: 3, columns: 1, adj_x: false, adj_y: false };

const SPEC: Int8Spec = int8(SHAPE);

const fn int8(shape: Shape) -> Int8Spec {
    let Shape { x_batch, y_batch, rows, depth, columns, adj_x, adj_y } = shape;
    Int8Spec {
        x_batch,
        y_batch,
        rows,
        depth,
        columns,
        adj_x,
        adj_y,
        x_zero_point: 1,
        y_zero_point: -1,
        output_zero_point: 5,
        multiplier: 1 << 30,
        shift: 0,
    }
}

fn int16(shape: Shape, multiplier: i32, shift: i32) -> Int16Spec {
    let Shape { x_batch, y_batch, rows, depth, columns, adj_x, adj_y } = shape;
    Int16Spec { x_batch, y_batch, rows, depth, columns, adj_x, adj_y, multiplier, shift }
}

fn float(shape: Shape) -> Float32Spec {
    let Shape { x_batch, y_batch, rows, depth, columns, adj_x, adj_y } = shape;
    Float32Spec { x_batch, y_batch, rows, depth, columns, adj_x, adj_y }
}

#[test]
fn two_rows_by_hand() {
    // (1 2 3) and (-1 0 1) times (4 5 6), halved, plus 5.
    let mut output = [0; 2];
    let kernel = Int8::new(SPEC).unwrap();
    assert_eq!(kernel.run(&[2, 3, 4, 0, 1, 2], &[3, 4, 5], &mut output), Ok(()));
    assert_eq!(output, [21, 6]);
    let kernel = Float32::new(float(Shape { adj_x: true, ..SHAPE })).unwrap();
    let mut output = [0.0; 2];
    assert_eq!(kernel.run(&[1.0, -1.0, 2.0, 0.0, 3.0, 1.0], &[4.0, 5.0, 6.0], &mut output), Ok(()));
    assert_eq!(output, [32.0, 2.0]);
}

fn random_shape(random: &mut Random) -> Shape {
    let (mut x_batch, mut y_batch) = ([1; 4], [1; 4]);
    for axis in random.size(1, 4)..4 {
        let extent = random.size(1, 3);
        let which = random.size(0, 3);
        x_batch[axis] = if which == 0 { 1 } else { extent };
        y_batch[axis] = if which == 1 { 1 } else { extent };
    }
    let columns = if random.size(0, 9) == 0 { random.size(60, 140) } else { random.size(1, 7) };
    Shape {
        x_batch,
        y_batch,
        rows: random.size(1, 5),
        depth: random.size(1, 20),
        columns,
        adj_x: random.size(0, 1) == 1,
        adj_y: random.size(0, 1) == 1,
    }
}

fn lens(shape: &Shape) -> [usize; 2] {
    [
        shape.x_batch.iter().product::<usize>() * shape.rows * shape.depth,
        shape.y_batch.iter().product::<usize>() * shape.depth * shape.columns,
    ]
}

/// Indices of the products of every output.
fn products(shape: &Shape) -> Vec<Vec<(usize, usize)>> {
    let batch: Vec<usize> = shape.x_batch.iter().zip(shape.y_batch).map(|(&x, y)| x.max(y)).collect();
    let mut products = Vec::new();
    for at in 0..batch.iter().product() {
        let (mut rest, mut x_at, mut y_at, mut x_step, mut y_step) = (at, 0, 0, 1, 1);
        for axis in (0..4).rev() {
            let index = rest % batch[axis];
            rest /= batch[axis];
            x_at += index.min(shape.x_batch[axis] - 1) * x_step;
            y_at += index.min(shape.y_batch[axis] - 1) * y_step;
            x_step *= shape.x_batch[axis];
            y_step *= shape.y_batch[axis];
        }
        for i in 0..shape.rows {
            for j in 0..shape.columns {
                let product = |k: usize| {
                    let x = if shape.adj_x { k * shape.rows + i } else { i * shape.depth + k };
                    let y = if shape.adj_y { j * shape.depth + k } else { k * shape.columns + j };
                    (x_at * shape.rows * shape.depth + x, y_at * shape.depth * shape.columns + y)
                };
                products.push((0..shape.depth).map(product).collect());
            }
        }
    }
    products
}

#[test]
fn random_products_equal_the_definition() {
    for seed in 0..500 {
        let random = &mut Random::new(seed);
        let shape = random_shape(random);
        let products = products(&shape);
        let [x_len, y_len] = lens(&shape);
        let multiplier = random.within(1 << 30, i32::MAX.into()) as i32;
        let shift = random.within(-10, 1) as i32;
        let [x_zero_point, y_zero_point, output_zero_point] =
            [(); 3].map(|()| random.within(-128, 127) as i32);

        let spec =
            Int8Spec { x_zero_point, y_zero_point, output_zero_point, multiplier, shift, ..int8(shape) };
        let (x, y) = (random.int8s(x_len), random.int8s(y_len));
        let mut output = vec![0; products.len()];
        assert_eq!(Int8::new(spec).unwrap().run(&x, &y, &mut output), Ok(()));
        for (&z, products) in output.iter().zip(&products) {
            let product = |&(i, j): &(usize, usize)| {
                (i64::from(x[i]) - i64::from(x_zero_point)) * (i64::from(y[j]) - i64::from(y_zero_point))
            };
            let sum = products.iter().map(product).sum();
            let expected = quantize(sum, multiplier, shift, output_zero_point, (-128, 127));
            assert_eq!(z, expected, "seed {seed}: {spec:?}");
        }

        let shift = shift - 12;
        let (x, y) = (random.int16s(x_len), random.int16s(y_len));
        let mut output = vec![0; products.len()];
        let kernel = Int16::new(int16(shape, multiplier, shift)).unwrap();
        assert_eq!(kernel.run(&x, &y, &mut output), Ok(()));
        for (&z, products) in output.iter().zip(&products) {
            let sum = products.iter().map(|&(i, j)| i64::from(x[i]) * i64::from(y[j])).sum();
            let expected = quantize_wide(sum, multiplier, shift, false, (-32768, 32767));
            assert_eq!(z, expected, "seed {seed}: {shape:?}");
        }

        let (x, y) = (random.floats(x_len), random.floats(y_len));
        let mut output = vec![0.0; products.len()];
        assert_eq!(Float32::new(float(shape)).unwrap().run(&x, &y, &mut output), Ok(()));
        for (&z, products) in output.iter().zip(&products) {
            let sum = products.iter().fold(0.0, |sum, &(i, j)| sum + x[i] * y[j]);
            assert_eq!(z, sum, "seed {seed}: {shape:?}");
        }
    }
}

#[test]
fn senseless_specifications_and_wrong_lengths_fail() {
    for wrong in [
        Shape { rows: 0, ..SHAPE },
        Shape { depth: 1 << 31, ..SHAPE },
        Shape { x_batch: [1, 1, 2, 1], y_batch: [1, 1, 3, 1], ..SHAPE },
        Shape { x_batch: [1 << 16, 1, 1, 1], y_batch: [1, 1 << 15, 1, 1], ..SHAPE },
    ] {
        assert!(Float32::new(float(wrong)).is_err(), "{wrong:?}");
    }
    assert!(Int8::new(Int8Spec { x_zero_point: 128, ..SPEC }).is_err());
    assert!(Int8::new(Int8Spec { shift: 31, ..SPEC }).is_err());
    assert!(Int16::new(int16(SHAPE, 1, 15)).is_err());
    let kernel = Int8::new(SPEC).unwrap();
    let run = |x: usize, y: usize, output: usize| {
        kernel.run(&vec![0; x], &vec![0; y], &mut vec![0; output]).map_err(|error| error.operand)
    };
    assert_eq!(run(6, 3, 2), Ok(()));
    assert_eq!(run(5, 3, 2), Err("x"));
    assert_eq!(run(6, 6, 2), Err("y"));
    assert_eq!(run(6, 3, 6), Err("output"));
}
