//! The macros of a sweep's `command`, by name: what a sweep file is checked for and what an agent replaces.

/// A macro: a word `${name}` of a command that stands for other words. `${envvar:NAME}` is none of them, because it is replaced
/// inside of words too.
///
/// ```
/// use besom_core::Macro;
///
/// assert_eq!(Macro::named("args_json"), Some(Macro::ArgsJson));
/// assert!(Macro::ArgsJson.passes_parameters() && !Macro::Program.passes_parameters());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Macro {
    /// `/usr/bin/env`.
    Env,
    /// The Python interpreter.
    Interpreter,
    /// The sweep's `program`.
    Program,
    /// `--name=value` for each parameter.
    Args,
    /// `name=value` for each parameter.
    ArgsNoHyphens,
    /// `+name=value` for each parameter.
    ArgsAppendHydra,
    /// `++name=value` for each parameter.
    ArgsOverrideHydra,
    /// `--name value` for each parameter, two words.
    ArgsNoEquals,
    /// As [`Macro::Args`], but `--name` for true and nothing for false.
    ArgsNoBooleanFlags,
    /// All parameters as one JSON object.
    ArgsJson,
    /// The path of a file that holds all parameters as one JSON object.
    ArgsJsonFile,
    /// The place of the run among those that are executed side by side, from 0. It is replaced inside of words too, and W&B does not
    /// know it.
    Slot,
}

impl Macro {
    /// All macros.
    pub const ALL: [Self; 12] = [
        Self::Env,
        Self::Interpreter,
        Self::Program,
        Self::Args,
        Self::ArgsNoHyphens,
        Self::ArgsAppendHydra,
        Self::ArgsOverrideHydra,
        Self::ArgsNoEquals,
        Self::ArgsNoBooleanFlags,
        Self::ArgsJson,
        Self::ArgsJsonFile,
        Self::Slot,
    ];

    /// Its name, which is written `${name}`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Interpreter => "interpreter",
            Self::Program => "program",
            Self::Args => "args",
            Self::ArgsNoHyphens => "args_no_hyphens",
            Self::ArgsAppendHydra => "args_append_hydra",
            Self::ArgsOverrideHydra => "args_override_hydra",
            Self::ArgsNoEquals => "args_no_equals",
            Self::ArgsNoBooleanFlags => "args_no_boolean_flags",
            Self::ArgsJson => "args_json",
            Self::ArgsJsonFile => "args_json_file",
            Self::Slot => "slot",
        }
    }

    /// The macro of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Whether it hands the program the parameters of its run.
    pub fn passes_parameters(self) -> bool {
        !matches!(self, Self::Env | Self::Interpreter | Self::Program | Self::Slot)
    }
}
