"""The command ``besom``, as ``besom`` and as ``python -m besom``."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the command with the arguments of this process; return its exit code."""
    from besom import _besom, _place

    # The command has its own meaning of Ctrl-C, and where it has none it is to end at once, without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _besom.run_command(["besom", *sys.argv[1:]], _place.supervisor())


if __name__ == "__main__":
    sys.exit(main())
