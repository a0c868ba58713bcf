//! The command on a terminal of its own.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A command whose standard output and error are a terminal.
pub(crate) struct OnTerminal {
    child: Child,
    screen: JoinHandle<String>,
}

impl OnTerminal {
    pub(crate) fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let no_terminal_of_ours = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let theirs =
            File::options().read(true).write(true).custom_flags(no_terminal_of_ours).open(name).unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&theirs, size).unwrap();
        command.env("TERM", "xterm");
        let child = command.stdout(theirs.try_clone().unwrap()).stderr(theirs).spawn().unwrap();
        // The command keeps the other side open in its parent's name until it is dropped.
        drop(command);
        let mut ours = File::from(ours);
        let screen = std::thread::spawn(move || {
            let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
            // Reading fails once nobody has the other side open.
            while let Ok(count @ 1..) = ours.read(&mut buffer) {
                bytes.extend_from_slice(&buffer[..count]);
            }
            String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
        });
        Self { child, screen }
    }

    /// Waits for its end: the exit code and everything written, with escapes.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.screen.join().unwrap())
    }
}

/// What was written without escapes.
pub(crate) fn plain(screen: &str) -> String {
    anstream::adapter::strip_str(screen).to_string().replace('\r', "")
}
