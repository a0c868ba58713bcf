//! Files that an agent makes in the directories of runs: for those who may use the store, and never through a link that
//! somebody has laid there, which would make besom write into a file of another.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use besom_store::files::{PRIVATE, create_directory, directory_mode, file_mode};
use rustix::fs::OFlags;

/// Opens a file to be emptied and written, created if it is missing.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    open(File::options().write(true).truncate(true), path)
}

/// Opens a file with these options, created if it is missing. A link in its place is an error.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let mode = file_mode(path.parent().unwrap_or(Path::new(".")))?;
    options.create(true).mode(mode).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)
}

/// Creates a directory in that of a store, for those who may use the latter.
pub(crate) fn directory(store: &Path, path: &Path) -> io::Result<()> {
    create_directory(store, PRIVATE)?;
    create_directory(path, directory_mode(store)?).map(drop)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_prepared_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("output.log"));
        fs::write(&target, "precious").unwrap();
        symlink(&target, &link).unwrap();
        assert!(create(&link).is_err());
        assert!(open(File::options().append(true), &link).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"precious");
    }

    #[test]
    fn files_of_runs_are_for_those_who_may_use_the_store() {
        let dir = tempfile::tempdir().unwrap();
        for (given, expected) in [(0o700, [0o700, 0o600]), (0o755, [0o750, 0o640])] {
            let store = dir.path().join(format!("{given:o}"));
            fs::create_dir(&store).unwrap();
            fs::set_permissions(&store, Permissions::from_mode(given)).unwrap();
            let run = store.join("runs/a/1");
            directory(&store, &run).unwrap();
            create(&run.join("params.json")).unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
            assert_eq!([mode(&run), mode(&run.join("params.json"))], expected, "{given:o}");
        }
    }
}
