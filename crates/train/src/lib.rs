//! Reverse-mode training of a Graph: gradients, loss, optimiser, schedule and checkpoints.
