//! Lossy techniques, one file each, from Graph to Graph.
