//! The whole pipeline as functions, and the project file.
