//! The command `besom` with the built-in algorithms.

fn main() -> std::process::ExitCode {
    besom::App::new().main()
}
