//! News of long work as lines and a bar on stderr.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use smidgen::events::{Event, Observer};
use smidgen::reporting::{Epoch, percent};

use crate::stop;

/// Prints news as it comes; asks to stop after Ctrl-C.
#[derive(Debug)]
pub(crate) struct Progress {
    quiet: bool,
    bold: bool,
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(quiet: bool, bold: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Progress { quiet, bold, bar }
    }

    fn line(&self, text: &str) {
        if self.quiet {
            return;
        }
        // Work goes on when nobody can read its news: stderr closed, or a log on a full disk.
        self.bar.suspend(|| drop(writeln!(io::stderr(), "{text}")));
    }

    /// Shows how much of a work is done, on a terminal.
    fn show(&mut self, done: u64, total: u64, message: String) {
        if self.quiet {
            return;
        }
        if self.bar.is_finished() || self.bar.length() != Some(total) || self.bar.is_hidden() {
            self.bar.finish_and_clear();
            self.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
            let style = ProgressStyle::with_template("  {bar:32} {percent:>3} %  {msg}  {eta} left");
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.enable_steady_tick(Duration::from_millis(500));
            // An estimate counts only what this run did itself.
            self.bar.set_position(done);
            self.bar.reset_eta();
        }
        self.bar.set_message(message);
        self.bar.set_position(done);
    }

    fn epoch(&mut self, epoch: &Epoch, n_epochs: u64) {
        let width = n_epochs.to_string().len();
        let told = |loss: f64, accuracy: Option<f64>| {
            let accuracy =
                accuracy.map_or_else(String::new, |accuracy| format!(", accuracy {}", percent(accuracy)));
            format!("loss {loss:.4}{accuracy}")
        };
        let training = told(epoch.loss, epoch.accuracy);
        let validation = epoch.validation_loss.map_or_else(String::new, |loss| {
            format!("   validation {}", told(loss, epoch.validation_accuracy))
        });
        self.line(&format!("  epoch {:>width$}/{n_epochs}   {training}{validation}", epoch.epoch));
        if epoch.epoch == n_epochs {
            self.bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Begin(title) => {
                self.bar.finish_and_clear();
                let title = if self.bold { format!("\u{1b}[1m{title}\u{1b}[0m") } else { title.to_owned() };
                self.line(&title);
            }
            Event::Note(text) => self.line(&format!("  {text}")),
            Event::Wrote(path) => self.line(&format!("  wrote {}", path.display())),
            Event::Batch { epoch, n_epochs, done, total, loss } => {
                let (done, total) = (done as u64, total as u64);
                let message = format!("epoch {epoch}/{n_epochs}, loss {loss:.4}");
                self.show((epoch - 1) * total + done, n_epochs * total, message);
            }
            Event::Epoch { epoch, n_epochs } => self.epoch(epoch, n_epochs),
            Event::Progress { done, total, unit } => {
                self.show(done, total, format!("{done} of {total} {unit}"));
                if done >= total {
                    self.bar.finish_and_clear();
                }
            }
            Event::Line(text) => self.bar.set_message(text.trim().chars().take(60).collect::<String>()),
        }
    }

    fn stop(&self) -> bool {
        stop::requested()
    }
}
