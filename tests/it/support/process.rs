//! The real program as a child process: its output is kept, its end is sure.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_offercast");

/// Settings of a process: environment variables.
pub(crate) type Settings = Vec<(String, String)>;

/// A process that runs.
pub(crate) struct Process {
    name: String,
    child: Child,
    output: Arc<Mutex<String>>,
}

/// What a command ended with.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command of the program in a clean environment.
pub(crate) fn command<S: AsRef<OsStr>>(
    directory: &Path,
    settings: &Settings,
    arguments: &[S],
) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .env_clear()
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a command to its end, at most `within`.
pub(crate) fn run(mut command: Command, within: Duration) -> Ended {
    let mut child = command.spawn().unwrap();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = |mut stream: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let (out, err) = (read(Box::new(out)), read(Box::new(err)));
    let status = wait(&mut child, within);
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let ended = Ended {
        code: status.and_then(|status| status.code()),
        stdout: out.join().unwrap(),
        stderr: err.join().unwrap(),
    };
    assert!(
        status.is_some(),
        "the command did not end within {within:?}: {ended:?}"
    );
    ended
}

fn wait(child: &mut Child, within: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() >= until {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Process {
    pub(crate) fn start(name: &str, mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        keep(child.stdout.take().unwrap(), Arc::clone(&output));
        keep(child.stderr.take().unwrap(), Arc::clone(&output));
        Self {
            name: name.to_owned(),
            child,
            output,
        }
    }

    /// All that it wrote so far.
    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits for a line that begins so, and gives the rest of it.
    pub(crate) async fn said(&mut self, beginning: &str, within: Duration) -> String {
        let until = Instant::now() + within;
        loop {
            let output = self.output();
            let complete = output.rfind('\n').map_or("", |end| &output[..end]);
            let found = complete
                .lines()
                .find_map(|line| line.strip_prefix(beginning));
            if let Some(rest) = found {
                return rest.trim().to_owned();
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!(
                    "{} ended with {status} and did not say {beginning:?}:\n{output}",
                    self.name
                );
            }
            assert!(
                Instant::now() < until,
                "{} did not say {beginning:?} within {within:?}:\n{output}",
                self.name
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "kill {signal} {}", self.name);
    }

    /// SIGKILL: no chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.print();
    }

    /// SIGSTOP: alive and deaf.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// SIGTERM, and it must end well.
    pub(crate) fn terminate(mut self) {
        self.signal("-TERM");
        let status = wait(&mut self.child, Duration::from_secs(60));
        assert!(
            status.is_some_and(|status| status.success()),
            "{} did not end as asked ({status:?}):\n{}",
            self.name,
            self.output()
        );
        self.print();
    }

    /// What a test prints is shown when it fails.
    fn print(&self) {
        println!("--- {} ---\n{}", self.name, self.output());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            self.print();
        }
    }
}

fn keep(stream: impl Read + Send + 'static, output: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            let mut output = output.lock().unwrap();
            output.push_str(&line);
            output.push('\n');
        }
    });
}
