//! Runs a program with a time limit, passes its lines on while it runs and keeps what it printed.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running program is asked for.
const POLL: Duration = Duration::from_millis(50);

/// Whether programs are to be stopped. One for the process, as signals are.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Stops the compiler or emulator that runs, with everything that it started, and every later one. For the handler of
/// Ctrl-C.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::SeqCst);
}

/// Whether [`interrupt`] was called.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A program that ended by itself.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// The last `n_lines` lines of the error output, or of the output when that is empty.
    pub(crate) fn tail(&self, n_lines: usize) -> String {
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let lines: Vec<&str> = text.trim_end().lines().collect();
        lines.get(lines.len().saturating_sub(n_lines)..).unwrap_or_default().join("\n")
    }
}

/// Why a program gave no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be started or waited for.
    Io(io::Error),
    /// It was still running at the time limit and was stopped.
    TimedOut,
    /// It was stopped by [`interrupt`].
    Interrupted,
}

enum Line {
    Out(String),
    Err(String),
}

/// Runs `command` to its end without input, calling `on_line` with each line of its error output.
pub(crate) fn run(
    command: &mut Command,
    limit: Duration,
    on_line: &mut dyn FnMut(&str),
) -> Result<Finished, Failure> {
    run_until(command, limit, &INTERRUPTED, on_line)
}

fn run_until(
    command: &mut Command,
    limit: Duration,
    interrupted: &AtomicBool,
    on_line: &mut dyn FnMut(&str),
) -> Result<Finished, Failure> {
    let start = Instant::now();
    let go_on = || match (interrupted.load(Ordering::SeqCst), start.elapsed() > limit) {
        (true, _) => Err(Failure::Interrupted),
        (false, true) => Err(Failure::TimedOut),
        (false, false) => Ok(()),
    };
    go_on()?;
    // A group of its own, which ends as a whole: cargo does not end the compilers that it started.
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failure::Io)?;
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone(), Line::Out);
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender, Line::Err);
    }
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let ended = collect(&lines, &go_on, &mut |line| match line {
        Line::Out(line) => push(&mut stdout, &line),
        Line::Err(line) => {
            on_line(&line);
            push(&mut stderr, &line);
        }
    });
    match ended.and_then(|()| wait(&mut child, &go_on)) {
        Ok(status) => Ok(Finished { status, stdout, stderr }),
        Err(failure) => {
            end(&mut child).map_err(Failure::Io)?;
            Err(failure)
        }
    }
}

/// Ends a program with all of its group.
fn end(child: &mut Child) -> io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Where the group cannot be signalled the program itself still can.
    if group.is_none_or(|group| kill_process_group(group, Signal::KILL).is_err()) {
        child.kill()?;
    }
    child.wait().map(|_| ())
}

/// Waits for a program that has closed both pipes, which is about to end or gave them up and goes on.
fn wait(child: &mut Child, go_on: &dyn Fn() -> Result<(), Failure>) -> Result<ExitStatus, Failure> {
    loop {
        if let Some(status) = child.try_wait().map_err(Failure::Io)? {
            return Ok(status);
        }
        go_on()?;
        thread::sleep(Duration::from_millis(2));
    }
}

/// Hands lines on until both pipes are closed.
fn collect(
    lines: &Receiver<Line>,
    go_on: &dyn Fn() -> Result<(), Failure>,
    take: &mut dyn FnMut(Line),
) -> Result<(), Failure> {
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => take(line),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        go_on()?;
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn forward(pipe: impl Read + Send + 'static, sender: mpsc::Sender<Line>, wrap: fn(String) -> Line) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            if sender.send(wrap(line)).is_err() {
                break;
            }
            bytes.clear();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn keeps_both_outputs_and_the_status() {
        let mut seen = Vec::new();
        let script = "echo out; echo one >&2; printf two >&2; exit 3";
        let done =
            run(&mut shell(script), Duration::from_secs(60), &mut |line| seen.push(line.to_owned())).unwrap();
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("out\n", "one\ntwo\n"));
        assert_eq!(done.status.code(), Some(3));
        assert_eq!(seen, ["one", "two"]);
        assert_eq!(done.tail(1), "two");
        assert_eq!(done.tail(9), "one\ntwo");
    }

    #[test]
    fn stops_a_program_at_the_limit() {
        for script in ["exec sleep 1000", "exec sleep 1000 >&- 2>&-"] {
            let result = run(&mut shell(script), Duration::from_millis(100), &mut |_| ());
            assert!(matches!(result, Err(Failure::TimedOut)), "{script}: {result:?}");
        }
    }

    #[test]
    fn an_interrupt_ends_a_program_with_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("late");
        let interrupted = AtomicBool::new(false);
        let script = format!("(sleep 1; echo late > {}) & echo started >&2; wait", file.display());
        let result = run_until(&mut shell(&script), Duration::from_secs(60), &interrupted, &mut |_| {
            interrupted.store(true, Ordering::SeqCst);
        });
        assert!(matches!(result, Err(Failure::Interrupted)), "{result:?}");
        let never = run_until(&mut shell("true"), Duration::from_secs(60), &interrupted, &mut |_| ());
        assert!(matches!(never, Err(Failure::Interrupted)), "{never:?}");
        thread::sleep(Duration::from_millis(1500));
        assert!(!file.exists(), "the child of the program was still running");
    }

    #[test]
    fn tells_when_there_is_no_such_program() {
        let result = run(&mut Command::new("/no/such/program"), Duration::from_secs(1), &mut |_| ());
        assert!(matches!(result, Err(Failure::Io(error)) if error.kind() == io::ErrorKind::NotFound));
    }
}
