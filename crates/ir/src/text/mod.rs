//! The text form of a graph: readable, deterministic, complete; parsing what was printed gives the same graph.
//!
//! ```text
//! graph "tiny" dialect=TFLM
//! tensor 0 "x" float32 [1,2]
//! tensor 1 "fc/weights" float32 [1,2] data=[0.5,-1.0]
//! tensor 2 "y" float32 [1,1]
//! node FULLY_CONNECTED inputs=[0,1,-] outputs=[2] activation=NONE keep_num_dims=false
//! inputs [0]
//! outputs [2]
//! ```
//!
//! A quantised tensor goes on `axis=0 scales=[0.5] zero_points=[3]` before its data, state `variable=true`. Float data
//! that decimals cannot hold, float16 and packed int4, and data whose length does not fit the element type, stand as
//! `bytes=[…]`. Empty lines and lines that begin with `#` are skipped.

mod parse;
mod print;

pub use parse::parse;
pub use print::print;
