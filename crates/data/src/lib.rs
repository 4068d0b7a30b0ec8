//! Data sets as labelled samples: loaders, splits, augmentation and the generated sets that ship.
//!
//! A loader makes an [`Index`]: for each recording or image its class, group, part, length and place, without its
//! values. [`window`] describes windows of one shape in it as a [`Dataset`], [`split`] keeps people apart,
//! [`augment`] varies windows in training. Values are read when they are asked for, so a set need not fit in memory;
//! [`Recordings`] (of [`gesture::generate`] and [`json_lines`]) become an index that holds them.

pub mod augment;
pub mod cifar;
mod collection;
pub mod csv;
mod dataset;
pub mod edge_impulse;
mod element;
mod error;
mod files;
pub mod gesture;
pub mod idx;
pub mod images;
mod index;
pub mod inspect;
pub mod json_lines;
mod load;
pub mod numpy;
pub mod objects;
mod random;
mod recordings;
pub mod resample;
pub mod shapes;
pub mod split;
mod spool;
mod times;
mod wav;
pub mod wav_folder;
pub mod window;

pub use dataset::{Dataset, FrontEnd, Part, Sample, Split, Standard, Values};
pub use error::{DataError, MAX_PROBLEMS, Problem, Problems};
pub use files::Pattern;
pub use index::{Index, Item, Missing, Other, Span};
pub use load::{Layout, Numpy, Options, guess, load};
pub use objects::Object;
pub use recordings::{Provenance, Recording, Recordings};
pub use wav::Channel;
