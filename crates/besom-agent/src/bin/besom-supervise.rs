//! The supervisor of a run's processes as a program of its own, for those who embed an agent and name it in
//! `ProgramRunner::supervisor`. The command `besom` needs no other file for it: it is its own supervisor.

fn main() {
    std::process::exit(besom_agent::supervise(std::env::args_os().skip(1)));
}
