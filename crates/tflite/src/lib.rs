//! TensorFlow Lite flatbuffers to Graph and back.
