//! Tokens as texts, and their hashes.

use rand::RngExt;
use rand::distr::Alphanumeric;
use ring::digest::{SHA256, digest};
use ring::hmac;

/// Letters of a token, of [0-9A-Za-z]: 238 bits. No `-`, and 40 of them, so that W&B's client takes one for a key.
const LETTERS: usize = 40;

/// What is stored of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hash(String);

impl Hash {
    /// The SHA-256 of a token. No salt and no stretching: nobody guesses 238 bits.
    pub(super) fn of(secret: &str) -> Self {
        let bytes = digest(&SHA256, secret.as_bytes());
        Self(bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The hash that is written so.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_hash =
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_hash.then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A new token.
pub(crate) fn fresh() -> String {
    rand::rng().sample_iter(Alphanumeric).take(LETTERS).map(char::from).collect()
}

/// A token that follows from another, a word and a number, and from which none of these can be found.
pub(super) fn derived(from: &str, word: &str, number: u64) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let key = hmac::Key::new(hmac::HMAC_SHA256, from.as_bytes());
    let block = |block: u64| {
        let text = format!("besom {word} {number} {block}");
        hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    };
    // Bytes that would make some letters likelier are left out.
    let digits = (0..).flat_map(block).filter_map(|byte| DIGITS.get(usize::from(byte >> 2)).copied());
    digits.take(LETTERS).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_forty_letters_and_digits() {
        for secret in [fresh(), derived("owner", "agents", 0)] {
            assert_eq!(secret.len(), 40, "{secret}");
            assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{secret}");
        }
        assert_ne!(fresh(), fresh());
    }

    #[test]
    fn a_derived_token_follows_from_the_owners_and_its_number() {
        let token = derived("owner", "agents", 0);
        assert_eq!(token, derived("owner", "agents", 0));
        for other in
            [derived("owner", "agents", 1), derived("other", "agents", 0), derived("owner", "wandb", 0)]
        {
            assert_ne!(token, other);
        }
    }
}
