//! Panics of algorithms, turned into errors that say where.
//!
//! The place of a panic is known to the process's panic hook only. So the first guarded call of a process puts a hook in front
//! of the one that is installed: for a panic on a thread that is inside [`caught`] it takes down message and place and prints
//! nothing; every other panic goes to the hook that was there before, as if this one did not exist. If somebody installs a hook
//! later that does not call ours, panics are still caught, but their place is unknown.
//!
//! Where a panic aborts the process (`panic = "abort"`, all of wasm) nothing can be caught, and no hook is installed.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caught {
    /// `src/mine.rs:12`, if it is known.
    pub(crate) place: Option<String>,
    pub(crate) message: String,
}

/// What the hook knows of the thread.
#[derive(Default)]
struct Watch {
    /// How many guarded calls it is in.
    depth: usize,
    place: Option<String>,
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// Calls `call`; a panic in it comes back as a value. What `call` changed may be half done then, and is not to be trusted.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Caught> {
    install();
    WATCH.with_borrow_mut(|watch| {
        watch.depth += 1;
        watch.place = None;
    });
    let result = catch_unwind(AssertUnwindSafe(call));
    let place = WATCH.with_borrow_mut(|watch| {
        watch.depth -= 1;
        watch.place.take()
    });
    result.map_err(|payload| Caught { place, message: message(&*payload) })
}

fn install() {
    static INSTALLED: Once = Once::new();
    // A hook cannot be replaced during a panic, and would be of no use where a panic aborts.
    if cfg!(panic = "abort") || std::thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if !taken_down(info) {
                previous(info);
            }
        }));
    });
}

/// Takes down the place of a panic in a guarded call. A second panic before the first is caught may be the last thing that the
/// process does, so that one is printed as well.
fn taken_down(info: &PanicHookInfo<'_>) -> bool {
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
    let take = |watch: &RefCell<Watch>| {
        let Ok(mut watch) = watch.try_borrow_mut() else { return false };
        if watch.depth == 0 {
            return false;
        }
        let first = watch.place.is_none();
        watch.place = place;
        first
    };
    WATCH.try_with(take).unwrap_or(false)
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// ` at src/search.rs:12:5`, or nothing where the place is not known.
pub(crate) fn at(place: Option<&str>) -> String {
    place.map(|place| format!(" at {place}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_with_its_place_and_message() {
        let line = line!() + 1;
        let found = caught(|| -> u8 { panic!("at {}", 3) }).expect_err("it panics");
        assert_eq!(found.message, "at 3");
        let place = found.place.expect("it is known");
        assert!(place.ends_with(&format!("panics.rs:{line}")), "{place}");
    }

    #[test]
    fn the_place_is_that_of_the_caller_who_unwrapped() {
        let nothing: Option<u8> = "x".parse().ok();
        let line = line!() + 1;
        let found = caught(|| nothing.expect("something")).expect_err("it panics");
        assert!(found.place.expect("it is known").ends_with(&format!("panics.rs:{line}")));
    }

    #[test]
    fn a_guarded_call_inside_another_keeps_its_own_panic() {
        let outer = caught(|| {
            let inner = caught(|| panic!("inner")).expect_err("it panics");
            assert_eq!(inner.message, "inner");
            panic!("outer");
        });
        let outer: Caught = outer.map(|(): ()| ()).expect_err("it panics");
        assert_eq!(outer.message, "outer");
    }

    #[test]
    fn a_call_that_returns_is_left_alone() {
        assert_eq!(caught(|| 3), Ok(3));
    }
}
