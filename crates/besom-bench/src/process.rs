//! A method in a program of its own, asked over the lines of `besom ask-tell`.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use besom_core::BoxError;
use serde_json::Value;
use thiserror::Error;

use crate::clock;

/// How much of the end of a program's standard error is kept.
const TAIL: usize = 1000;

/// The longest reply in bytes that is read.
const LONGEST_LINE: u64 = 64 << 20;

/// Variables by which numerical libraries are held to one thread, and Python to one order of hashes: CPU time then compares,
/// and results repeat. What the user has set stays.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
    ("PYTHONHASHSEED", "0"),
    ("JAX_PLATFORMS", "cpu"),
];

/// Why a program is no use any more. The end of what it wrote to standard error is part of the message.
#[derive(Debug, Error)]
pub(crate) enum ProcessError {
    #[error("cannot start '{program}'")]
    Start { program: String, source: std::io::Error },
    #[error("the program ended ({status}) before it answered {request}{tail}")]
    Ended { status: String, request: &'static str, tail: String },
    #[error("no answer to {request} within {seconds} s{tail}")]
    Timeout { seconds: f64, request: &'static str, tail: String },
    #[error("the answer to {request} is {reason}: {reply}{tail}")]
    Reply { request: &'static str, reason: String, reply: String, tail: String },
    #[error("the program reports: {message}{tail}")]
    Reported { message: String, tail: String },
}

/// A running program. Dropped, it is asked to quit, and killed if it does not.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    replies: Receiver<std::io::Result<String>>,
    tail: Arc<Mutex<Vec<u8>>>,
    errors: Option<JoinHandle<()>>,
    timeout: Duration,
}

impl Process {
    /// Starts a program; each answer may take as long as `timeout`.
    pub(crate) fn start(words: &[String], timeout: Duration) -> Result<Self, ProcessError> {
        let (program, arguments) = words.split_first().expect("a command has a program");
        let unset = ENVIRONMENT.into_iter().filter(|(name, _)| std::env::var_os(name).is_none());
        let mut command = Command::new(program);
        command.args(arguments).envs(unset);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            piped.spawn().map_err(|source| ProcessError::Start { program: program.clone(), source })?;
        let output = child.stdout.take().expect("it is piped");
        let (send, replies) = channel();
        std::thread::spawn(move || read_lines(BufReader::new(output), |line| send.send(line).is_ok()));
        let tail = Arc::new(Mutex::new(Vec::new()));
        let errors = child.stderr.take().map(|errors| {
            let tail = Arc::clone(&tail);
            std::thread::spawn(move || keep_tail(errors, &tail))
        });
        let input = child.stdin.take();
        Ok(Self { child, input, replies, tail, errors, timeout })
    }

    /// Sends a request and returns the answer, which is a JSON object without `error`.
    pub(crate) fn request(&mut self, request: &Value) -> Result<Value, ProcessError> {
        let line = format!("{request}\n");
        let written = self.input.as_mut().map(|input| input.write_all(line.as_bytes()));
        // A program that has ended closes the pipe; what it last wrote tells why.
        let reply = match written {
            Some(Ok(())) => self.replies.recv_timeout(self.timeout),
            _ => Err(RecvTimeoutError::Disconnected),
        };
        let request = verb(request);
        match reply {
            Ok(Ok(reply)) => self.parse(&reply, request),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(self.ended(request)),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = self.timeout.as_secs_f64();
                Err(ProcessError::Timeout { seconds, request, tail: self.tail() })
            }
        }
    }

    fn parse(&self, reply: &str, request: &'static str) -> Result<Value, ProcessError> {
        let wrong = |reason: String| {
            let reply = cut(reply.trim_end(), 200);
            ProcessError::Reply { request, reason, reply, tail: self.tail() }
        };
        match serde_json::from_str::<Value>(reply) {
            Err(error) => Err(wrong(format!("not JSON ({error})"))),
            Ok(Value::Object(fields)) => match fields.get("error") {
                None => Ok(Value::Object(fields)),
                Some(error) => {
                    let message = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
                    Err(ProcessError::Reported { message: cut(&message, 500), tail: self.tail() })
                }
            },
            Ok(_) => Err(wrong("not an object".to_owned())),
        }
    }

    /// Waits for a program that has closed its output, but not for ever: it may have done so and still run.
    fn ended(&mut self, request: &'static str) -> ProcessError {
        self.input = None;
        let status = wait(&mut self.child, Duration::from_secs(2));
        if status.is_some()
            && let Some(errors) = self.errors.take()
        {
            // All that it wrote is in the pipe; children of it that hold the pipe open are not waited for.
            for _ in 0..20 {
                if errors.is_finished() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let status = status.map_or_else(|| "its output only".to_owned(), |status| status.to_string());
        ProcessError::Ended { status, request, tail: self.tail() }
    }

    /// The end of standard error, to be appended to a message.
    fn tail(&self) -> String {
        let kept = self.tail.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match String::from_utf8_lossy(&kept).trim() {
            "" => String::new(),
            // The first line is a piece of one.
            text if kept.len() == TAIL && text.contains('\n') => {
                let whole = text.split_once('\n').map_or(text, |(_, rest)| rest);
                format!("\nits standard error ends with:\n{whole}")
            }
            text => format!("\nits standard error ends with:\n{text}"),
        }
    }

    /// CPU time that the program has taken.
    pub(crate) fn cpu(&self) -> Duration {
        clock::process_cpu(self.child.id())
    }

    /// The most memory that the program has used, in MiB.
    pub(crate) fn peak_mb(&self) -> u64 {
        clock::peak_mb(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut input) = self.input.take() {
            drop(input.write_all(b"{\"quit\": true}\n"));
        }
        if wait(&mut self.child, Duration::from_secs(1)).is_none() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Waits for the end of a process, at most so long.
fn wait(child: &mut Child, most: Duration) -> Option<std::process::ExitStatus> {
    let begun = std::time::Instant::now();
    loop {
        match child.try_wait() {
            Ok(None) if begun.elapsed() < most => std::thread::sleep(Duration::from_millis(2)),
            Ok(status) => return status,
            Err(_) => return None,
        }
    }
}

fn read_lines(mut output: impl BufRead, mut send: impl FnMut(std::io::Result<String>) -> bool) {
    loop {
        let mut line = String::new();
        match Read::take(&mut output, LONGEST_LINE).read_line(&mut line) {
            Ok(0) => return,
            Ok(_) if line.trim().is_empty() => {}
            read => {
                if !send(read.map(|_| line)) {
                    return;
                }
            }
        }
    }
}

fn keep_tail(mut errors: impl Read, tail: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = errors.read(&mut chunk) {
        let mut kept = tail.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.extend_from_slice(&chunk[..count]);
        let too_much = kept.len().saturating_sub(TAIL);
        kept.drain(..too_much);
    }
}

/// What a request asks for.
fn verb(request: &Value) -> &'static str {
    let verbs = ["config", "ask", "tell", "report"];
    verbs.into_iter().find(|verb| request.get(verb).is_some()).unwrap_or("a request")
}

/// The first `most` characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The words of a command line. Blanks separate them; quotes of both kinds and backslashes are as in a shell, and nothing else
/// is: there are no variables, pipes or wildcards (`sh -c '..'` has them).
pub(crate) fn words(command: &str) -> Result<Vec<String>, BoxError> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (Some(open), _) if letter == open => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if let Some(open) = quote {
        return Err(format!("a quote {open} is not closed in the command {command}").into());
    }
    words.extend(word);
    if words.is_empty() { Err("the command is empty".into()) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn commands_are_split_as_a_shell_does() {
        let split = |command| words(command).expect("a command");
        assert_eq!(split("  python  my.py --x=1 "), ["python", "my.py", "--x=1"]);
        assert_eq!(split(r#"a 'b c' "d 'e' \" f" g\ h """#), ["a", "b c", "d 'e' \" f", "g h", ""]);
        assert!(words("a 'b").is_err() && words("  ").is_err());
    }
}
