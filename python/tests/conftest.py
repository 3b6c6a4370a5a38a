"""A directory of its own for the states of each test, and classes that tests share."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    """Bare names of states are files of this directory."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(tmp_path)
    import tempfile

    with tempfile.TemporaryDirectory(dir=base, prefix="shmstate-test-") as made:
        monkeypatch.setenv("SHMSTATE_DIR", made)
        yield made
