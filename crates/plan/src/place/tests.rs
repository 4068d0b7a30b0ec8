//! Tests of the placement: hand cases, an exhaustive reference on small problems, properties on random ones.

use super::*;
use proptest::prelude::*;

fn buffer(bytes: usize, first_call: usize, last_call: usize) -> Buffer {
    Buffer { tensor: None, offset: 0, bytes, first_call, last_call }
}

/// Places and checks what every placement must keep. Returns arena and lower bound.
fn placed(buffers: &mut [Buffer]) -> (usize, usize) {
    placed_over(buffers, &[])
}

/// [`placed`] with buffers that may overlap.
fn placed_over(buffers: &mut [Buffer], overlaps: &[Overlap]) -> (usize, usize) {
    let (arena_bytes, lower_bound) = place(buffers, overlaps);
    let may_overlap = |a: usize, b: usize| {
        overlaps.iter().any(|o| {
            let (x, y) = (buffers[o.operand].offset, buffers[o.result].offset);
            ([o.operand, o.result] == [a, b] || [o.operand, o.result] == [b, a])
                && (x >= y + o.below || y >= x + o.above)
        })
    };
    for (at, a) in buffers.iter().enumerate() {
        assert_eq!(a.offset % ALIGNMENT_BYTES, 0, "{a:?} is not aligned");
        assert!(a.offset + a.bytes <= arena_bytes, "{a:?} is outside of {arena_bytes} bytes");
        for (other, b) in buffers[..at].iter().enumerate() {
            let apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
            assert!(apart || !a.meets(b) || may_overlap(at, other), "{a:?} and {b:?} overlap");
        }
    }
    assert!(lower_bound <= arena_bytes, "{arena_bytes} beats the bound {lower_bound}");
    assert_eq!(arena_bytes % ALIGNMENT_BYTES, 0);
    (arena_bytes, lower_bound)
}

/// The smallest arena, by trying every order from the bottom up.
fn smallest(problem: &Problem, placed: &mut Vec<(usize, usize)>, left: &mut Vec<usize>) -> usize {
    let items = &problem.items;
    if left.is_empty() {
        return placed.iter().map(|&(at, offset)| offset + items[at].bytes).max().unwrap_or(0);
    }
    let mut best = usize::MAX;
    for position in 0..left.len() {
        let at = left.remove(position);
        let meeting = placed.iter().filter(|(other, _)| items[*other].meets(&items[at]));
        let offset = meeting.map(|&(other, offset)| offset + problem.distance(other, at)).max().unwrap_or(0);
        let floor = placed.last().map_or(0, |&(_, offset)| offset);
        if offset >= floor {
            placed.push((at, offset));
            best = best.min(smallest(problem, placed, left));
            placed.pop();
        }
        left.insert(position, at);
    }
    best
}

#[test]
fn nothing_needs_nothing() {
    assert_eq!(placed(&mut []), (0, 0));
}

#[test]
fn a_chain_needs_its_largest_neighbours() {
    // 100 -> 200 -> 50 -> 300: the last two meet, and so do the first two.
    let mut chain = [buffer(100, 0, 0), buffer(200, 0, 1), buffer(50, 1, 2), buffer(300, 2, 2)];
    assert_eq!(placed(&mut chain), (64 + 304, 64 + 304));
}

#[test]
fn empty_buffers_take_no_place() {
    assert_eq!(placed(&mut [buffer(0, 0, 3), buffer(16, 0, 3)]), (16, 16));
}

#[test]
fn the_search_finds_what_greedy_misses() {
    let mut buffers = [buffer(32, 3, 5), buffer(32, 4, 6), buffer(64, 1, 3), buffer(48, 5, 6)];
    let problem = Problem::new(&buffers, &[]);
    let greedy = problem.orders().iter().map(|order| problem.greedy(order).arena_bytes).min();
    assert_eq!(greedy, Some(128));
    assert_eq!(placed(&mut buffers), (112, 112));
}

prop_compose! {
    fn buffers(max: usize)(raw in prop::collection::vec((0..200usize, 0..10usize, 0..5usize), 0..max)) -> Vec<Buffer> {
        raw.into_iter().map(|(bytes, first, length)| buffer(bytes, first, first + length)).collect()
    }
}

prop_compose! {
    /// Buffers, and for some that end where another one begins how far apart both must be.
    fn overlapping(max: usize)(buffers in buffers(max), lags in prop::collection::vec((0..200usize, 0..200usize), max))
        -> (Vec<Buffer>, Vec<Overlap>) {
        let mut overlaps: Vec<Overlap> = Vec::new();
        for (operand, x) in buffers.iter().enumerate() {
            let result = buffers.iter().position(|y| y.first_call == x.last_call && y.first_call != x.first_call);
            let (below, above) = lags[operand];
            let aligned = |bytes: usize| bytes.next_multiple_of(ALIGNMENT_BYTES);
            if let Some(result) = result.filter(|result| overlaps.iter().all(|o| o.result != *result)) {
                overlaps.push(Overlap { operand, result, below: aligned(below), above: aligned(above) });
            }
        }
        (buffers, overlaps)
    }
}

#[test]
fn a_chain_that_overlaps_goes_up_and_down() {
    // Four layers of 160 bytes, each 32 bytes from the next.
    let mut chain: Vec<Buffer> = (0..5).map(|at: usize| buffer(160, at.saturating_sub(1), at)).collect();
    let overlaps: Vec<Overlap> =
        (0..4).map(|at| Overlap { operand: at, result: at + 1, below: 32, above: 48 }).collect();
    assert_eq!(placed_over(&mut chain, &overlaps), (160 + 48, 160 + 32));
    assert_eq!(chain.iter().map(|buffer| buffer.offset).collect::<Vec<_>>(), [32, 0, 48, 0, 48]);
}

proptest! {
    #[test]
    fn random_buffers_are_apart_and_within_bounds(mut buffers in buffers(60)) {
        let again = &mut buffers.clone();
        prop_assert_eq!(placed(&mut buffers), placed(again));
        prop_assert_eq!(&buffers, again);
    }

    #[test]
    fn small_problems_are_solved_exactly((mut buffers, overlaps) in overlapping(7)) {
        let problem = Problem::new(&buffers, &overlaps);
        let mut left = (0..buffers.len()).collect();
        let optimum = smallest(&problem, &mut Vec::new(), &mut left);
        prop_assert_eq!(placed_over(&mut buffers, &overlaps).0, optimum);
    }

    #[test]
    fn buffers_that_may_overlap_keep_their_distance((mut buffers, overlaps) in overlapping(60)) {
        let again = &mut buffers.clone();
        let (arena_bytes, _) = placed_over(&mut buffers, &overlaps);
        prop_assert_eq!(arena_bytes, placed_over(again, &overlaps).0);
    }
}
