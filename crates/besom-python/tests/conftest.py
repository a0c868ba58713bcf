"""Fixtures of all tests: a separate store, and programs in files."""

import os
import subprocess
import sys
import textwrap

import pytest

import besom


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """An empty working directory, with the store in it."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BESOM_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def script(place):
    """Write a program and execute it as a user would."""

    class Script:
        command = (sys.executable,)

        def write(self, text, name="program.py"):
            (place / name).write_text(textwrap.dedent(text))

        def start(self, name="program.py", **options):
            return subprocess.Popen([*self.command, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

        def run(self, text, name="program.py", timeout=120):
            self.write(text, name)
            program = self.start(name)
            try:
                out, err = program.communicate(timeout=timeout)
            finally:
                program.kill()
            assert program.returncode == 0, err
            return out

    return Script()


def runs(sweep_id):
    """Return the runs of a sweep in the store."""
    return besom.Api().sweep(sweep_id).runs
