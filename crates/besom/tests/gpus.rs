//! GPUs for parallel runs: the real binary, with `nvidia-smi` and `rocm-smi` that answer as on other machines.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use command::{Answer, Desk};
use rustix::process::{Pid, Signal, kill_process};

/// Four GPUs, and whoever `users` names.
const NVIDIA: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1" in
    -L) for number in 0 1 2 3; do echo "GPU $number: Fake (UUID: GPU-a$number)"; done ;;
    --query-compute-apps=*) if test -f "$here/users"; then cat "$here/users"; fi ;;
    *) exit 1 ;;
esac
"#;

const ROCM: &str = "#!/bin/sh\necho 'WARNING: low power'; echo '{\"card1\": {}, \"card2\": {}}'\n";

const SWEEP: &str = "\
method: grid
metric: {name: loss}
command: [sh, -c, 'echo $BESOM_SLOT $CUDA_VISIBLE_DEVICES $HIP_VISIBLE_DEVICES $CUDA_DEVICE_ORDER >> seen; besom log loss=1']
parameters:
  a: {values: [1, 2, 3, 4]}
";

/// A desk with a sweep file and these tools; the tools of this machine are not found.
fn desk(tools: &[(&str, &str)]) -> Desk {
    let desk = Desk::new();
    desk.file("sweep.yaml", SWEEP);
    std::fs::create_dir(desk.path().join("bin")).unwrap();
    for (name, text) in tools {
        let path = desk.file(&format!("bin/{name}"), text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for tool in ["sh", "cat", "dirname", "env", "sleep"] {
        let there = ["/bin", "/usr/bin"].map(|directory| format!("{directory}/{tool}"));
        let found = there.iter().find(|path| std::path::Path::new(path).exists()).unwrap();
        std::os::unix::fs::symlink(found, desk.path().join("bin").join(tool)).unwrap();
    }
    desk
}

fn command(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = desk.command(arguments);
    command.env("PATH", desk.path().join("bin"));
    for name in ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"] {
        command.env_remove(name);
    }
    command
}

fn call(desk: &Desk, arguments: &[&str]) -> Answer {
    Answer::from(command(desk, arguments).output().unwrap())
}

/// What the programs saw, each once.
fn seen(desk: &Desk) -> Vec<String> {
    let text = std::fs::read_to_string(desk.path().join("seen")).unwrap();
    let lines: std::collections::BTreeSet<&str> = text.lines().collect();
    lines.into_iter().map(str::to_owned).collect()
}

/// A call that goes on in the background, and the lines of its standard error.
fn begin(desk: &Desk, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut child = command(desk, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    (child, lines)
}

#[test]
fn each_slot_has_gpus_of_its_own_and_there_are_as_many_slots_as_they_suffice_for() {
    let desk = desk(&[("nvidia-smi", NVIDIA)]);
    let answer = call(&desk, &["run", "sweep.yaml", "--gpus", "all", "--gpus-per-run", "2"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    for line in seen(&desk) {
        assert!(["0 0,1 0,1 PCI_BUS_ID", "1 2,3 2,3 PCI_BUS_ID"].contains(&line.as_str()), "{line}");
    }
}

#[test]
fn gpus_are_taken_as_listed_by_number_or_uuid() {
    let desk = desk(&[("nvidia-smi", NVIDIA)]);
    let answer = call(&desk, &["run", "sweep.yaml", "-j1", "--gpus", "GPU-a3,0"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.err.contains("note: unused GPUs: 0\n"), "{answer:?}");
    assert_eq!(seen(&desk), ["0 GPU-a3 GPU-a3 PCI_BUS_ID"]);
}

#[test]
fn all_gpus_are_those_that_a_batch_system_gave_out() {
    let desk = desk(&[("nvidia-smi", NVIDIA)]);
    let arguments = ["run", "sweep.yaml", "-j1", "--gpus", "all"];
    let mut given = command(&desk, &arguments);
    let answer = Answer::from(given.env("CUDA_VISIBLE_DEVICES", "3").output().unwrap());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(seen(&desk), ["0 3 3 PCI_BUS_ID"]);
    let mut none = command(&desk, &arguments);
    let answer = Answer::from(none.env("CUDA_VISIBLE_DEVICES", "").output().unwrap());
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert!(answer.err.contains("CUDA_VISIBLE_DEVICES is \"\""), "{answer:?}");
}

#[test]
fn cards_of_amd_are_found_too() {
    let desk = desk(&[("rocm-smi", ROCM)]);
    let answer = call(&desk, &["run", "sweep.yaml", "--gpus", "all", "-j", "2"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    for line in seen(&desk) {
        assert!(["0 0 0 PCI_BUS_ID", "1 1 1 PCI_BUS_ID"].contains(&line.as_str()), "{line}");
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_stored_and_says_what_can() {
    let check = |desk: &Desk, arguments: &[&str], words: &[&str]| {
        let answer = call(desk, &[&["run", "sweep.yaml"], arguments].concat());
        assert_eq!(answer.code, Some(2), "{answer:?}");
        for word in words {
            assert!(answer.err.contains(word), "{arguments:?} lacks {word}: {answer:?}");
        }
        assert!(!desk.path().join(".besom/besom.db").exists());
    };
    let bare = desk(&[]);
    check(&bare, &["--gpus", "all"], &["nvidia-smi is not in PATH", "rocm-smi is not in PATH", "--gpus 0,1"]);
    let broken = desk(&[("nvidia-smi", "#!/bin/sh\necho 'no driver' >&2; exit 9\n")]);
    check(&broken, &["--gpus", "all"], &["nvidia-smi failed: no driver"]);
    let four = desk(&[("nvidia-smi", NVIDIA)]);
    check(&four, &["--gpus", "all", "-j5"], &["-j 5 needs 5 GPUs", "at most -j 4"]);
    check(&four, &["--gpus", "all", "--gpus-per-run", "2", "-j", "3"], &["needs 6 GPUs", "at most -j 2"]);
    check(&four, &["--gpus", "0,1", "--gpus-per-run", "4"], &["only 2 GPUs"]);
    check(&four, &["--gpus", "0,7"], &["no GPU 7", "0, 1, 2, 3"]);
    check(&four, &["--gpus", "0,0", "--gpus-per-run", "2"], &["gives one run GPU 0 twice"]);
    check(&four, &["--gpus", "0,first"], &["\"first\" is not a GPU", "0,1"]);
    check(&four, &["--gpus-per-run", "2"], &["--gpus"]);
}

#[test]
fn a_busy_gpu_is_waited_for_with_a_word_and_nothing_is_claimed_meanwhile() {
    let desk = desk(&[("nvidia-smi", NVIDIA)]);
    let users = desk.file("bin/users", "GPU-a1, 4711, /usr/bin/python3\n");
    let (mut child, mut lines) = begin(&desk, &["run", "sweep.yaml", "--gpus", "1"]);
    let word = lines.by_ref().map(Result::unwrap).find(|line| line.contains("slot 0")).unwrap();
    assert!(word.contains("GPU 1 is used by process 4711 (python3); waiting"), "{word}");
    let runs = desk.json(&["runs", "--json"]);
    assert!(runs.as_array().unwrap().iter().all(|run| run["state"] == "pending"), "{runs}");
    std::fs::remove_file(users).unwrap();
    assert!(lines.map(Result::unwrap).any(|line| line.contains("slot 0 can start runs again")));
    assert!(child.wait().unwrap().success());
    assert_eq!(seen(&desk), ["0 1 1 PCI_BUS_ID"]);
}

#[test]
fn a_gpu_that_is_shared_is_not_waited_for() {
    for arguments in [&["--gpus", "1,1"][..], &["--gpus", "1", "--share-gpus"]] {
        let desk = desk(&[("nvidia-smi", NVIDIA)]);
        desk.file("bin/users", "GPU-a1, 4711, /usr/bin/python3\n");
        let answer = call(&desk, &[&["run", "sweep.yaml"], arguments].concat());
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }
}

#[test]
fn a_slot_that_waits_for_a_gpu_leaves_when_the_sweep_is_canceled() {
    let desk = desk(&[("nvidia-smi", NVIDIA)]);
    desk.file("bin/users", "GPU-a0, 4711, python3\n");
    let (mut child, mut lines) = begin(&desk, &["run", "sweep.yaml", "--gpus", "0"]);
    lines.by_ref().map(Result::unwrap).find(|line| line.contains("slot 0")).unwrap();
    let answer = desk.call(&["cancel", &desk.newest()]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    lines.map(Result::unwrap).for_each(drop);
    assert!(child.wait().unwrap().code().is_some());
}

#[test]
fn ctrl_c_ends_the_wait_for_a_tool_that_hangs() {
    let hanging = NVIDIA.replace("if test", "echo > asked; exec sleep 600; if test");
    let desk = desk(&[("nvidia-smi", &hanging)]);
    let (mut child, lines) = begin(&desk, &["run", "sweep.yaml", "--gpus", "0"]);
    desk.await_file("asked", &mut child);
    let begun = Instant::now();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    lines.map(Result::unwrap).for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(!desk.path().join("seen").exists(), "nothing was begun");
}
