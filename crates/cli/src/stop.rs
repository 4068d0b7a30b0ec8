//! Ctrl-C: the first asks long work to end where nothing is lost, the second ends the program at once.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// When the first came.
static REQUESTED: OnceLock<Instant> = OnceLock::new();

/// Wrappers pass on a Ctrl-C that the terminal sends too: two that come together are one.
const TOGETHER: Duration = Duration::from_millis(300);

/// From now on Ctrl-C asks, and stops a compiler or emulator that runs.
pub(crate) fn listen() {
    // Without a handler Ctrl-C ends the program at once, which loses one epoch at most.
    let _ = ctrlc::set_handler(|| {
        if REQUESTED.get_or_init(Instant::now).elapsed() > TOGETHER {
            std::process::exit(130);
        }
        smidgen::interrupt();
    });
}

/// Whether the user asked to stop.
pub(crate) fn requested() -> bool {
    REQUESTED.get().is_some()
}
