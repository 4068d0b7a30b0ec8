//! Where the windows of convolutions and pools lie: kernel, strides, dilations and pads of ONNX, as the two paddings
//! that TFLite has or as pads of their own.

use smidgen_ir::ops::pad::Pad;
use smidgen_ir::{Op, Padding, TensorIdx};

use crate::findings::Fallible;
use crate::fold::sizes;
use crate::import::Importer;
use crate::node::Node;

/// The window of a node over one or two dimensions in space; a single one counts as the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    /// Before and after, for height and width.
    pub(crate) pads: [[usize; 2]; 2],
    /// Whether a last window that is not full counts.
    pub(crate) ceil: bool,
}

/// How a window fits an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// As one of TFLite's paddings.
    Padding(Padding),
    /// With these pads around the input, height and width, before and after, and no others.
    Pads([[usize; 2]; 2]),
}

impl Window {
    /// The window that the attributes of `node` say, over an input with these extents in space.
    pub(crate) fn read(node: &Node<'_>, kernel: &[usize], space: &[usize]) -> Fallible<Window> {
        let rank = space.len();
        let list = |name: &str| -> Fallible<Vec<usize>> {
            let found = node.ints(name)?.map_or(Ok(vec![1; rank]), sizes)?;
            match found.len() == rank && found.iter().all(|&n| n > 0 && n < 1 << 20) {
                true => Ok(found),
                false => Err(format!(
                    "its {name} {found:?} must be {rank} numbers from 1 to 2^20; export the model again"
                )),
            }
        };
        if let Some(said) = node.ints("kernel_shape")?
            && sizes(said)? != kernel
        {
            return Err(format!("its kernel_shape {said:?} differs from {kernel:?}; export the model again"));
        }
        if kernel.len() != rank || kernel.iter().any(|&n| n == 0 || n >= 1 << 20) {
            return Err(format!(
                "its kernel {kernel:?} must be {rank} numbers from 1 to 2^20; export the model again"
            ));
        }
        let (stride, dilation) = (pair(&list("strides")?), pair(&list("dilations")?));
        let mut window = Window {
            kernel: pair(kernel),
            stride,
            dilation,
            pads: [[0; 2]; 2],
            ceil: node.flag("ceil_mode")?,
        };
        window.pads = window.pads_of(node, space)?;
        Ok(window)
    }

    fn pads_of(&self, node: &Node<'_>, space: &[usize]) -> Fallible<[[usize; 2]; 2]> {
        let rank = space.len();
        let auto = node.text("auto_pad", "NOTSET")?;
        if auto == "SAME_UPPER" || auto == "SAME_LOWER" {
            let input = pair(space);
            return Ok([0, 1].map(|at| {
                let output = input[at].div_ceil(self.stride[at]);
                let total =
                    ((output.max(1) - 1) * self.stride[at] + self.reach(at)).saturating_sub(input[at]);
                let (less, more) = (total / 2, total - total / 2);
                if auto == "SAME_UPPER" { [less, more] } else { [more, less] }
            }));
        }
        if auto != "NOTSET" && auto != "VALID" && !auto.is_empty() {
            return Err(format!("auto_pad {auto:?} is unknown; export the model again"));
        }
        let Some(pads) = node.ints("pads")?.filter(|_| auto != "VALID") else { return Ok([[0; 2]; 2]) };
        let pads = sizes(pads)
            .map_err(|_| format!("its pads {pads:?} must not be negative; slice before it instead"))?;
        match pads[..] {
            [before, after] if rank == 1 => Ok([[0, 0], [before, after]]),
            [top, left, bottom, right] if rank == 2 => Ok([[top, bottom], [left, right]]),
            _ => Err(format!("its pads {pads:?} must be {} numbers; export the model again", 2 * rank)),
        }
    }

    /// Elements from the first to the last that a window sees.
    fn reach(&self, at: usize) -> usize {
        (self.kernel[at] - 1) * self.dilation[at] + 1
    }

