//! Columns by name: the list of a query and the places to read its rows at come from one list of names.

/// Makes an enum of columns, whose `SQL` is what a query selects to be read by it. Reading by the name itself would
/// compare strings for each value, which is a good part of reading a hundred thousand runs.
macro_rules! columns {
    ($(#[$doc:meta])* $columns:ident: $table:ident.$first:ident $(, $tables:ident.$name:ident)* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[expect(non_camel_case_types, reason = "columns are named as in SQL")]
        pub(super) enum $columns {
            $first $(, $name)*
        }

        impl $columns {
            /// What a query selects first.
            pub(super) const SQL: &str = concat!(
                stringify!($table), ".", stringify!($first) $(, ", ", stringify!($tables), ".", stringify!($name))*
            );

            /// How many columns these are: the place of whatever a query selects after them.
            #[allow(dead_code, reason = "not every query selects more")]
            pub(super) const COUNT: usize = [stringify!($first) $(, stringify!($name))*].len();

            fn get<T: rusqlite::types::FromSql>(self, row: &rusqlite::Row<'_>) -> rusqlite::Result<T> {
                row.get(self as usize)
            }

            fn text<'a>(self, row: &'a rusqlite::Row<'_>) -> rusqlite::Result<&'a str> {
                Ok(row.get_ref(self as usize)?.as_str()?)
            }

            fn text_or_null<'a>(self, row: &'a rusqlite::Row<'_>) -> rusqlite::Result<Option<&'a str>> {
                Ok(row.get_ref(self as usize)?.as_str_or_null()?)
            }
        }
    };
}
pub(super) use columns;

/// The text in a column of a query that names few.
pub(super) fn text<'a>(row: &'a rusqlite::Row<'_>, column: &str) -> rusqlite::Result<&'a str> {
    Ok(row.get_ref(column)?.as_str()?)
}
