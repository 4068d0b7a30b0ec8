//! In which order a value's axes lie in memory.
//!
//! ONNX counts the channels of images right after the batch (NCHW), the kernels read them last (NHWC). Each value is
//! kept in the order in which its producer makes it, with a [`Layout`] that says which axis of the file's shape each
//! stored dimension is. A Transpose of the file then only changes the layout, and only an operator that insists on
//! another order gets a TRANSPOSE.

/// The file's axis of each stored dimension; `None` for an extent of 1 that the file's shape does not have. Axes of
/// extent 1 may be missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Layout(pub(crate) Vec<Option<usize>>);

impl Layout {
    /// The axes as the file counts them.
    pub(crate) fn logical(rank: usize) -> Self {
        Layout((0..rank).map(Some).collect())
    }

    /// These axes of the file, in this order.
    pub(crate) fn of(order: &[usize]) -> Self {
        Layout(order.iter().copied().map(Some).collect())
    }

    /// Batch, space, channels.
    pub(crate) fn channels_last(rank: usize) -> Self {
        if rank < 3 {
            return Layout::logical(rank);
        }
        Layout([0].into_iter().chain(2..rank).chain([1]).map(Some).collect())
    }

    /// Batch, height, width, channels of a value with one or two dimensions in space; the height of one with one is 1.
    pub(crate) fn image(rank: usize) -> Self {
        if rank == 3 { Layout(vec![Some(0), None, Some(2), Some(1)]) } else { Layout::channels_last(rank) }
    }

    /// Stored extents of a value whose extents in the file are `dims`.
    pub(crate) fn shape(&self, dims: &[usize]) -> Vec<usize> {
        self.0.iter().map(|axis| axis.and_then(|axis| dims.get(axis).copied()).unwrap_or(1)).collect()
    }

    /// The axes longer than 1 in stored order: all that decides where an element lies.
    pub(crate) fn order(&self, dims: &[usize]) -> Vec<usize> {
        let long = |axis: &usize| dims.get(*axis).is_some_and(|&extent| extent != 1);
        self.0.iter().flatten().copied().filter(long).collect()
    }

    /// The stored dimension of axis `axis`.
    pub(crate) fn place(&self, axis: usize) -> Option<usize> {
        self.0.iter().position(|&stored| stored == Some(axis))
    }

    /// The layout with all axes of `rank` and no others: those that are missing stand behind the axis before them.
    pub(crate) fn full(&self, rank: usize) -> Layout {
        let mut order: Vec<usize> = self.0.iter().flatten().copied().collect();
        for axis in 0..rank {
            if !order.contains(&axis) {
                let before = axis.checked_sub(1).and_then(|before| order.iter().position(|&a| a == before));
                order.insert(before.map_or(0, |before| before + 1), axis);
            }
        }
        Layout::of(&order)
    }

    /// The layout of the same memory when `by` axes of extent 1 are put before the others.
    pub(crate) fn shifted(&self, by: usize) -> Layout {
        Layout(self.0.iter().map(|axis| axis.map(|axis| axis + by)).collect())
    }

    /// The layout of the same memory when the file's axis `perm[i]` becomes axis `i`.
    pub(crate) fn permuted(&self, perm: &[usize]) -> Layout {
        Layout(
            self.0
                .iter()
                .map(|axis| axis.and_then(|axis| perm.iter().position(|&old| old == axis)))
                .collect(),
        )
    }
}

/// Axes of an old shape that become axes of a new one without mixing with others: the products are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) old: Vec<usize>,
    pub(crate) new: Vec<usize>,
}

/// Cuts a RESHAPE from `old` to `new` (equal numbers of elements) into the smallest groups of axes longer than 1.
pub(crate) fn groups(old: &[usize], new: &[usize]) -> Vec<Group> {
    let long = |dims: &[usize]| -> Vec<usize> { (0..dims.len()).filter(|&axis| dims[axis] != 1).collect() };
    let (old_axes, new_axes) = (long(old), long(new));
    let (mut i, mut j) = (0, 0);
    let mut groups = Vec::new();
    while i < old_axes.len() && j < new_axes.len() {
        let (mut group_old, mut group_new) = (vec![old_axes[i]], vec![new_axes[j]]);
        let (mut a, mut b) = (old[old_axes[i]], new[new_axes[j]]);
        (i, j) = (i + 1, j + 1);
        while a != b {
            if a < b && i < old_axes.len() {
                a = a.saturating_mul(old[old_axes[i]]);
                group_old.push(old_axes[i]);
                i += 1;
            } else if b < a && j < new_axes.len() {
                b = b.saturating_mul(new[new_axes[j]]);
                group_new.push(new_axes[j]);
                j += 1;
            } else {
                break;
            }
        }
        groups.push(Group { old: group_old, new: group_new });
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_stand_last_and_may_move_back() {
        let layout = Layout::channels_last(4);
        assert_eq!(layout.shape(&[1, 3, 8, 9]), [1, 8, 9, 3]);
        assert_eq!(layout.order(&[1, 3, 8, 9]), [2, 3, 1]);
        // To NHWC in the file: the axes then lie as the file counts them.
        assert_eq!(layout.permuted(&[0, 2, 3, 1]), Layout::logical(4));
        assert_eq!(Layout::image(3).shape(&[1, 6, 119]), [1, 1, 119, 6]);
    }

    #[test]
    fn missing_axes_find_a_place() {
        assert_eq!(Layout(vec![Some(2), Some(1)]).full(3), Layout::of(&[0, 2, 1]));
        assert_eq!(Layout(vec![Some(0), Some(3)]).full(4), Layout::of(&[0, 1, 2, 3]));
        assert_eq!(Layout::of(&[1, 0]).shifted(2).full(4), Layout::of(&[0, 1, 3, 2]));
    }

    #[test]
    fn a_reshape_falls_into_groups() {
        let shuffle = groups(&[1, 8, 5, 5], &[1, 2, 4, 5, 5]);
        assert_eq!(shuffle[0], Group { old: vec![1], new: vec![1, 2] });
        assert_eq!(shuffle.len(), 3);
        assert_eq!(
            groups(&[2, 3, 4], &[2, 12]),
            [Group { old: vec![0], new: vec![0] }, Group { old: vec![1, 2], new: vec![1] }]
        );
    }
}
