//! Values of rows, by the types that this crate has for them.

use std::borrow::Cow;

use postgres::Row;
use postgres::types::FromSql;

use crate::fault::Outcome;

/// Makes an enum of columns, whose `SQL` is what a query selects to be read by it, so that the list of a query and the places to read
/// its rows at come from one list of names.
macro_rules! columns {
    ($(#[$doc:meta])* $columns:ident: $table:ident.$first:ident $(, $tables:ident.$name:ident)* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[expect(non_camel_case_types, reason = "columns are named as in SQL")]
        pub(crate) enum $columns {
            $first $(, $name)*
        }

        impl $columns {
            /// What a query selects first.
            pub(crate) const SQL: &str = concat!(
                stringify!($table), ".", stringify!($first) $(, ", ", stringify!($tables), ".", stringify!($name))*
            );

            /// How many columns these are: the place of whatever a query selects after them.
            #[allow(dead_code, reason = "not every query selects more")]
            pub(crate) const COUNT: usize = [stringify!($first) $(, stringify!($name))*].len();

            fn get<'a, T: postgres::types::FromSql<'a>>(
                self,
                row: crate::columns::After<'a>,
            ) -> crate::fault::Outcome<T> {
                crate::columns::value(row.0, row.1 + self as usize)
            }

            #[allow(dead_code, reason = "not every table has such numbers")]
            fn number(self, row: crate::columns::After<'_>) -> crate::fault::Outcome<u64> {
                crate::columns::number(row.0, row.1 + self as usize)
            }

            #[allow(dead_code, reason = "not every table has such numbers")]
            fn number_or_null(self, row: crate::columns::After<'_>) -> crate::fault::Outcome<Option<u64>> {
                Ok(self.get::<Option<i64>>(row)?.map(crate::columns::unsigned))
            }
        }
    };
}
pub(crate) use columns;

/// A row, and how many other columns come first.
#[derive(Clone, Copy)]
pub(crate) struct After<'a>(pub(crate) &'a Row, pub(crate) usize);

/// The value in a column.
pub(crate) fn value<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Outcome<T> {
    Ok(row.try_get(column)?)
}

/// The number in a column, which is not negative.
pub(crate) fn number(row: &Row, column: usize) -> Outcome<u64> {
    Ok(unsigned(value(row, column)?))
}

/// A number as it was before [`bounded`].
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A number as the database holds it, which has 63 bits: what is larger is beyond everything that is stored.
pub(crate) fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// As [`bounded`], of a length or place.
pub(crate) fn size(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A small number, of which larger values are not written.
pub(crate) fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A text as the database can hold it: without NUL.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// As [`clean`], where there may be no text.
pub(crate) fn clean_or_null(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(clean)
}
