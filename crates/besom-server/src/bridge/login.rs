//! Where W&B's client would log without besom: what its user has set, or a login.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The server of those who name none.
const CLOUD: &str = "api.wandb.ai";
/// With what the address of a bridge begins.
pub(super) const LOCAL: &str = "http://127.0.0.1:";
/// Variables by which a user says where runs go, or whether they are kept.
const VARIABLES: [&str; 4] = ["WANDB_MODE", "WANDB_BASE_URL", "WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"];

/// What says where the client logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// A variable is set.
    Variable(&'static str),
    /// A file of logins has one for this server.
    Netrc(PathBuf, String),
    /// A file of settings has this key.
    Settings(PathBuf, &'static str),
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "{name} is set"),
            Self::Netrc(path, host) => write!(f, "{} has a login for {host}", path.display()),
            Self::Settings(path, key) => write!(f, "{} sets {key}", path.display()),
        }
    }
}

/// What says where the client logs, in this environment and for programs in this directory; `None` if nothing does.
pub(super) fn login(outer: &dyn Fn(&str) -> Option<OsString>, directory: &Path) -> Option<Login> {
    let set = |name: &str| outer(name).filter(|value| !value.is_empty());
    if is_bridged(outer) {
        return None;
    }
    if let Some(name) = VARIABLES.into_iter().find(|name| set(name).is_some()) {
        return Some(Login::Variable(name));
    }
    let home = set("HOME").map(PathBuf::from);
    let configured =
        set("WANDB_CONFIG_DIR").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".config/wandb")));
    let root = set("WANDB_DIR").map_or_else(|| directory.to_owned(), PathBuf::from);
    let files = [Some(root.join("wandb")), Some(root.join(".wandb")), configured];
    let mut host = CLOUD.to_owned();
    for path in files.into_iter().flatten().map(|directory| directory.join("settings")) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if let Some(key) = decisive(&text) {
            return Some(Login::Settings(path, key));
        }
        if let Some(url) = setting(&text, "base_url") {
            host = host_of(url).to_owned();
        }
    }
    let logins = match set("NETRC") {
        Some(path) => vec![PathBuf::from(path)],
        None => home.iter().flat_map(|home| [home.join(".netrc"), home.join("_netrc")]).collect(),
    };
    let has_login = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| has_password(&text, &host));
    let path = logins.into_iter().find(has_login)?;
    Some(Login::Netrc(path, host))
}

/// Whether this is the environment of a run whose program logs over a bridge, as in a program that itself executes a sweep.
pub(super) fn is_bridged(outer: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let url = outer("WANDB_BASE_URL").and_then(|url| url.into_string().ok()).unwrap_or_default();
    outer("BESOM_ATTEMPT_DIR").is_some_and(|directory| !directory.is_empty()) && url.starts_with(LOCAL)
}

/// The key of a file of settings that alone says where runs go.
fn decisive(text: &str) -> Option<&'static str> {
    let has = |key| setting(text, key).is_some();
    let is_other = setting(text, "mode").is_some_and(|mode| mode != "online");
    match () {
        () if is_other => Some("mode"),
        () if has("api_key") => Some("api_key"),
        () if has("identity_token_file") => Some("identity_token_file"),
        () => None,
    }
}

/// A value in an INI file; it has one section.
fn setting<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(['=', ':']));
    let found = pairs.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim()).next_back();
    found.filter(|value| !value.is_empty())
}

/// The host and port of a URL.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// Whether a file of logins has a password for this machine. Its `default` is for no server of W&B's.
fn has_password(text: &str, host: &str) -> bool {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut words = lines.flat_map(str::split_whitespace).map(|word| word.trim_matches(['"', '\'']));
    let mut is_here = false;
    while let Some(word) = words.next() {
        match word {
            "machine" => is_here = words.next() == Some(host),
            "default" => is_here = false,
            "password" => {
                let has = words.next().is_some_and(|password| !password.is_empty());
                if is_here && has {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Looks in a home with these files, and with these variables.
    fn found(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Option<String> {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let outer = |name: &str| match name {
            "HOME" => Some(home.path().into()),
            name => variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()),
        };
        let login = login(&outer, &home.path().join("project"))?;
        Some(login.to_string().replace(home.path().to_str().unwrap(), "~"))
    }

    #[test]
    fn who_has_set_nothing_is_logged_in_nowhere() {
        assert_eq!(found(&[], &[]), None);
        assert_eq!(found(&[], &[("WANDB_PROJECT", "p"), ("WANDB_API_KEY", "")]), None);
        assert_eq!(found(&[(".netrc", "machine github.com login a password b\n")], &[]), None);
        assert_eq!(
            found(&[(".netrc", "machine api.wandb.ai login user\ndefault login a password b")], &[]),
            None
        );
        assert_eq!(
            found(&[("project/wandb/settings", "[default]\nproject = p\nmode = online\n")], &[]),
            None
        );
        assert_eq!(found(&[(".config/wandb/settings", "[default]\nbase_url = https://w.corp\n")], &[]), None);
    }

    #[test]
    fn a_variable_says_where_runs_go() {
        for name in VARIABLES {
            assert_eq!(found(&[], &[(name, "x")]).as_deref(), Some(format!("{name} is set").as_str()));
        }
    }

    #[test]
    fn what_a_run_has_set_says_nothing_in_a_sweep_within_it() {
        let inner = [("WANDB_BASE_URL", "http://127.0.0.1:4711"), ("WANDB_API_KEY", "k")];
        assert!(found(&[], &inner).is_some(), "a server of the user's own");
        assert_eq!(found(&[], &[inner[0], inner[1], ("BESOM_ATTEMPT_DIR", "/runs/1/attempt-1")]), None);
    }

    #[test]
    fn a_login_is_found_as_the_client_finds_it() {
        let netrc = "machine github.com\n  login a\n  password b\nmachine \"api.wandb.ai\"\n  login user\n  password key\n";
        assert_eq!(
            found(&[(".netrc", netrc)], &[]).as_deref(),
            Some("~/.netrc has a login for api.wandb.ai")
        );
        assert_eq!(
            found(&[("_netrc", netrc)], &[]).as_deref(),
            Some("~/_netrc has a login for api.wandb.ai")
        );
        assert_eq!(found(&[(".netrc", &format!("# {}", netrc.replace('\n', " ")))], &[]), None);
        let own = [
            (".config/wandb/settings", "[default]\nbase_url = https://w.corp:8080/\n"),
            (".netrc", "machine w.corp:8080 login user password key"),
        ];
        assert_eq!(found(&own, &[]).as_deref(), Some("~/.netrc has a login for w.corp:8080"));
    }

    #[test]
    fn a_file_of_settings_may_say_it() {
        let path = "project/wandb/settings";
        let say = |text| found(&[(path, text)], &[]);
        assert_eq!(say("[default]\nmode = offline\n").as_deref(), Some("~/project/wandb/settings sets mode"));
        assert_eq!(say("[default]\napi_key: k\n").as_deref(), Some("~/project/wandb/settings sets api_key"));
    }
}
