//! Who may do what: tokens, and the file that keeps them.
//!
//! The owner's token is in `server.json` in the store's directory, which only its owner can read, so that it outlives a restart.
//! Of all others only hashes are stored (decision 70). The token for agents that the start lines print is derived from the owner's, as is
//! the one for reading in the links of notebooks: they are the same after a restart, and stored nowhere.

mod file;
mod secret;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use besom_store::SweepId;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::lock::lock;
use crate::running;

pub(crate) use file::Mark;
use file::{Content, Entry};
use secret::Hash;
pub(crate) use secret::fresh;

/// How long a revoked token may still be taken for valid.
const STALE: Duration = Duration::from_millis(200);

/// The names of the tokens that are derived: for agents, and for W&B's client.
const AGENTS: &str = "agents";
const WANDB: &str = "wandb";
/// The name of the token that is derived for reading, in links that others may come to see.
const VIEW: &str = "view";

/// What a token may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Everything, and so any command on the machines of the agents.
    Owner,
    /// To work as an agent: on one sweep, or on all.
    Agent(Option<SweepId>),
    /// To use W&B's client: to create sweeps, work on them and control them, and so any command on the machines of that client's
    /// agents.
    Wandb,
    /// To look.
    Read,
}

impl Scope {
    /// The name in JSON and tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Agent(_) => "agent",
            Self::Wandb => "wandb",
            Self::Read => "read",
        }
    }
}

/// A token as it is listed: everything but the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// Its name, by which it is revoked.
    pub name: String,
    /// What it may be used for.
    pub scope: Scope,
}

impl Token {
    /// How it stands in the log under what it was used for: scope and name.
    pub(crate) fn signature(&self) -> String {
        format!("{}/{}", self.scope.as_str(), self.name)
    }
}

/// A token that was valid when it came, for answers that last.
#[derive(Clone)]
pub(crate) struct Ticket(Hash);

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

/// Why tokens cannot be read, made or revoked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read the file, and so may know the tokens.
    #[error(
        "{} can be read by other users, who may know the owner's token: remove it, which makes new tokens at the next start, or \
         let only its owner read it (chmod 600) if you trust them",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file is not one that besom has written.
    #[error("{} is damaged: remove it, which makes new tokens at the next start", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// No token has this name.
    #[error("no token has the name '{name}'{}", besom_core::did_you_mean(nearest.as_deref()))]
    NoToken {
        /// The name.
        name: String,
        /// The name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// A token has this name.
    #[error("a token has the name '{name}' already: revoke it, or choose another")]
    Taken {
        /// The name.
        name: String,
    },
}

/// The tokens of a server.
pub struct Tokens {
    /// `None` for those of a store without a directory, which end with the process.
    path: Option<PathBuf>,
    known: Mutex<Known>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The tokens as they were read last.
struct Known {
    content: Content,
    hashes: Vec<(Hash, Token)>,
    mark: Option<Mark>,
    looked: Instant,
}

impl Known {
    fn new(content: Content, mark: Option<Mark>) -> Self {
        let token = |name: &str, scope| Token { name: name.to_owned(), scope };
        let fixed = [
            (Hash::of(&content.owner), token("owner", Scope::Owner)),
            (Hash::of(&content.agents()), token(AGENTS, Scope::Agent(None))),
            (Hash::of(&content.wandb()), token(WANDB, Scope::Wandb)),
            (Hash::of(&content.view()), token(VIEW, Scope::Read)),
        ];
        let hashes = fixed.into_iter().chain(content.tokens.iter().filter_map(Entry::known)).collect();
        Self { content, hashes, mark, looked: Instant::now() }
    }
}

impl Tokens {
    /// The tokens of a store in this directory, made if there are none; those of a store without one end with the process.
    ///
    /// # Errors
    /// If the file cannot be read or made, others can read it, or it is damaged.
    pub fn open(directory: Option<&Path>) -> Result<Self, TokenError> {
        let Some(directory) = directory else {
            return Ok(Self { path: None, known: Mutex::new(Known::new(Content::fresh(), None)) });
        };
        let path = directory.join(file::NAME);
        let (content, mark) = file::read_or_make(&path)?;
        Ok(Self { path: Some(path), known: Mutex::new(Known::new(content, Some(mark))) })
    }

    /// The owner's token.
    pub fn owner(&self) -> String {
        lock(&self.known).content.owner.clone()
    }

    /// A token for agents of all sweeps, the same as long as it is not revoked.
    pub fn agents(&self) -> String {
        lock(&self.known).content.agents()
    }

