//! How a window slides over height and width: output extents and padding, as TFLite's padding.h defines them.

use smidgen_kernels::window::Window;

use super::Padding;

/// The size, stride, dilation and padding of a window operator, height before width.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sliding {
    pub(crate) size: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) padding: Padding,
}

impl Sliding {
    /// The window over an NHWC input with `out_c` output channels.
    pub(crate) fn over(&self, input: [usize; 4], out_c: usize) -> Result<Window, String> {
        let [batches, in_h, in_w, in_c] = input;
        let (out_h, pad_top) = self.along(0, "height", in_h)?;
        let (out_w, pad_left) = self.along(1, "width", in_w)?;
        let Sliding {
            size: [k_h, k_w],
            stride: [stride_h, stride_w],
            dilation: [dilation_h, dilation_w],
            ..
        } = *self;
        Ok(Window {
            batches,
            in_h,
            in_w,
            in_c,
            out_h,
            out_w,
            out_c,
            k_h,
            k_w,
            stride_h,
            stride_w,
            dilation_h,
            dilation_w,
            pad_top,
            pad_left,
        })
    }

    /// Output extent and padding before the data along one axis.
    fn along(&self, axis: usize, name: &str, input: usize) -> Result<(usize, usize), String> {
        let (size, stride, dilation) = (self.size[axis], self.stride[axis], self.dilation[axis]);
        for (what, value) in [("window", size), ("stride", stride), ("dilation", dilation), ("input", input)]
        {
            if value == 0 || i32::try_from(value).is_err() {
                return Err(format!("its {what} {name} must be from 1 to 2^31 - 1, found {value}"));
            }
        }
        let reach = (size - 1) * dilation + 1;
        match self.padding {
            Padding::Same => {
                let output = input.div_ceil(stride);
                Ok((output, ((output - 1) * stride + reach).saturating_sub(input) / 2))
            }
            Padding::Valid if reach > input => Err(format!(
                "its window spans {reach} along the {name}, the input only {input} (VALID padding)"
            )),
            Padding::Valid => Ok(((input - reach) / stride + 1, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(padding: Padding, input: usize, size: usize, stride: usize, dilation: usize) -> (usize, usize) {
        let sliding = Sliding { size: [size, 1], stride: [stride, 1], dilation: [dilation, 1], padding };
        let window = sliding.over([1, input, 1, 1], 1).unwrap();
        (window.out_h, window.pad_top)
    }

    #[test]
    fn same_padding_puts_the_smaller_half_before() {
        assert_eq!(along(Padding::Same, 49, 10, 2, 1), (25, 4));
        assert_eq!(along(Padding::Same, 10, 4, 2, 1), (5, 1));
        assert_eq!(along(Padding::Same, 5, 3, 1, 2), (5, 2));
        assert_eq!(along(Padding::Same, 4, 1, 3, 1), (2, 0));
    }

    #[test]
    fn valid_padding_keeps_whole_windows() {
        assert_eq!(along(Padding::Valid, 10, 3, 2, 1), (4, 0));
        assert_eq!(along(Padding::Valid, 10, 3, 2, 2), (3, 0));
        assert_eq!(along(Padding::Valid, 3, 3, 7, 1), (1, 0));
    }

    #[test]
    fn impossible_windows_are_refused() {
        let over = |size, stride, dilation, padding| {
            Sliding { size, stride, dilation, padding }.over([1, 4, 4, 1], 1)
        };
        assert!(over([5, 1], [1, 1], [1, 1], Padding::Valid).unwrap_err().contains("height"));
        assert!(over([1, 3], [1, 1], [1, 2], Padding::Valid).unwrap_err().contains("width"));
        assert!(over([0, 1], [1, 1], [1, 1], Padding::Same).unwrap_err().contains("window"));
        assert!(over([1, 1], [1, 0], [1, 1], Padding::Same).unwrap_err().contains("stride"));
        assert!(over([1, 1], [1, 1], [usize::MAX, 1], Padding::Same).unwrap_err().contains("dilation"));
    }
}
