//! The arena over time: kernel calls to the right, arena offset upwards, one rectangle for each buffer.

use std::fmt::Write;

use super::escape;
use crate::text::shorten;
use crate::{MemoryMap, count};

/// Edges of the drawing in SVG units: left of the picture are the bytes, below it the calls.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 112.0;
const HEIGHT: f64 = 340.0;
/// Width of one character of a label, about.
const CHAR: f64 = 7.0;

struct Scale {
    step: f64,
    n_calls: usize,
    top_bytes: f64,
}

impl Scale {
    fn x(&self, call: usize) -> f64 {
        LEFT + call.min(self.n_calls) as f64 * self.step
    }

    fn y(&self, bytes: usize) -> f64 {
        TOP + HEIGHT * (1.0 - bytes as f64 / self.top_bytes)
    }

    fn right(&self) -> f64 {
        self.x(self.n_calls)
    }
}

/// The map as an `<svg>` element.
pub(crate) fn svg(map: &MemoryMap) -> String {
    let n_calls = map.calls.len().max(1);
    let step = (880.0 / n_calls as f64).max(22.0);
    let highest = map.buffers.iter().map(|b| b.offset + b.bytes).max().unwrap_or(0).max(map.arena_bytes);
    let scale = Scale { step, n_calls, top_bytes: highest.max(1) as f64 };
    let (width, height) = (scale.right() + RIGHT, TOP + HEIGHT + BOTTOM);
    let mut text = format!(
        "<svg class=\"memory-map\" role=\"img\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         style=\"min-width:{:.0}px\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         <title>Arena offset of each buffer over the kernel calls</title>\n",
        width * 0.72
    );
    axes(&mut text, map, &scale);
    for (at, buffer) in map.buffers.iter().enumerate() {
        rectangle(&mut text, at, buffer, &scale);
    }
    let bound = map.lower_bound_bytes;
    level(
        &mut text,
        "arena",
        &format!("arena {} B", count(map.arena_bytes as u64)),
        map.arena_bytes,
        &scale,
        -3.0,
    );
    level(&mut text, "bound", &format!("bound {} B", count(bound as u64)), bound, &scale, 14.0);
    text.push_str("</svg>\n");
    text
}

fn axes(text: &mut String, map: &MemoryMap, scale: &Scale) {
    let bottom = TOP + HEIGHT;
    for quarter in 0..=4 {
        let bytes = (scale.top_bytes * f64::from(quarter) / 4.0) as usize;
        let (y, label) = (scale.y(bytes), count(bytes as u64));
        let _ = writeln!(
            text,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
            scale.right(),
            LEFT - 8.0,
            y + 4.0,
        );
    }
    for (call, name) in map.calls.iter().enumerate() {
        let (x, y) = (scale.x(call) + scale.step / 2.0, bottom + 14.0);
        let _ = writeln!(
            text,
            "<text class=\"axis\" text-anchor=\"end\" transform=\"translate({:.1} {y:.1}) rotate(-40)\">{call} {}</text>",
            x + 4.0,
            escape(&shorten(name, 20)),
        );
    }
}

fn rectangle(text: &mut String, at: usize, buffer: &crate::Buffer, scale: &Scale) {
    let (left, right) = (scale.x(buffer.first_call), scale.x(buffer.last_call.saturating_add(1)));
    let (top, bottom) = (scale.y(buffer.offset.saturating_add(buffer.bytes)), scale.y(buffer.offset));
    let (width, height) = ((right - left - 2.0).max(1.0), (bottom - top).max(1.0));
    let _ = writeln!(
        text,
        "<g><title>{name}: {bytes} bytes at {offset}, calls {first}–{last}</title>\
         <rect class=\"buffer hue{hue}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\"/>",
        name = escape(&buffer.name),
        bytes = count(buffer.bytes as u64),
        offset = count(buffer.offset as u64),
        first = buffer.first_call,
        last = buffer.last_call,
        hue = at % 6,
        x = left + 1.0,
    );
    let n_chars = (width / CHAR) as usize;
    let lines = [shorten(&buffer.name, n_chars), format!("{} B", count(buffer.bytes as u64))];
    let n_lines = if height >= 30.0 { 2 } else { usize::from(height >= 13.0) };
    let middle = (top + bottom) / 2.0 + 4.0 - 7.0 * (n_lines as f64 - 1.0);
    let fitting = lines.iter().take(n_lines).filter(|line| n_chars >= 4 && line.chars().count() <= n_chars);
    for (row, line) in fitting.enumerate() {
        let _ = writeln!(
            text,
            "<text class=\"label\" text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            (left + right) / 2.0,
            middle + 14.0 * row as f64,
            escape(line),
        );
    }
    text.push_str("</g>\n");
}

fn level(text: &mut String, class: &str, label: &str, bytes: usize, scale: &Scale, below: f64) {
    let (y, right) = (scale.y(bytes), scale.right());
    let _ = writeln!(
        text,
        "<line class=\"level {class}\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <text class=\"axis {class}\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
        right + 8.0,
        right + 8.0,
        y + below,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Buffer;

    fn buffer(name: &str, offset: usize, bytes: usize, first_call: usize, last_call: usize) -> Buffer {
        Buffer { name: name.into(), offset, bytes, first_call, last_call }
    }

    /// The numbers of every `name="…"` in `text`.
    fn numbers(text: &str, name: &str) -> Vec<f64> {
        let key = format!(" {name}=\"");
        text.split(&key).skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn a_rectangle_for_each_buffer_inside_the_picture() {
        let buffers = vec![buffer("a<b", 0, 64, 0, 1), buffer("c", 64, 32, 1, 2), buffer("d", 0, 16, 2, 2)];
        let calls = vec!["CONV_2D".into(), "ADD".into(), "SOFTMAX".into()];
        let map = MemoryMap { arena_bytes: 96, lower_bound_bytes: 96, calls, buffers };
        let text = svg(&map);
        assert_eq!(text.matches("<rect").count(), 3);
        assert!(text.contains("a&lt;b") && !text.contains("a<b"));
        for rect in text.split("<rect").skip(1) {
            let at = |name| numbers(rect, name)[0];
            assert!(at("x") >= LEFT && at("x") + at("width") <= 1000.0, "{rect}");
            assert!(at("y") >= TOP && at("y") + at("height") <= TOP + HEIGHT + 0.1, "{rect}");
        }
        assert!(text.contains("arena 96 B") && text.contains("bound 96 B"));
    }

    #[test]
    fn an_empty_map_is_still_a_picture() {
        let map = MemoryMap { arena_bytes: 0, lower_bound_bytes: 0, calls: vec![], buffers: vec![] };
        let text = svg(&map);
        assert!(text.starts_with("<svg") && !text.contains("NaN"), "{text}");
    }
}
