//! Gives buffers their offsets: greedy in several orders, then a bounded search for something smaller.
//!
//! Of two buffers that meet, one begins above the other by at least a distance: the size of the lower one, or less where a kernel
//! may write its result over its operand.

use crate::overlaps::Overlap;
use crate::{ALIGNMENT_BYTES, Buffer};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The search is tried up to this many buffers; up to 12 or so it usually ends with a proof.
const MAX_SEARCHED_BUFFERS: usize = 40;
/// Placements that the search may try, so that its time has a bound and its result depends on no clock.
const MAX_SEARCH_STEPS: usize = 20_000;

/// Sets all offsets. Returns the size of the arena and its lower bound.
pub(crate) fn place(buffers: &mut [Buffer], overlaps: &[Overlap]) -> (usize, usize) {
    let problem = Problem::new(buffers, overlaps);
    let lower_bound = problem.lower_bound();
    let mut best = problem
        .orders()
        .iter()
        .map(|order| problem.greedy(order))
        .min_by_key(|placement| placement.arena_bytes)
        .unwrap_or(Placement { arena_bytes: 0, offsets: Vec::new() });
    if best.arena_bytes > lower_bound && buffers.len() <= MAX_SEARCHED_BUFFERS {
        best = Search::new(&problem, best, lower_bound).run();
    }
    for (buffer, offset) in buffers.iter_mut().zip(&best.offsets) {
        buffer.offset = *offset;
    }
    (best.arena_bytes, lower_bound)
}

/// A buffer as the placement sees it.
#[derive(Debug, Clone, Copy)]
struct Item {
    /// Size, a multiple of the alignment.
    bytes: usize,
    first: usize,
    last: usize,
}

impl Item {
    fn meets(&self, other: &Item) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    fn is_live_at(&self, call: usize) -> bool {
        self.first <= call && call <= self.last
    }
}

struct Placement {
    arena_bytes: usize,
    offsets: Vec<usize>,
}

struct Problem {
    items: Vec<Item>,
    /// Calls at which the set of live buffers is not part of another call's: where a buffer begins.
    calls: Vec<usize>,
    /// Bytes that the buffers that are live at each of them need at least.
    live_bytes: Vec<usize>,
    /// By how much one buffer must begin above another that it may overlap: lower and upper.
    distances: BTreeMap<(usize, usize), usize>,
    /// Pairs that may overlap, by the call that needs both, with the bytes that this saves at most.
    savings: Vec<Saving>,
}

/// See [`Problem::savings`].
struct Saving {
    call: usize,
    pair: [usize; 2],
    bytes: usize,
}

impl Problem {
    fn new(buffers: &[Buffer], overlaps: &[Overlap]) -> Self {
        let item = |buffer: &Buffer| Item {
            bytes: buffer.bytes.next_multiple_of(ALIGNMENT_BYTES),
            first: buffer.first_call,
            last: buffer.last_call,
        };
        let items: Vec<Item> = buffers.iter().map(item).collect();
        let (mut distances, mut savings) = (BTreeMap::new(), Vec::new());
        for &Overlap { operand, result, below, above } in overlaps {
            let (Some(x), Some(y)) = (items.get(operand), items.get(result)) else { continue };
            let (below, above) = (below.min(y.bytes), above.min(x.bytes));
            distances.insert((result, operand), below);
            distances.insert((operand, result), above);
            let least = y.bytes.max(below + x.bytes).min(x.bytes.max(above + y.bytes));
            let bytes = x.bytes + y.bytes - least;
            savings.push(Saving { call: y.first, pair: [operand, result], bytes });
        }
        let mut calls: Vec<usize> = items.iter().map(|item| item.first).collect();
        calls.sort_unstable();
        calls.dedup();
        let live = |&call: &usize| {
            let live =
                items.iter().filter(|item| item.is_live_at(call)).map(|item| item.bytes).sum::<usize>();
            let saved = savings.iter().filter(|saving| saving.call == call).map(|saving| saving.bytes).sum();
            live.saturating_sub(saved)
        };
        let live_bytes = calls.iter().map(live).collect();
        Problem { items, calls, live_bytes, distances, savings }
    }

    /// By how much `upper` must begin above `lower`, which it meets.
    fn distance(&self, lower: usize, upper: usize) -> usize {
        let own = || self.items.get(lower).map_or(0, |item| item.bytes);
        self.distances.get(&(lower, upper)).copied().unwrap_or_else(own)
    }

    fn lower_bound(&self) -> usize {
        self.live_bytes.iter().copied().max().unwrap_or(0)
    }

    /// Orders of placement: large first; long-lived first; by the calls that need most memory, large first in each.
    fn orders(&self) -> [Vec<usize>; 3] {
        let sorted = |key: &dyn Fn(&Item) -> [Reverse<usize>; 2]| {
            let mut order: Vec<usize> = (0..self.items.len()).collect();
            order.sort_by_cached_key(|&at| self.items.get(at).map(key));
            order
        };
        let duration = |item: &Item| item.last - item.first;
        let widest = |item: &Item| {
            let calls = self.calls.iter().zip(&self.live_bytes).filter(|(call, _)| item.is_live_at(**call));
            calls.map(|(_, &bytes)| bytes).max().unwrap_or(0)
        };
        [
            sorted(&|item| [item.bytes, duration(item)].map(Reverse)),
            sorted(&|item| [duration(item), item.bytes].map(Reverse)),
            sorted(&|item| [widest(item), item.bytes].map(Reverse)),
        ]
    }

