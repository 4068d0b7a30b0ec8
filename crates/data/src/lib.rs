//! Data sets as labelled samples: loaders, splits, augmentation and the generated sets that ship.
