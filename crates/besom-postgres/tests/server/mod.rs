//! A PostgreSQL server of a test's own, on a socket in a temporary directory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "some crates may not; the tests look for the programs of PostgreSQL"
)]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::cell::Cell;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use besom_postgres::{PostgresOptions, PostgresStore};
use besom_store::Clock;

/// The environment variable by which it is an error that there is no PostgreSQL.
const REQUIRED: &str = "BESOM_TEST_POSTGRES";

/// A server, which ends with this.
pub(crate) struct Server {
    directory: tempfile::TempDir,
    programs: PathBuf,
    schemas: Cell<u32>,
}

impl Server {
    /// A new server without a store; `None`, which is said, where PostgreSQL is not installed.
    pub(crate) fn start(test: &str) -> Option<Self> {
        Self::start_with(test, "-c fsync=off -c synchronous_commit=off")
    }

    /// The same with these settings.
    pub(crate) fn start_with(test: &str, settings: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and there is no PostgreSQL");
            // The harness keeps what `eprintln!` says of a test that passes.
            let _ = writeln!(std::io::stderr(), "left out, for lack of PostgreSQL: {test}");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        let server = Self { directory, programs, schemas: Cell::new(0) };
        server.prepare();
        server.begin(settings);
        Some(server)
    }

    fn prepare(&self) {
        let data = self.data();
        fs::create_dir(&data).unwrap();
        fs::set_permissions(self.directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        if let Some(user) = stranger() {
            let owned = Command::new("chown").arg(user).arg(&data).status().unwrap();
            assert!(owned.success());
        }
        let options = ["--no-sync", "--username=besom", "--auth=trust", "--encoding=UTF8", "--locale=C"];
        self.run("initdb", &options);
    }

    /// Starts it, and waits until it answers. Nothing else makes transactions, as those that vacuum would.
    pub(crate) fn begin(&self, settings: &str) {
        let socket = self.data();
        let settings = format!(
            "-k {} -c listen_addresses='' -c autovacuum=off -c shared_buffers=16MB -c max_connections=50 {settings}",
            socket.display()
        );
        let log = socket.join("log");
        self.run("pg_ctl", &["start", "--wait", "--options", &settings, "--log", log.to_str().unwrap()]);
    }

    /// Ends it: `fast` ends connections, `immediate` is a crash.
    pub(crate) fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["stop", "--wait", "--mode", mode]);
    }

    /// Puts a file beside its data that only it may read.
    pub(crate) fn install(&self, name: &str, content: &str) {
        let path = self.data().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some(user) = stranger() {
            assert!(Command::new("chown").arg(user).arg(&path).status().unwrap().success());
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.try_run(program, arguments);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn try_run(&self, program: &str, arguments: &[&str]) -> Output {
        let program = self.programs.join(program);
        let mut command = match stranger() {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([
                    format!("--reuid={user}"),
                    format!("--regid={user}"),
                    "--clear-groups".to_owned(),
                ]);
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        // Pipes would be kept open by the server.
        let (out, err) = (self.directory.path().join("out"), self.directory.path().join("err"));
        let status = command
            .args(arguments)
            .arg("-D")
            .arg(self.data())
            .current_dir("/")
            .stdout(fs::File::create(&out).unwrap())
            .stderr(fs::File::create(&err).unwrap())
            .status()
            .unwrap();
        Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(err).unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        let socket = self.data().display().to_string().replace('/', "%2F");
        format!("postgres://besom@{socket}/postgres")
    }

    /// A store that reads this clock, in a schema of its own; that of the one before is dropped.
    pub(crate) fn new_store(&self, clock: Clock) -> PostgresStore {
        let number = self.schemas.get() + 1;
        self.schemas.set(number);
        self.admin().batch_execute(&format!("DROP SCHEMA IF EXISTS s{} CASCADE", number - 1)).unwrap();
        self.store(&format!("s{number}"), clock)
    }

    /// The store in this schema.
    pub(crate) fn store(&self, schema: &str, clock: Clock) -> PostgresStore {
        let options = PostgresOptions::default().clock(clock);
        PostgresStore::open(&format!("{}?schema={schema}", self.url()), &options).unwrap()
    }

    /// A connection beside those of stores.
    pub(crate) fn admin(&self) -> postgres::Client {
        postgres::Client::connect(&self.url(), postgres::NoTls).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.try_run("pg_ctl", &["stop", "--mode", "immediate"]);
    }
}

/// Where the programs of the newest PostgreSQL are, if there is one.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain(debian.into_iter().rev());
    found
        .into_iter()
        .find(|directory| directory.join("initdb").is_file() && directory.join("postgres").is_file())
}

/// The user that it runs as in place of root, as whom it refuses to run.
fn stranger() -> Option<&'static str> {
    let is_root = rustix::process::geteuid().is_root();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let has = |name: &str| users.lines().any(|line| line.split(':').next() == Some(name));
    is_root.then(|| if has("postgres") { "postgres" } else { "nobody" })
}