    /// A token for W&B's client (`WANDB_API_KEY`), the same as long as it is not revoked.
    pub fn wandb(&self) -> String {
        lock(&self.known).content.wandb()
    }

    /// A token for reading, the same as long as it is not revoked.
    pub fn view(&self) -> String {
        lock(&self.known).content.view()
    }

    /// All tokens, without the tokens.
    pub fn list(&self) -> Vec<Token> {
        lock(&self.known).hashes.iter().map(|(_, token)| token.clone()).collect()
    }

    /// Makes a token, which is not stored and cannot be shown again. Without a name it gets one after its scope.
    ///
    /// # Errors
    /// [`TokenError::Taken`]; if the file cannot be written.
    pub fn add(&self, scope: Scope, name: Option<&str>) -> Result<(Token, String), TokenError> {
        let secret = secret::fresh();
        let token = self.change(|content| content.add(scope, name, &secret))?;
        Ok((token, secret))
    }

    /// Ends a token. Revoking `owner`, `agents`, `wandb` or `view` replaces the token by another one.
    ///
    /// # Errors
    /// [`TokenError::NoToken`]; if the file cannot be written.
    pub fn revoke(&self, name: &str) -> Result<(), TokenError> {
        self.change(|content| content.revoke(name))
    }

    /// Leaves word where the store is served.
    pub(crate) fn announce(&self, url: &str) -> Result<(), TokenError> {
        self.change(|content| {
            content.url = Some(url.to_owned());
            Ok(())
        })
    }

    /// Whose token this is, and what tells later whether it still is; `None` if it is none.
    pub(crate) fn check(&self, secret: &str) -> Option<(Token, Ticket)> {
        let ticket = Ticket(Hash::of(secret));
        let mut known = lock(&self.known);
        self.refresh(&mut known, STALE);
        if let Some(token) = find(&known, &ticket.0) {
            return Some((token, ticket));
        }
        // It may have been made a moment ago.
        self.refresh(&mut known, Duration::ZERO);
        find(&known, &ticket.0).map(|token| (token, ticket))
    }

    /// Whether a token that was one has not been revoked since.
    pub(crate) fn is_valid(&self, ticket: &Ticket) -> bool {
        let mut known = lock(&self.known);
        self.refresh(&mut known, STALE);
        find(&known, &ticket.0).is_some()
    }

    /// Reads the file again if it was written since, and not looked at for so long.
    fn refresh(&self, known: &mut Known, stale: Duration) {
        let Some(path) = self.path.as_ref().filter(|_| known.looked.elapsed() >= stale) else { return };
        known.looked = Instant::now();
        // A file that cannot be read leaves what was known: whoever edits it must not lock everybody out.
        if Mark::of(path).ok() != known.mark
            && let Ok((content, mark)) = file::read(path)
        {
            *known = Known::new(content, Some(mark));
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Content) -> Result<T, TokenError>) -> Result<T, TokenError> {
        let mut known = lock(&self.known);
        let (mut content, mut mark) = (known.content.clone(), None);
        let done = match &self.path {
            Some(path) => {
                let (done, written) = file::edit(path, change)?;
                (content, mark) = (written.0, Some(written.1));
                done
            }
            None => change(&mut content)?,
        };
        *known = Known::new(content, mark);
        Ok(done)
    }
}

/// The address at which the store in this directory is being served, with the owner's token: what a browser opens. `None` if it
/// is not, or is by another user.
///
/// ```
/// let directory = tempfile::tempdir()?;
/// assert_eq!(besom_server::link(directory.path()), None);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn link(directory: &Path) -> Option<String> {
    served(directory, |content| content.owner.clone())
}

/// The same with a token that only allows reading: for a notebook, whose pages are kept and passed on.
pub fn view_link(directory: &Path) -> Option<String> {
    served(directory, Content::view)
}

fn served(directory: &Path, token: impl FnOnce(&Content) -> String) -> Option<String> {
    if !running::is_running(directory) {
        return None;
    }
    let (content, _) = file::read(&directory.join(file::NAME)).ok()?;
    Some(with_token(content.url.as_ref()?, &token(&content)))
}

/// What a browser opens: the token is in the fragment, which is sent to no server and stands in no log.
pub(crate) fn with_token(url: &str, token: &str) -> String {
    format!("{url}/#token={token}")
}

/// Compares with each token in a time that says nothing of either.
fn find(known: &Known, hash: &Hash) -> Option<Token> {
    let mut found = None;
    for (other, token) in &known.hashes {
        if bool::from(other.as_bytes().ct_eq(hash.as_bytes())) {
            found = Some(token.clone());
        }
    }
    found
}