    /// Output extent along one dimension.
    pub(crate) fn output(&self, at: usize, input: usize) -> Fallible<usize> {
        let [before, after] = self.pads[at];
        let (padded, reach, stride) =
            (before.saturating_add(after).saturating_add(input), self.reach(at), self.stride[at]);
        let Some(room) = padded.checked_sub(reach) else {
            return Err(format!(
                "its window reaches over {reach} elements, but the input has {padded} with pads"
            ));
        };
        let mut output = room / stride + 1;
        if self.ceil {
            output = room.div_ceil(stride) + 1;
            // A window that starts behind the input and the pad before it does not count.
            output -= usize::from((output - 1) * stride >= input + before);
        }
        Ok(output)
    }

    /// How the window fits an input of this height and width.
    pub(crate) fn fit(&self, input: [usize; 2]) -> Fallible<Fit> {
        let (mut same, mut pads) = (true, [[0; 2]; 2]);
        for at in [0, 1] {
            let output = self.output(at, input[at])?;
            let span = (output - 1) * self.stride[at] + self.reach(at);
            let before = self.pads[at][0];
            let after = span.saturating_sub(input[at] + before);
            pads[at] = [before, after];
            let total = span.saturating_sub(input[at]);
            same &=
                output == input[at].div_ceil(self.stride[at]) && pads[at] == [total / 2, total - total / 2];
        }
        Ok(match pads == [[0; 2]; 2] {
            true => Fit::Padding(Padding::Valid),
            false if same => Fit::Padding(Padding::Same),
            false => Fit::Pads(pads),
        })
    }
}

/// The window's padding over the tensor `x` (NHWC), which gets zeros around it where TFLite has no such padding.
pub(crate) fn padded(
    importer: &mut Importer<'_>,
    x: TensorIdx,
    window: &Window,
) -> Fallible<(TensorIdx, Padding)> {
    let shape = importer.graph.tensor(x).shape.clone();
    match window.fit([shape[1], shape[2]])? {
        Fit::Padding(padding) => Ok((x, padding)),
        Fit::Pads([height, width]) => {
            let pad = Op::Pad(Pad { paddings: vec![[0, 0], height, width, [0, 0]] });
            let name = format!("{}/pad", importer.graph.tensor(x).name);
            Ok((importer.emit(pad, &[Some(x)], &name)?, Padding::Valid))
        }
    }
}

/// Height and width of one or two extents.
pub(crate) fn pair(extents: &[usize]) -> [usize; 2] {
    match extents {
        [height, width, ..] => [*height, *width],
        [width] => [1, *width],
        [] => [1, 1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kernel: usize, stride: usize, pads: [usize; 2], ceil: bool) -> Window {
        Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], pads: [pads; 2], ceil }
    }

    #[test]
    fn pads_become_what_tflite_has_where_they_are_the_same() {
        let fit = |window: Window, input: usize| window.fit([input; 2]).unwrap();
        assert_eq!(fit(window(3, 1, [1, 1], false), 8), Fit::Padding(Padding::Same));
        assert_eq!(fit(window(3, 1, [0, 0], false), 8), Fit::Padding(Padding::Valid));
        // TFLite would pad after the data only.
        assert_eq!(fit(window(3, 2, [1, 1], false), 8), Fit::Pads([[1, 0]; 2]));
        assert_eq!(fit(window(3, 2, [0, 1], false), 8), Fit::Padding(Padding::Same));
        // What no window reads is not padded.
        assert_eq!(fit(window(2, 2, [0, 1], false), 8), Fit::Padding(Padding::Valid));
    }

    #[test]
    fn a_last_window_that_is_not_full_counts_when_asked_for() {
        assert_eq!(window(3, 2, [0, 0], true).output(0, 8).unwrap(), 4);
        assert_eq!(window(3, 2, [0, 0], true).fit([8, 8]).unwrap(), Fit::Padding(Padding::Same));
        assert_eq!(window(3, 2, [0, 0], true).output(0, 113).unwrap(), 56);
        assert_eq!(window(3, 2, [0, 0], false).output(0, 8).unwrap(), 3);
        // It would start in the pad behind the data.
        assert_eq!(window(1, 2, [0, 1], true).output(0, 4).unwrap(), 2);
        assert!(window(9, 1, [0, 0], false).output(0, 8).is_err());
    }
}
