//! Typed options: setters for those who write Rust, made from the list that the [`Spec`](crate::Spec) is made from.

/// Makes a struct with a setter for each option of an algorithm, and the list of options for its [`Spec`](crate::Spec), so that
/// names, ranges, defaults and explanations stand in one place.
///
/// Each entry is `name: type = kind, default;` under a doc comment, which is the explanation. The type is `usize` for a count, `f64` for
/// a number, `bool` for a flag, and for the rest anything that converts into a JSON value. The struct converts into
/// [`Options`](crate::Options), which is what the constructor reads, so that what is set is checked as if it stood in a sweep file.
///
/// ```
/// use besom_core::{OptionDefault, OptionKind, Options, Spec, typed_options};
///
/// typed_options! {
///     /// Options of a method that cools down.
///     pub struct AnnealingOptions {
///         /// How many steps there are.
///         steps: usize = OptionKind::at_least(1), OptionDefault::Count(100);
///         /// How hot it is at the start.
///         heat: f64 = OptionKind::above(0.0), OptionDefault::Number(1.0);
///     }
/// }
///
/// const SPEC: Spec = Spec::new("Cools down").options(AnnealingOptions::SPECS);
///
/// let options: Options = AnnealingOptions::new().steps(7).into();
/// assert_eq!(options["steps"], 7);
/// assert!(SPEC.check(&options).is_ok());
/// assert_eq!(SPEC.options[1].doc, "How hot it is at the start.");
/// assert!(SPEC.check(&AnnealingOptions::new().heat(-1.0).into()).is_err());
/// ```
#[macro_export]
macro_rules! typed_options {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $Name:ident {
            $( $(#[doc = $doc:literal])+ $key:ident: $type:ty = $kind:expr, $default:expr; )*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[must_use]
        $visibility struct $Name($crate::Options);

        impl $Name {
            /// What the algorithm's spec says of them.
            pub const SPECS: &'static [$crate::OptionSpec] = &[$(
                $crate::OptionSpec::new(
                    stringify!($key),
                    $kind,
                    $default,
                    concat!($($doc),+).trim_ascii_start(),
                ),
            )*];

            /// Every option at its default.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[doc = $doc])+
                ///
                #[doc = concat!("`", stringify!($kind), "`; if it is not set `", stringify!($default), "`.")]
                pub fn $key(mut self, $key: $type) -> Self {
                    self.0.insert(stringify!($key).to_owned(), $crate::serde_json::Value::from($key));
                    self
                }
            )*
        }

        impl From<$Name> for $crate::Options {
            fn from(options: $Name) -> Self {
                options.0
            }
        }
    };
}
