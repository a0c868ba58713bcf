//! `server.json`: the tokens of a store, and where it is served.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

use besom_core::nearest;
use besom_store::SweepId;
use serde::{Deserialize, Serialize};

use super::secret::{self, Hash};
use super::{AGENTS, Scope, Token, TokenError, VIEW, WANDB};

/// The name of the file in the store's directory.
pub(crate) const NAME: &str = "server.json";

/// What the file holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Content {
    /// The owner's token.
    pub(super) owner: String,
    /// Which token of those that follow from the owner's is the agents'.
    #[serde(default)]
    agents: u64,
    /// The same of that for W&B's client.
    #[serde(default)]
    wandb: u64,
    /// The same of those for links that others may come to see.
    #[serde(default)]
    view: u64,
    #[serde(default)]
    pub(super) tokens: Vec<Entry>,
    /// Where the store is served, or was at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
}

/// A token of which only the hash is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    name: String,
    scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sweep: Option<String>,
    sha256: String,
}

impl Entry {
    /// The token, if this program knows its scope.
    pub(super) fn known(&self) -> Option<(Hash, Token)> {
        let scope = match self.scope.as_str() {
            "agent" => Scope::Agent(self.sweep.as_deref().map(SweepId::new)),
            "wandb" => Scope::Wandb,
            "read" => Scope::Read,
            _ => return None,
        };
        Some((Hash::parse(&self.sha256)?, Token { name: self.name.clone(), scope }))
    }
}

impl Content {
    /// New tokens.
    pub(super) fn fresh() -> Self {
        Self { owner: secret::fresh(), agents: 0, wandb: 0, view: 0, tokens: Vec::new(), url: None }
    }

    /// The token for agents.
    pub(super) fn agents(&self) -> String {
        secret::derived(&self.owner, AGENTS, self.agents)
    }

    /// The token for W&B's client.
    pub(super) fn wandb(&self) -> String {
        secret::derived(&self.owner, WANDB, self.wandb)
    }

    /// The token for links that others may come to see.
    pub(super) fn view(&self) -> String {
        secret::derived(&self.owner, VIEW, self.view)
    }

    pub(super) fn add(
        &mut self,
        scope: Scope,
        name: Option<&str>,
        secret: &str,
    ) -> Result<Token, TokenError> {
        let name = name.map_or_else(|| self.free(&scope), str::to_owned);
        if self.names().any(|taken| taken == name) {
            return Err(TokenError::Taken { name });
        }
        let sweep = match &scope {
            Scope::Agent(sweep) => sweep.as_ref().map(ToString::to_string),
            _ => None,
        };
        let sha256 = Hash::of(secret).as_str().to_owned();
        self.tokens.push(Entry { name: name.clone(), scope: scope.as_str().to_owned(), sweep, sha256 });
        Ok(Token { name, scope })
    }

    /// The first free name after a scope: `read-1`, ..
    fn free(&self, scope: &Scope) -> String {
        let names = (1..).map(|number: u64| format!("{}-{number}", scope.as_str()));
        let mut free = names.filter(|name| self.names().all(|taken| taken != name));
        free.next().unwrap_or_default()
    }

    pub(super) fn revoke(&mut self, name: &str) -> Result<(), TokenError> {
        match name {
            "owner" => self.owner = secret::fresh(),
            AGENTS => self.agents += 1,
            WANDB => self.wandb += 1,
            VIEW => self.view += 1,
            _ => {
                let before = self.tokens.len();
                self.tokens.retain(|entry| entry.name != name);
                if self.tokens.len() == before {
                    let nearest = nearest(name, self.names()).map(str::to_owned);
                    return Err(TokenError::NoToken { name: name.to_owned(), nearest });
                }
            }
        }
        Ok(())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        ["owner", AGENTS, WANDB, VIEW].into_iter().chain(self.tokens.iter().map(|entry| entry.name.as_str()))
    }
}

/// By what a file is known to be the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u64, SystemTime);

impl Mark {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Self::in_metadata(&fs::metadata(path)?)
    }

    fn in_metadata(metadata: &Metadata) -> io::Result<Self> {
        Ok(Self(metadata.ino(), metadata.modified()?))
    }
}

/// The tokens in a file.
pub(super) fn read(path: &Path) -> Result<(Content, Mark), TokenError> {
    let failed = |source| TokenError::File { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    let mark = Mark::in_metadata(&metadata).map_err(failed)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(TokenError::Exposed { path: path.to_owned() });
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let content = serde_json::from_str(&text)
        .map_err(|source| TokenError::Damaged { path: path.to_owned(), source })?;
    Ok((content, mark))
}

/// The tokens in a file, which is made if it is missing.
pub(super) fn read_or_make(path: &Path) -> Result<(Content, Mark), TokenError> {
    match read(path) {
        Err(TokenError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            edit(path, |_| Ok(())).map(|(_, written)| written)
        }
        read => read,
    }
}

/// Changes the tokens in a file, one after another of all who do. What is returned is what the change said, and what the file
/// holds now.
pub(super) fn edit<T>(
    path: &Path,
    change: impl FnOnce(&mut Content) -> Result<T, TokenError>,
) -> Result<(T, (Content, Mark)), TokenError> {
    let failed = |source| TokenError::File { path: path.to_owned(), source };
    let directory = besom_store::files::parent(path);
    // Released when it is closed; the file itself is replaced, so its own lock would be worth nothing.
    let turn = File::open(directory).map_err(failed)?;
    turn.lock().map_err(failed)?;
    let mut content = match read(path) {
        Err(TokenError::File { source, .. }) if source.kind() == ErrorKind::NotFound => Content::fresh(),
        read => read?.0,
    };
    let done = change(&mut content)?;
    write(path, &content).map_err(failed)?;
    let mark = Mark::of(path).map_err(failed)?;
    Ok((done, (content, mark)))
}

/// Replaces the file as a whole, so that whoever reads it sees one state of it.
fn write(path: &Path, content: &Content) -> io::Result<()> {
    let draft = path.with_extension("json.new");
    // Left by one that was killed; nobody else writes now.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(serde_json::to_string_pretty(content)?.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
