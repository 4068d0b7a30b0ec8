//! Cases, graph builder, goldens and strategies for the tests of the other crates.
