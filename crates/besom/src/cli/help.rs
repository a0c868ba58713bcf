//! The command line as clap sees it: the subcommands with examples and completion, and `--store` only where a store is used.

use std::path::PathBuf;

use clap::{Arg, CommandFactory};

use crate::cli::arguments::Arguments;
use crate::cli::complete;

/// Examples for the help of each subcommand.
const EXAMPLES: [(&str, &str); 40] = [
    (
        "run",
        "besom run sweep.yaml -j 4\nbesom run sweep.yaml --resume\nbesom run sweep.yaml --resume --run-cap 100",
    ),
    ("sweep", "besom sweep sweep.yaml\nbesom sweep sweep.yaml --prior-runs uhjelq4e"),
    ("agent", "besom agent uhjelq4e -j 2\nbesom agent uhj --count 1"),
    ("controller", "besom controller uhjelq4e"),
    ("status", "besom status\nbesom status uhj --json\nbesom status --watch"),
    ("list", "besom list"),
    (
        "runs",
        "besom runs --sort best --limit 10\nbesom runs uhj --where \"lr < 1e-3 and state = failed\"\n\
         besom runs uhj --columns state,lr,accuracy --sort -accuracy\nbesom runs uhj --csv > runs.csv",
    ),
    ("show", "besom show best\nbesom show uhj 12"),
    ("logs", "besom logs last -f\nbesom logs uhj 12 -n 20"),
    ("best", "besom best\nbesom best uhj --json"),
    ("plot", "besom plot history\nbesom plot uhj slice -p lr,batch_size -o slice.png"),
    ("export", "besom export uhjelq4e > sweep.html"),
    ("pause", "besom pause uhjelq4e"),
    ("resume", "besom resume uhjelq4e"),
    ("agents", "besom agents\nbesom agents uhj --json"),
    ("drain", "besom drain uhjelq4e ada/1234/1\nbesom drain uhj ada grace"),
    ("stop", "besom stop uhjelq4e"),
    ("early-stop", "besom early-stop sweep.yaml --runs runs.json"),
    ("cancel", "besom cancel uhjelq4e"),
    ("retry", "besom retry uhjelq4e --failed\nbesom retry uhj --failed --crashed"),
    ("extend", "besom extend uhjelq4e 20"),
    ("enqueue", "besom enqueue uhjelq4e lr=0.1 batch_size=32"),
    ("rm", "besom rm uhjelq4e\nbesom rm uhj k0x --yes"),
    ("rename", "besom rename uhjelq4e \"wider layers\""),
    ("tag", "besom tag uhjelq4e paper baseline\nbesom tag uhj --run 12 odd\nbesom tag uhj --remove paper"),
    ("note", "besom note uhjelq4e \"trained on May's data\"\nbesom note uhj --run 12 \"diverged late\""),
    ("backup", "besom backup ../archive\nbesom backup ../archive --runs"),
    (
        "store",
        "besom store copy .besom postgres://ada@db.example.org/sweeps\nbesom store copy ../archive .besom --sweep uhj",
    ),
    ("doctor", "besom doctor\nbesom doctor --salvage saved"),
    (
        "serve",
        "besom serve --open\nbesom serve --listen 0.0.0.0:7070 --tls-cert cert.pem --tls-key key.pem --name sweeps.example.org",
    ),
    ("token", "besom token --agent uhjelq4e\nbesom token --read --name ada\nbesom token --revoke ada"),
    ("validate", "besom validate sweep.yaml --wandb"),
    ("methods", "besom methods\nbesom methods bayes"),
    ("plan", "besom plan sweep.yaml -n 3 --seed 7"),
    ("next", "besom next sweep.yaml --runs runs.json -n 3"),
    ("bench", "besom bench --methods bayes,tpe,random --seeds 5"),
    ("ask-tell", "besom ask-tell < requests.jsonl"),
    ("log", "besom log loss=0.31 epoch=4"),
    ("completion", "source <(besom completion bash)"),
    ("help", "besom help run"),
];

/// Subcommands that use no store.
const WITHOUT_STORE: [&str; 10] =
    ["early-stop", "validate", "methods", "plan", "next", "bench", "ask-tell", "log", "store", "completion"];

/// The complete command.
pub(crate) fn command() -> clap::Command {
    let mut command = Arguments::command();
    for (name, examples) in EXAMPLES.iter().filter(|(name, _)| *name != "help") {
        let examples = examples.replace('\n', "\n  ");
        command = command.mut_subcommand(name, |sub| {
            let more = sub.get_after_help().map(|more| format!("\n\n{more}")).unwrap_or_default();
            completed(sub).after_help(format!("Examples:\n  {examples}{more}"))
        });
    }
    for name in WITHOUT_STORE {
        let refused = |_: &str| Err::<PathBuf, _>("this command uses no store");
        let store = Arg::new("store").long("store").hide(true).value_parser(refused);
        command = command.mut_subcommand(name, |sub| sub.arg(store));
    }
    command
}

/// The subcommand with what a shell completes.
fn completed(mut sub: clap::Command) -> clap::Command {
    let names: Vec<String> = sub.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    for name in names {
        sub = sub.mut_arg(&name, |arg| match name.as_str() {
            "id" | "ids" | "target" | "agent" => arg.add(complete::ids()),
            "kind" => arg.add(complete::plots()),
            "state" => arg.add(complete::run_states()),
            "file" | "config" => arg.add(complete::files()),
            _ => arg,
        });
    }
    sub
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_has_an_example_that_can_be_typed() {
        let command = command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            let examples = EXAMPLES.iter().find(|(name, _)| *name == sub.get_name());
            assert!(examples.is_some(), "{}", sub.get_name());
        }
        for example in EXAMPLES.iter().flat_map(|(_, examples)| examples.lines()) {
            // A text in quotes is one word, and what a shell does with the rest is not parsed.
            let unquoted: String = example.split('"').step_by(2).collect::<Vec<_>>().join("x");
            let typed =
                unquoted.trim_start_matches("source <(").split(['>', '<', ')']).next().unwrap_or_default();
            let words: Vec<&str> = typed.split_whitespace().collect();
            let parsed = command.clone().try_get_matches_from(words);
            let is_help = |error: &clap::Error| !error.use_stderr();
            assert!(parsed.as_ref().err().is_none_or(is_help), "{example}: {parsed:?}");
        }
    }
}