    /// Places the buffers in `order`, each at the lowest offset that those before it leave.
    fn greedy(&self, order: &[usize]) -> Placement {
        let mut offsets: Vec<Option<usize>> = vec![None; self.items.len()];
        let mut arena_bytes = 0;
        for &at in order {
            let Some(item) = self.items.get(at) else { continue };
            let offset = self.lowest(at, item, &offsets);
            arena_bytes = arena_bytes.max(offset + item.bytes);
            if let Some(slot) = offsets.get_mut(at) {
                *slot = Some(offset);
            }
        }
        Placement { arena_bytes, offsets: offsets.into_iter().map(|offset| offset.unwrap_or(0)).collect() }
    }

    /// The lowest offset for a buffer between the placed ones that it meets: 0, or one that stands on one of them.
    fn lowest(&self, at: usize, item: &Item, offsets: &[Option<usize>]) -> usize {
        let met: Vec<(usize, usize)> = offsets
            .iter()
            .zip(&self.items)
            .enumerate()
            .filter(|(_, (_, other))| other.meets(item))
            .filter_map(|(other, (offset, _))| Some((other, (*offset)?)))
            .collect();
        let fits = |offset: &usize| {
            met.iter().all(|&(other, place)| {
                *offset >= place + self.distance(other, at) || place >= offset + self.distance(at, other)
            })
        };
        let standing = met.iter().map(|&(other, place)| place + self.distance(other, at));
        standing.chain([0]).filter(fits).min().unwrap_or(0)
    }
}

/// Branch and bound over the orders of placement from the bottom up.
///
/// In an arena whose buffers cannot sink any further, every buffer stands at 0 or at its distance above one that it meets.
/// Placed in the order of their offsets, each therefore stands above the highest of those before it that it meets, and no
/// lower than the one before it: trying all such orders finds the smallest arena.
struct Search<'a> {
    problem: &'a Problem,
    /// Buffers in the order in which they are tried: large first.
    order: Vec<usize>,
    offsets: Vec<Option<usize>>,
    best: Placement,
    lower_bound: usize,
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, best: Placement, lower_bound: usize) -> Self {
        let [order, ..] = problem.orders();
        Search { problem, order, offsets: vec![None; problem.items.len()], best, lower_bound, steps: 0 }
    }

    fn run(mut self) -> Placement {
        self.descend(0, 0, 0);
        self.best
    }

    fn is_done(&self) -> bool {
        self.best.arena_bytes == self.lower_bound || self.steps >= MAX_SEARCH_STEPS
    }

    /// Places one more buffer, at `floor` or above; those placed reach up to `height`.
    fn descend(&mut self, n_placed: usize, floor: usize, height: usize) {
        if n_placed == self.order.len() {
            if height < self.best.arena_bytes {
                let offsets = self.offsets.iter().map(|offset| offset.unwrap_or(0)).collect();
                self.best = Placement { arena_bytes: height, offsets };
            }
            return;
        }
        for position in 0..self.order.len() {
            let Some(&at) = self.order.get(position) else { continue };
            if self.is_done() {
                return;
            }
            let (Some(&item), Some(None)) = (self.problem.items.get(at), self.offsets.get(at)) else {
                continue;
            };
            let offset = self.support(at, &item);
            let height = height.max(offset + item.bytes);
            if offset < floor || height >= self.best.arena_bytes {
                continue;
            }
            self.steps += 1;
            self.set(at, Some(offset));
            if self.bound(offset) < self.best.arena_bytes {
                self.descend(n_placed + 1, offset, height);
            }
            self.set(at, None);
        }
    }

    fn set(&mut self, at: usize, offset: Option<usize>) {
        if let Some(slot) = self.offsets.get_mut(at) {
            *slot = offset;
        }
    }

    fn placed(&self) -> impl Iterator<Item = (usize, usize, &Item)> {
        let placed = self.offsets.iter().zip(&self.problem.items).enumerate();
        placed.filter_map(|(at, (offset, item))| Some((at, (*offset)?, item)))
    }

    /// The lowest place above all placed buffers that `item` meets.
    fn support(&self, at: usize, item: &Item) -> usize {
        let above = self.placed().filter(|(_, _, other)| other.meets(item));
        above.map(|(other, offset, _)| offset + self.problem.distance(other, at)).max().unwrap_or(0)
    }

    /// No completion is smaller: at each call, what is not placed yet goes above `floor` and, but for what may overlap, above
    /// what is placed.
    fn bound(&self, floor: usize) -> usize {
        let at_call = |&call: &usize| {
            let live = self.placed().filter(|(_, _, item)| item.is_live_at(call));
            let top = live.map(|(_, offset, item)| offset + item.bytes).max().unwrap_or(0);
            let unplaced =
                self.offsets.iter().zip(&self.problem.items).filter(|(offset, _)| offset.is_none());
            let waiting: usize =
                unplaced.filter(|(_, item)| item.is_live_at(call)).map(|(_, item)| item.bytes).sum();
            if waiting == 0 {
                top
            } else {
                top.max((top.max(floor) + waiting).saturating_sub(self.saved(call)))
            }
        };
        self.problem.calls.iter().map(at_call).max().unwrap_or(0)
    }

    /// Bytes that buffers that are not placed yet may save at a call.
    fn saved(&self, call: usize) -> usize {
        let waits = |at: &usize| self.offsets.get(*at).is_some_and(Option::is_none);
        let savings = self.problem.savings.iter().filter(|saving| saving.call == call);
        savings.filter(|saving| saving.pair.iter().any(waits)).map(|saving| saving.bytes).sum()
    }
}

#[cfg(test)]
mod tests;
