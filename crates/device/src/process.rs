//! Runs a program with a time limit, passes its lines on while it runs and keeps what it printed.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

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
    let start = Instant::now();
    let mut child = command
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
    let ended = collect(&lines, start, limit, &mut |line| match line {
        Line::Out(line) => push(&mut stdout, &line),
        Line::Err(line) => {
            on_line(&line);
            push(&mut stderr, &line);
        }
    });
    if ended && let Some(status) = wait(&mut child, start, limit).map_err(Failure::Io)? {
        return Ok(Finished { status, stdout, stderr });
    }
    child.kill().and_then(|()| child.wait()).map_err(Failure::Io)?;
    Err(Failure::TimedOut)
}

/// Waits for a program that has closed both pipes, which is about to end or gave them up and goes on; `None` at the limit.
fn wait(child: &mut Child, start: Instant, limit: Duration) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || start.elapsed() > limit {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Hands lines on until both pipes are closed (`true`) or time is up (`false`).
fn collect(lines: &Receiver<Line>, start: Instant, limit: Duration, take: &mut dyn FnMut(Line)) -> bool {
    loop {
        match lines.recv_timeout(limit.saturating_sub(start.elapsed())) {
            Ok(line) => take(line),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
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
    fn tells_when_there_is_no_such_program() {
        let result = run(&mut Command::new("/no/such/program"), Duration::from_secs(1), &mut |_| ());
        assert!(matches!(result, Err(Failure::Io(error)) if error.kind() == io::ErrorKind::NotFound));
    }
}
