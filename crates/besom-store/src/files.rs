//! Who may use the files of a store: its owner, and the group if the directory is the group's too.
//!
//! Other users could read parameters and output, and stop all writes by holding a lock on a file that they can open. The
//! umask of most systems would let them, so modes are set, not left to it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// The mode of a directory that is its owner's alone.
pub const PRIVATE: u32 = 0o700;

/// The mode of a directory that a group shares: what is made in it belongs to its group.
pub const SHARED: u32 = 0o2770;

/// The mode that directories below `directory` get: the owner's rights, and what its group may do with it.
///
/// # Errors
/// If the directory cannot be looked at.
pub fn directory_mode(directory: &Path) -> io::Result<u32> {
    Ok(PRIVATE | (fs::metadata(directory)?.mode() & 0o2070))
}

/// The mode that files in `directory` get, as [`directory_mode`].
///
/// # Errors
/// If the directory cannot be looked at.
pub fn file_mode(directory: &Path) -> io::Result<u32> {
    Ok(0o600 | (fs::metadata(directory)?.mode() & 0o060))
}

/// The directory that a file is in, also if only its name is given.
///
/// ```
/// use besom_store::files::parent;
/// use std::path::Path;
///
/// assert_eq!(parent(Path::new("sweeps/a.yaml")), Path::new("sweeps"));
/// assert_eq!(parent(Path::new("a.yaml")), Path::new("."));
/// ```
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a directory and its missing parents with this mode, whatever the umask. Directories that exist, also by way of a
/// link, are left as they are. Returns whether the directory is new.
///
/// # Errors
/// If one of them cannot be created.
pub fn create_directory(path: &Path, mode: u32) -> io::Result<bool> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(false);
    }
    if let Some(parent) = path.parent() {
        create_directory(parent, mode)?;
    }
    match DirBuilder::new().mode(mode & 0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode)).map(|()| true),
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(ErrorKind::NotADirectory.into()),
        Err(error) => Err(error),
    }
}

/// Opens a file with these options, which write. A missing one is created with the mode of [`file_mode`], whatever the umask. A
/// link in its place is an error.
///
/// # Errors
/// If it can be neither created nor opened.
pub fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    match create_new(options, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => not_by_link(options).open(path),
        created => created,
    }
}

/// As [`open`], for a file that must not be there yet.
///
/// # Errors
/// If there is something in its place, also a link, or it cannot be created.
pub fn create_new(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let mode = file_mode(parent(path))?;
    let file = not_by_link(options).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(mode)).map(|()| file)
}

fn not_by_link(options: &OpenOptions) -> OpenOptions {
    let mut options = options.clone();
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn what_is_made_in_a_directory_has_the_rights_of_its_group_and_none_of_others() {
        let dir = tempfile::tempdir().unwrap();
        for (given, directory, file) in
            [(0o700, 0o700, 0o600), (0o755, 0o750, 0o640), (0o2775, 0o2770, 0o660), (0o777, 0o770, 0o660)]
        {
            fs::set_permissions(dir.path(), Permissions::from_mode(given)).unwrap();
            assert_eq!(directory_mode(dir.path()).unwrap(), directory, "{given:o}");
            assert_eq!(file_mode(dir.path()).unwrap(), file, "{given:o}");
        }
    }

    #[test]
    fn only_missing_directories_get_the_mode() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(create_directory(&dir.path().join("a/b"), SHARED).unwrap());
        assert!(!create_directory(&dir.path().join("a/b"), PRIVATE).unwrap());
        assert_eq!(mode(dir.path()), 0o755);
        assert_eq!([mode(&dir.path().join("a")), mode(&dir.path().join("a/b"))], [SHARED; 2]);
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(create_directory(&dir.path().join("file/x"), PRIVATE).is_err());
    }
}
