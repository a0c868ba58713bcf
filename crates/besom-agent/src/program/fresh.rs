//! Output on its way to the store: what the program has printed since it was last handed over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use besom_store::Output as Stored;

use crate::Link;

/// How often output is handed over: each time is a write to the store, though none that waits for the disk.
const PACE: Duration = Duration::from_secs(1);

/// Output that waits, shared by clones. Of more than the store keeps, only the end waits; the rest is a gap.
#[derive(Clone, Debug, Default)]
pub(super) struct Fresh(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// The place of its first byte in the whole output.
    from: u64,
    bytes: Vec<u8>,
    sent: Option<Instant>,
}

impl Fresh {
    /// Appends what the program has printed.
    pub(super) fn push(&self, bytes: &[u8]) {
        let mut waiting = self.lock();
        waiting.bytes.extend_from_slice(bytes);
        let kept = usize::try_from(Stored::HEAD + Stored::TAIL).unwrap_or(usize::MAX);
        let excess = waiting.bytes.len().saturating_sub(2 * kept);
        if excess > 0 {
            let dropped = waiting.bytes.len() - kept;
            waiting.bytes.drain(..dropped);
            waiting.from += dropped as u64;
        }
    }

    /// Hands over what waits, if it is time.
    pub(super) fn send_sometimes(&self, link: &mut Link<'_>) {
        let is_due = self.lock().sent.is_none_or(|sent| sent.elapsed() >= PACE);
        if is_due {
            self.send(link);
        }
    }

    /// Hands over what waits. What a failing store does not take waits on.
    pub(super) fn send(&self, link: &mut Link<'_>) {
        let mut waiting = self.lock();
        waiting.sent = Some(Instant::now());
        let whole = whole_characters(&waiting.bytes);
        if whole == 0 {
            return;
        }
        let (from, text) = (waiting.from, text(&waiting.bytes[..whole]));
        if link.print(from, &text) {
            waiting.bytes.drain(..whole);
            waiting.from += whole as u64;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Text of as many bytes as the output had: each byte that is not UTF-8 is a question mark.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// How many of the bytes do not belong to a character that has only begun.
fn whole_characters(bytes: &[u8]) -> usize {
    let begun = (1..=3.min(bytes.len())).find(|&back| bytes[bytes.len() - back] >= 0xC0);
    match begun {
        Some(back)
            if std::str::from_utf8(&bytes[bytes.len() - back..]).is_err_and(|e| e.error_len().is_none()) =>
        {
            bytes.len() - back
        }
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_sent_whole_and_what_is_none_keeps_its_place() {
        assert_eq!(whole_characters("a\u{1F9F9}".as_bytes()), 5);
        assert_eq!(whole_characters(&"a\u{1F9F9}".as_bytes()[..4]), 1);
        assert_eq!(whole_characters(b"a\xff"), 2);
        assert_eq!(text(b"a\xff\xfeb"), "a??b");
    }

    #[test]
    fn of_a_flood_the_end_waits() {
        let fresh = Fresh::default();
        (0..100).for_each(|_| fresh.push(&[b'x'; 64 << 10]));
        let waiting = fresh.lock();
        assert!(waiting.bytes.len() as u64 >= Stored::TAIL && waiting.bytes.len() <= 1 << 20);
        assert_eq!(waiting.from + waiting.bytes.len() as u64, 100 * (64 << 10));
    }
}
