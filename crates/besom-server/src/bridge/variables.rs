//! What W&B's client finds in the environment of a run.

use std::ffi::OsString;
use std::path::PathBuf;

use besom_store::Lease;

use super::login::{LOCAL, is_bridged};

/// How often the client sends what was logged, in seconds: a stopping rule waits for it. Its own default is 15.
const INTERVAL: (&str, &str) = ("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "1");
/// Proxies that a request to this machine must not take.
const PROXIES: [&str; 6] =
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// Hosts that need none.
const DIRECT: [&str; 2] = ["no_proxy", "NO_PROXY"];
/// This machine, as the client is to reach it.
const THIS: &str = "127.0.0.1";

/// What the variables of an attempt are made of.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) port: u16,
    pub(super) lease: Lease,
    /// Where the client puts its own files, if the attempt has a directory.
    pub(super) directory: Option<PathBuf>,
    /// Whether what the user has set is overridden.
    pub(super) is_insistent: bool,
}

impl Given {
    /// The variables; `outer` is the environment that they are added to.
    pub(super) fn list(
        &self,
        key: &str,
        outer: &dyn Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        let is_set = |name: &str| outer(name).is_some_and(|value| !value.is_empty());
        // A run that this one is within has set them for itself.
        let of_run = of_run(outer);
        let is_users = |name: &str| is_set(name) && !of_run.contains(&name);
        let mut list: Vec<(&'static str, OsString)> = vec![
            ("WANDB_BASE_URL", format!("{LOCAL}{}", self.port).into()),
            ("WANDB_API_KEY", key.into()),
            ("WANDB_SWEEP_ID", self.lease.sweep.as_str().into()),
            ("WANDB_RUN_ID", self.lease.run_name().into()),
        ];
        if !is_set(INTERVAL.0) {
            list.push((INTERVAL.0, INTERVAL.1.into()));
        }
        if let Some(directory) = self.directory.as_ref().filter(|_| !is_users("WANDB_DIR")) {
            list.push(("WANDB_DIR", directory.into()));
        }
        if self.is_insistent {
            list.push(("WANDB_MODE", "online".into()));
            // The client refuses to have both it and a key.
            list.extend(
                is_set("WANDB_IDENTITY_TOKEN_FILE").then(|| ("WANDB_IDENTITY_TOKEN_FILE", "".into())),
            );
        }
        if PROXIES.into_iter().any(is_set) {
            let known = DIRECT.map(|name| outer(name).filter(|hosts| !hosts.is_empty()));
            list.extend(
                DIRECT.into_iter().zip(without_proxy(known)).filter_map(|(name, hosts)| Some((name, hosts?))),
            );
        }
        list
    }
}

/// The variables in this environment by which the client logs into a run of besom; none if it does not.
pub(super) fn of_run(outer: &dyn Fn(&str) -> Option<OsString>) -> Vec<&'static str> {
    if !is_bridged(outer) {
        return Vec::new();
    }
    let mut names = vec!["WANDB_BASE_URL", "WANDB_API_KEY", "WANDB_SWEEP_ID", "WANDB_RUN_ID"];
    let is_attempts = outer("WANDB_DIR").is_some_and(|place| Some(place) == outer("BESOM_ATTEMPT_DIR"));
    names.extend(is_attempts.then_some("WANDB_DIR"));
    names.extend(outer(INTERVAL.0).is_some_and(|value| value == INTERVAL.1).then_some(INTERVAL.0));
    names
}

/// What becomes of the hosts that need no proxy, so that this machine is among them; `None` stays as it is. Programs read the one
/// variable or the other, and one of them alone stands for both.
fn without_proxy(known: [Option<OsString>; 2]) -> [Option<OsString>; 2] {
    let [lower, upper] = &known;
    let other = [upper.clone(), lower.clone()];
    let mut each = known.into_iter().zip(other).map(|(own, other)| {
        let own_is_missing = own.is_none();
        let mut hosts = own.or(other).unwrap_or_default();
        // A star stands for all, but only by itself.
        let is_there = hosts == "*" || hosts.to_string_lossy().split(',').any(|host| host.trim() == THIS);
        if is_there {
            return own_is_missing.then_some(hosts);
        }
        if !hosts.is_empty() {
            hosts.push(",");
        }
        hosts.push(THIS);
        Some(hosts)
    });
    [each.next().flatten(), each.next().flatten()]
}

