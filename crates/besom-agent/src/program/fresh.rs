//! Output on its way to the store: what the program has printed since it was last handed over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use besom_core::text::whole_characters;
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
        let (count, kept) = (waiting.bytes.len() as u64, Stored::HEAD + Stored::TAIL);
        if count > 2 * kept {
            let end = waiting.from + count;
            waiting.forget_before(end - kept);
        }
    }

    /// Hands over what waits, if it is time.
    pub(super) fn send_sometimes(&self, link: &mut Link<'_>) {
        let is_due = self.lock().sent.is_none_or(|sent| sent.elapsed() >= PACE);
        if is_due {
            self.send(link);
        }
    }

    /// Hands over all that waits, or leaves it with the link for when the store is back.
    pub(super) fn finish(&self, link: &mut Link<'_>) {
        self.send(link);
        if let Some((from, text)) = self.lock().rest() {
            link.print_later(from, text);
        }
    }

    /// Hands over what waits. What a failing store does not take waits on.
    pub(super) fn send(&self, link: &mut Link<'_>) {
        let Some((from, text)) = self.lock().next() else { return };
        // Without the lock: a busy store may take half a minute, and the program could not print meanwhile.
        if link.print(from, &text) {
            self.lock().forget_before(from + text.len() as u64);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// What is to be handed over now, and its place.
    fn next(&mut self) -> Option<(u64, String)> {
        self.sent = Some(Instant::now());
        let whole = whole_characters(&self.bytes);
        (whole > 0).then(|| (self.from, text(&self.bytes[..whole])))
    }

    /// What was not handed over.
    fn rest(&self) -> Option<(u64, String)> {
        (!self.bytes.is_empty()).then(|| (self.from, text(&self.bytes)))
    }

    /// Drops what stands before a place.
    fn forget_before(&mut self, place: u64) {
        let count = place.saturating_sub(self.from).min(self.bytes.len() as u64);
        self.bytes.drain(..usize::try_from(count).unwrap_or(usize::MAX));
        self.from += count;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_sent_whole_and_what_is_none_keeps_its_place() {
        let fresh = Fresh::default();
        fresh.push(&"a\u{1F9F9}".as_bytes()[..4]);
        assert_eq!(fresh.lock().next(), Some((0, "a".to_owned())));
        assert_eq!(text(b"a\xff\xfeb"), "a??b");
    }

    #[test]
    fn what_is_printed_while_a_part_is_handed_over_waits_on() {
        let fresh = Fresh::default();
        fresh.push(b"ab");
        let (from, text) = fresh.lock().next().expect("two bytes wait");
        fresh.push(b"cd");
        fresh.lock().forget_before(from + text.len() as u64);
        assert_eq!(fresh.lock().next(), Some((2, "cd".to_owned())));
        (0..100).for_each(|_| fresh.push(&[b'x'; 64 << 10]));
        let before = fresh.lock().from;
        fresh.lock().forget_before(4);
        assert_eq!(fresh.lock().from, before, "a flood has dropped it already");
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
