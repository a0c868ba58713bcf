//! The lock of a value.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value, also if a thread has panicked while it held the lock: what that one has left is as good as before, or is read anew
/// where it matters.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
