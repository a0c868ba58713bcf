//! Why a program failed, as far as the system and its last words tell.

use std::fs;

use besom_core::Failure;
use rustix::process::Signal;

use crate::process::Exit;

/// What programs, interpreters and libraries say when memory runs out; lower case.
const MEMORY_WORDS: [&str; 7] = [
    // PyTorch, JAX, the C library, JavaScript, the kernel.
    "out of memory",
    // `torch.OutOfMemoryError`, `java.lang.OutOfMemoryError`, Julia.
    "outofmemory",
    // Python, NumPy.
    "memoryerror",
    // C++.
    "bad_alloc",
    // TensorFlow, XLA.
    "resource_exhausted",
    // ENOMEM.
    "cannot allocate memory",
    // Rust.
    "memory allocation of",
];

/// What a shell adds to the number of the signal that ended its command.
const SHELL: i32 = 128;

/// Why a program failed that said this last: an error, perhaps that memory ran out.
pub(crate) fn of_words(words: &str) -> Failure {
    let words = words.to_lowercase();
    match MEMORY_WORDS.iter().any(|word| words.contains(word)) {
        true => Failure::OutOfMemory,
        false => Failure::Error,
    }
}

/// How many processes the kernel has killed because memory ran out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OomKills(Option<u64>);

impl OomKills {
    /// Until now, on this machine; the kernel counts those of control groups, too.
    pub(crate) fn so_far() -> Self {
        let count = |text: String| text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok());
        Self(fs::read_to_string("/proc/vmstat").ok().and_then(count))
    }

    /// Whether there were more since.
    pub(crate) fn grew(self) -> bool {
        self.0.zip(Self::so_far().0).is_some_and(|(before, after)| after > before)
    }
}

/// Why a program failed that ended so and said this last; `oom` is whether the kernel has killed for memory meanwhile.
pub(crate) fn of_exit(exit: Exit, words: &str, oom: bool) -> Failure {
    let signal = match exit {
        Exit::Signal(signal) => Some(signal),
        Exit::Code(code) => (SHELL..SHELL + 64).contains(&code).then_some(code - SHELL),
        Exit::Vanished => return Failure::Signal,
    };
    let requests = [Signal::TERM, Signal::HUP, Signal::INT].map(Signal::as_raw);
    match signal {
        Some(signal) if signal == Signal::KILL.as_raw() && oom => Failure::OutOfMemory,
        Some(signal) if signal == Signal::KILL.as_raw() || requests.contains(&signal) => Failure::Signal,
        _ => of_words(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_tell_when_memory_ran_out() {
        for words in [
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
            "MemoryError: Unable to allocate 7.45 GiB for an array",
            "terminate called after throwing an instance of 'std::bad_alloc'",
            "RESOURCE_EXHAUSTED: Out of memory while trying to allocate",
            "OSError: [Errno 12] Cannot allocate memory",
        ] {
            assert_eq!(of_words(words), Failure::OutOfMemory, "{words}");
        }
        for words in ["", "ValueError: lr must be positive", "not enough memory modules"] {
            assert_eq!(of_words(words), Failure::Error, "{words}");
        }
    }

    #[test]
    fn signals_from_outside_are_told_from_faults_and_from_the_kernels_kills() {
        let check = |exit, oom| of_exit(exit, "", oom);
        let (kill, term, fault) = (9, 15, 11);
        for (killed, terminated, faulty) in [
            (Exit::Signal(kill), Exit::Signal(term), Exit::Signal(fault)),
            (Exit::Code(SHELL + kill), Exit::Code(SHELL + term), Exit::Code(SHELL + fault)),
        ] {
            assert_eq!(check(killed, false), Failure::Signal);
            assert_eq!(check(killed, true), Failure::OutOfMemory);
            assert_eq!(check(terminated, true), Failure::Signal);
            assert_eq!(check(faulty, true), Failure::Error);
        }
        assert_eq!(check(Exit::Vanished, true), Failure::Signal);
        assert_eq!(check(Exit::Code(1), true), Failure::Error);
        assert_eq!(of_exit(Exit::Code(1), "MemoryError", false), Failure::OutOfMemory);
    }

    #[test]
    fn a_kernel_that_does_not_count_has_killed_nothing() {
        assert!(!OomKills(None).grew());
        assert!(!OomKills(Some(u64::MAX)).grew());
    }
}
