//! Whether a directory is on a network file system.
//!
//! SQLite's write-ahead log needs memory that all its users share, which two hosts do not have, and locks that network
//! file systems keep badly (<https://www.sqlite.org/wal.html>, <https://www.sqlite.org/howtocorrupt.html>).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{major, minor, statfs};

/// Network file systems by the number that the kernel gives their kind (statfs(2), and the kernel's `magic.h`).
const KINDS: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB"),
    (0x0102_1997, "9p"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x00C3_6400, "Ceph"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
    (0xAAD7_AAEA, "PanFS"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x564C, "NCP"),
    (0x0116_1970, "GFS2"),
    (0x7461_636F, "OCFS2"),
    (0x786F_4256, "shared folder of VirtualBox"),
];

/// FUSE, where the kind is in the name of the mount only.
const FUSE: u64 = 0x6573_5546;

/// What FUSE file systems that lead to other machines are called, after `fuse.`.
const NETWORK_FUSE: &[&str] = &[
    "sshfs",
    "rclone",
    "s3fs",
    "gcsfuse",
    "blobfuse",
    "blobfuse2",
    "goofys",
    "glusterfs",
    "ceph-fuse",
    "ceph",
    "juicefs",
    "davfs",
    "curlftpfs",
    "smbnetfs",
    "grpcfuse",
    "osxfs",
    "moosefs",
    "mfs",
    "lizardfs",
    "seaweedfs",
    "beegfs",
];

/// What the network file system is called that a directory, which need not exist yet, is on; `None` if it is on none that
/// is known.
pub(crate) fn file_system(directory: &Path) -> Option<String> {
    let existing = directory.ancestors().find(|path| path.exists())?;
    // A field of this name has another type on each architecture.
    #[expect(clippy::cast_sign_loss, reason = "a number of 32 bits that stands for a kind")]
    let number = statfs(existing).ok()?.f_type as u64 & 0xFFFF_FFFF;
    if number == FUSE {
        let device = fs::metadata(existing).ok()?.dev();
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        return fuse_kind(&mounts, major(device), minor(device));
    }
    kind(number)
}

fn kind(number: u64) -> Option<String> {
    KINDS.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned())
}

/// The kind of the mount of this device, if it leads to another machine; the lines are those of proc_pid_mountinfo(5).
fn fuse_kind(mounts: &str, major: u32, minor: u32) -> Option<String> {
    let device = format!("{major}:{minor}");
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&device))?;
    let kind = mount.split_once(" - ")?.1.split(' ').next()?;
    let name = kind.strip_prefix("fuse.")?;
    NETWORK_FUSE.contains(&name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert_eq!(kind(0x6969).as_deref(), Some("NFS"));
        assert_eq!(kind(0xFF53_4D42).as_deref(), Some("CIFS"));
        for local in [0xEF53, 0x0102_1994, 0x5846_5342, 0x9123_683E, 0x794C_7630] {
            assert_eq!(kind(local), None, "ext4, tmpfs, XFS, btrfs and overlayfs are local");
        }
    }

    #[test]
    fn a_fuse_mount_is_known_by_its_name() {
        let mounts = "30 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      41 30 0:52 / /home/a rw,nosuid shared:9 - fuse.sshfs host:/ rw\n\
                      42 30 0:53 / /mnt/usb rw shared:9 - fuse.ntfs-3g /dev/sdb1 rw\n";
        assert_eq!(fuse_kind(mounts, 0, 52).as_deref(), Some("sshfs"));
        assert_eq!(fuse_kind(mounts, 0, 53), None);
        assert_eq!(fuse_kind(mounts, 0, 54), None);
    }

    #[test]
    fn a_directory_on_a_local_disk_is_on_no_network() {
        assert_eq!(file_system(&std::env::temp_dir().join("not/there/yet")), None);
    }
}
