//! Tokens that are none: how many of them an address may try.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::lock::lock;
use crate::refusal::Refusal;

/// How many wrong tokens an address may try within a second. Nobody guesses one anyhow; this keeps a script with an old token from
/// taking the server's time.
const TRIES: u32 = 10;
const SPAN: Duration = Duration::from_secs(1);
/// How many addresses are remembered; beyond that, those whose second is over are forgotten.
const ADDRESSES: usize = 1024;

/// Who has tried wrong tokens lately.
#[derive(Debug, Default)]
pub(crate) struct Wrong(Mutex<BTreeMap<IpAddr, (Instant, u32)>>);

impl Wrong {
    /// Counts a wrong token and says what to answer. A right one is never refused: many people may share an address.
    pub(super) fn refuse(&self, address: IpAddr) -> Refusal {
        match self.count(address, Instant::now()) {
            0..=TRIES => Refusal::new(
                StatusCode::UNAUTHORIZED,
                "wrong_token",
                "this token is wrong: it was revoked, or is another store's",
            ),
            _ => Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many",
                "too many wrong tokens: try again in a second",
            ),
        }
    }

    /// How many wrong tokens there were in the present second of an address.
    fn count(&self, address: IpAddr, now: Instant) -> u32 {
        let mut tries = lock(&self.0);
        if tries.len() >= ADDRESSES {
            tries.retain(|_, (since, _)| now.duration_since(*since) < SPAN);
        }
        let (since, count) = tries.entry(address).or_insert((now, 0));
        if now.duration_since(*since) >= SPAN {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_counted_by_address_and_second() {
        let (wrong, now) = (Wrong::default(), Instant::now());
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        let counts: Vec<u32> = (0..12).map(|_| wrong.count(one, now)).collect();
        assert_eq!(counts.last(), Some(&12));
        assert_eq!(wrong.count(other, now), 1);
        assert_eq!(wrong.count(one, now + SPAN), 1);
    }
}
