//! The generated crate: its text, and what its model computes.

#[cfg(test)]
mod host;
#[cfg(test)]
mod networks;
#[cfg(test)]
mod text;
