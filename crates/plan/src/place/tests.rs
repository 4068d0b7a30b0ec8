//! Tests of the placement: hand cases, an exhaustive reference on small problems, properties on random ones.

use super::*;
use proptest::prelude::*;

fn buffer(bytes: usize, first_call: usize, last_call: usize) -> Buffer {
    Buffer { tensor: None, offset: 0, bytes, first_call, last_call }
}

/// Places and checks what every placement must keep. Returns arena and lower bound.
fn placed(buffers: &mut [Buffer]) -> (usize, usize) {
    let (arena_bytes, lower_bound) = place(buffers);
    for (at, a) in buffers.iter().enumerate() {
        assert_eq!(a.offset % ALIGNMENT_BYTES, 0, "{a:?} is not aligned");
        assert!(a.offset + a.bytes <= arena_bytes, "{a:?} is outside of {arena_bytes} bytes");
        for b in &buffers[..at] {
            let apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
            assert!(apart || !a.meets(b), "{a:?} and {b:?} overlap");
        }
    }
    assert!(lower_bound <= arena_bytes, "{arena_bytes} beats the bound {lower_bound}");
    assert_eq!(arena_bytes % ALIGNMENT_BYTES, 0);
    (arena_bytes, lower_bound)
}

/// The smallest arena, by trying every order from the bottom up.
fn smallest(items: &[Item], placed: &mut Vec<(usize, Item)>, left: &mut Vec<usize>) -> usize {
    if left.is_empty() {
        return placed.iter().map(|(offset, item)| offset + item.bytes).max().unwrap_or(0);
    }
    let mut best = usize::MAX;
    for position in 0..left.len() {
        let at = left.remove(position);
        let meeting = placed.iter().filter(|(_, other)| other.meets(&items[at]));
        let offset = meeting.map(|(offset, other)| offset + other.bytes).max().unwrap_or(0);
        placed.push((offset, items[at]));
        best = best.min(smallest(items, placed, left));
        placed.pop();
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
    let problem = Problem::new(&buffers);
    let greedy = problem.orders().iter().map(|order| problem.greedy(order).arena_bytes).min();
    assert_eq!(greedy, Some(128));
    assert_eq!(placed(&mut buffers), (112, 112));
}

prop_compose! {
    fn buffers(max: usize)(raw in prop::collection::vec((0..200usize, 0..10usize, 0..5usize), 0..max)) -> Vec<Buffer> {
        raw.into_iter().map(|(bytes, first, length)| buffer(bytes, first, first + length)).collect()
    }
}

proptest! {
    #[test]
    fn random_buffers_are_apart_and_within_bounds(mut buffers in buffers(60)) {
        let again = &mut buffers.clone();
        prop_assert_eq!(placed(&mut buffers), placed(again));
        prop_assert_eq!(&buffers, again);
    }

    #[test]
    fn small_problems_are_solved_exactly(mut buffers in buffers(7)) {
        let problem = Problem::new(&buffers);
        let items = problem.items.clone();
        let optimum = smallest(&items, &mut Vec::new(), &mut (0..items.len()).collect());
        prop_assert_eq!(placed(&mut buffers).0, optimum);
    }
}