#[cfg(test)]
mod tests {
    use besom_core::RunNumber;
    use besom_store::SweepId;

    use super::*;

    fn check(outer: &[(&str, &str)], is_insistent: bool, name: &str) -> Option<String> {
        let lease = Lease { sweep: SweepId::new("abc"), run: RunNumber::FIRST, attempt: 2 };
        let given =
            Given { port: 7070, lease, directory: Some(PathBuf::from("/runs/1/attempt-2")), is_insistent };
        let outer =
            |name: &str| outer.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        let list = given.list("k", &outer);
        list.into_iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.into_string().ok())
    }

    #[test]
    fn the_client_finds_its_run_and_no_way_elsewhere() {
        for (name, value) in [
            ("WANDB_BASE_URL", "http://127.0.0.1:7070"),
            ("WANDB_API_KEY", "k"),
            ("WANDB_SWEEP_ID", "abc"),
            ("WANDB_RUN_ID", "abc-1"),
            ("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "1"),
            ("WANDB_DIR", "/runs/1/attempt-2"),
        ] {
            assert_eq!(check(&[], false, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(check(&[], false, "WANDB_MODE"), None);
        assert_eq!(check(&[("WANDB_DIR", "/scratch")], false, "WANDB_DIR"), None, "the user's stays");
    }

    #[test]
    fn what_a_run_has_set_for_itself_is_not_that_of_a_sweep_within_it() {
        let url = ("WANDB_BASE_URL", "http://127.0.0.1:1");
        let (attempt, directory) = (("BESOM_ATTEMPT_DIR", "/outer/1"), ("WANDB_DIR", "/outer/1"));
        let of = |set: &[(&str, &str)]| {
            of_run(&|name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
        };
        assert_eq!(
            check(&[url, attempt, directory], false, "WANDB_DIR").as_deref(),
            Some("/runs/1/attempt-2")
        );
        let all =
            ["WANDB_BASE_URL", "WANDB_API_KEY", "WANDB_SWEEP_ID", "WANDB_RUN_ID", "WANDB_DIR", INTERVAL.0];
        assert_eq!(of(&[url, attempt, directory, INTERVAL]), all);
        assert_eq!(of(&[url, attempt, ("WANDB_DIR", "/scratch"), (INTERVAL.0, "5")]), all[..4]);
        assert!(of(&[url]).is_empty() && of(&[attempt]).is_empty(), "a server of the user's own");
    }

    #[test]
    fn a_proxy_is_not_asked_for_this_machine() {
        assert_eq!(check(&[], false, "NO_PROXY"), None);
        let proxy = ("HTTP_PROXY", "http://proxy:3128");
        assert_eq!(check(&[proxy], false, "no_proxy").as_deref(), Some("127.0.0.1"));
        assert_eq!(
            check(&[proxy, ("NO_PROXY", ".corp")], false, "NO_PROXY").as_deref(),
            Some(".corp,127.0.0.1")
        );
        for (lower, upper, results) in [
            ("*", "*", [None, None]),
            ("", ".corp", [Some(".corp,127.0.0.1"); 2]),
            ("*", "", [None, Some("*")]),
            (".a", ".b", [Some(".a,127.0.0.1"), Some(".b,127.0.0.1")]),
            ("localhost, 127.0.0.1", ".b", [None, Some(".b,127.0.0.1")]),
        ] {
            let outer = [proxy, ("no_proxy", lower), ("NO_PROXY", upper)];
            assert_eq!(
                DIRECT.map(|name| check(&outer, false, name)),
                results.map(|hosts| hosts.map(str::to_owned)),
                "{outer:?}"
            );
        }
    }

    #[test]
    fn who_insists_overrides_a_mode_and_an_identity() {
        let outer = [("WANDB_MODE", "offline"), ("WANDB_IDENTITY_TOKEN_FILE", "/t")];
        assert_eq!(check(&outer, true, "WANDB_MODE").as_deref(), Some("online"));
        assert_eq!(check(&outer, true, "WANDB_IDENTITY_TOKEN_FILE").as_deref(), Some(""));
    }
}
