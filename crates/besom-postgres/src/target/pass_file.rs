//! A file of passwords, as `libpq` reads it: lines `host:port:database:user:password`, each of the first four `*` for any.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use postgres::Config;
use postgres::config::Host;

use crate::PostgresError;

/// Gives a connection the password that the file has for it, if there is one.
pub(super) fn add_password<'a>(
    config: &'a mut Config,
    file: Option<&Path>,
) -> Result<&'a mut Config, PostgresError> {
    let Some(file) = file else { return Ok(config) };
    let Ok(text) = fs::read_to_string(file) else { return Ok(config) };
    let Some(password) = text.lines().find_map(|line| password(line, &wanted(config))) else {
        return Ok(config);
    };
    let is_private = fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o077 == 0);
    if !is_private {
        return Err(PostgresError::PassFile { path: file.to_owned() });
    }
    Ok(config.password(password))
}

/// What the first four fields of a line must be.
fn wanted(config: &Config) -> [String; 4] {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        // As `libpq` has it for a socket.
        _ => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().unwrap_or_default().to_owned();
    let database = config.get_dbname().map_or_else(|| user.clone(), str::to_owned);
    [host, port, database, user]
}

/// The password in a line that is about this connection.
fn password(line: &str, wanted: &[String; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let fields = fields(line);
    let (named, [password]) = fields.split_at_checked(4)? else { return None };
    let fits = named.iter().zip(wanted).all(|(named, wanted)| named == "*" || named == wanted);
    fits.then(|| password.clone())
}

/// The five fields of a line; a backslash takes the next character as it is. Colons after the fourth belong to the password.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let field = fields.len();
        let last = fields.last_mut().expect("there is one from the beginning");
        match character {
            '\\' => last.extend(characters.next()),
            ':' if field < 5 => fields.push(String::new()),
            character => last.push(character),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_about_the_connections_that_it_names() {
        let wanted = ["db.example.org", "5432", "sweeps", "ada"].map(str::to_owned);
        let found = |line: &str| password(line, &wanted);
        assert_eq!(found("db.example.org:5432:sweeps:ada:one").as_deref(), Some("one"));
        assert_eq!(found("*:*:*:ada:a\\:b\\\\c").as_deref(), Some("a:b\\c"));
        assert_eq!(found("*:*:*:*:a:b").as_deref(), Some("a:b"));
        assert_eq!(found("*:*:*:bob:two"), None);
        assert_eq!(found("#*:*:*:*:three"), None);
        assert_eq!(found("*:*:*"), None);
    }
}
