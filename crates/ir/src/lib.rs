//! Graph, operators, verifier, text form, lowering to kernels and interpreter.
