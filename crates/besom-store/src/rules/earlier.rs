//! Which rows of earlier attempts count before those of the newest one.
//!
//! An attempt counts alone until its program says that it goes on from a checkpoint ([`go_on`]), or if one before it has announced
//! its preemption: then it has begun with what that one had ([`count_alone`]). What an attempt had when it ended must be known later,
//! because one that goes on from it has that, too. One mark on each attempt is enough for this: whether the next one that logged
//! anything has gone on from it.

/// What the rows of an attempt are to later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// No later attempt that logged anything has gone on from it.
    No,
    /// They count before those of the newest attempt.
    Now,
    /// They counted in the next attempt that logged anything, and count again once the newest one goes on from that.
    Before,
}

impl Kept {
    /// The number under which it is stored.
    pub const fn code(self) -> u8 {
        match self {
            Self::No => 0,
            Self::Now => 1,
            Self::Before => 2,
        }
    }

    /// What is stored under a number.
    pub const fn of_code(code: u64) -> Option<Self> {
        match code {
            0 => Some(Self::No),
            1 => Some(Self::Now),
            2 => Some(Self::Before),
            _ => None,
        }
    }
}

/// An attempt before the newest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its number.
    pub number: u64,
    /// How many rows it has logged.
    pub rows: u64,
    /// Whether it was preempted with an end that [keeps its rows](crate::End::keeps_rows).
    pub is_announced: bool,
    /// What its rows are to later attempts.
    pub kept: Kept,
}

/// A new attempt begins, and has said nothing: of all attempts before it, in order, those count that were kept by the newest
/// announcement.
pub fn count_alone(earlier: &mut [Earlier]) {
    let announced = earlier.iter().rposition(|attempt| attempt.is_announced && attempt.kept == Kept::Now);
    let newest = newest(earlier);
    for (place, attempt) in earlier.iter_mut().enumerate().skip(announced.map_or(0, |place| place + 1)) {
        if attempt.kept == Kept::Now {
            // What went on from the newest one has logged nothing, so nothing goes on from there.
            attempt.kept = if newest == Some(place) { Kept::No } else { Kept::Before };
        }
    }
}

/// The newest attempt goes on from the last of those before it, in order, that has logged anything. Returns that one's number; `None`
/// if its rows count already, or there is none.
pub fn go_on(earlier: &mut [Earlier]) -> Option<u64> {
    let from = newest(earlier)?;
    if earlier[from].kept == Kept::Now {
        return None;
    }
    earlier[from].kept = Kept::Now;
    let logged = earlier[..from].iter_mut().rev().filter(|attempt| attempt.rows > 0);
    for attempt in logged.take_while(|attempt| attempt.kept != Kept::No) {
        attempt.kept = Kept::Now;
    }
    Some(earlier[from].number)
}

/// The place of the last attempt that has logged anything.
fn newest(earlier: &[Earlier]) -> Option<usize> {
    earlier.iter().rposition(|attempt| attempt.rows > 0)
}
