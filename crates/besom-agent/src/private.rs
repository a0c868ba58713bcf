//! Files that an agent makes in the directories of runs: for those who may use the store, and never through a link that
//! somebody has laid there, which would make besom write into a file of another.

use std::fs::File;
use std::io;
use std::path::Path;

pub(crate) use besom_store::files::open;
use besom_store::files::{PRIVATE, create_directory, directory_mode};

/// Opens a file to be emptied and written, created if it is missing.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    open(File::options().write(true).truncate(true), path)
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
    use std::process::Command;

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
    fn files_of_runs_are_for_those_who_may_use_the_store_whatever_the_umask() {
        for umask in ["077", "022", "000"] {
            // The umask is that of the whole process, in which other tests run.
            let output = Command::new("sh")
                .args(["-c", "umask $1; exec \"$0\" --exact private::tests::with_some_umask --ignored"])
                .args([std::env::current_exe().unwrap().as_os_str(), umask.as_ref()])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("1 passed"), "{umask}: {said}");
        }
    }

    #[test]
    #[ignore = "is run by the test above, in a process of its own"]
    fn with_some_umask() {
        let dir = tempfile::tempdir().unwrap();
        for (given, expected) in [(0o700, [0o700, 0o600]), (0o755, [0o750, 0o640]), (0o770, [0o770, 0o660])] {
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
