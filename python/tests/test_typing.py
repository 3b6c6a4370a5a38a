"""Type checkers on the stubs, on what uses them, and on the examples."""

import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = [os.path.join(HERE, "typed.py"), os.path.join(HERE, "../../examples/python/article.py")]


def check(*command):
    found = subprocess.run([sys.executable, "-m", *command, *FILES], capture_output=True, text=True, cwd=os.path.join(HERE, ".."))
    assert found.returncode == 0, found.stdout + found.stderr


def test_mypy():
    pytest.importorskip("mypy")
    check("mypy", "--strict")


def test_pyright():
    pytest.importorskip("pyright")
    offline = subprocess.run([sys.executable, "-m", "pyright", "--version"], capture_output=True)
    if offline.returncode != 0:
        pytest.skip("pyright cannot fetch what it runs on")
    check("pyright", "--pythonpath", sys.executable)


def test_the_stub_has_what_the_package_has():
    import shmstate

    stub = open(os.path.join(os.path.dirname(shmstate.__file__), "__init__.pyi")).read()
    for name in shmstate.__all__:
        assert any(f"{word} {name}{end}" in stub for word in ("class", "def") for end in "(:[") or f"\n{name} = " in stub, name


def test_the_stub_says_of_each_function_what_it_takes(tmp_path):
    pytest.importorskip("mypy")
    config, modules = tmp_path / "mypy.ini", ",".join(f"shmstate._{name}" for name in ("errors", "shmstate", "state", "types", "views"))
    config.write_text(f"[mypy]\n[mypy-{modules}]\nignore_errors = true\nignore_missing_imports = true\n")
    options = ["--mypy-config-file", config, "--allowlist", os.path.join(HERE, "stubtest.txt"), "--ignore-unused-allowlist", "--concise"]
    found = subprocess.run([sys.executable, "-m", "mypy.stubtest", "shmstate", *options], capture_output=True, text=True, cwd=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_what_typed_py_does_works(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["typed"])
    import runpy

    runpy.run_path(FILES[0], run_name="typed_example")


def test_help_helps():
    import pydoc

    import shmstate
    from boards import Room

    for what in (shmstate, shmstate.State, shmstate.Struct, shmstate.ListView, shmstate.MapView, shmstate.State.update, Room):
        assert len(pydoc.render_doc(what)) > 200
    for view in (shmstate.ListView, shmstate.MapView, shmstate.SetView, shmstate.SlabView):
        for name, method in vars(view).items():
            assert name.startswith("_") or method.__doc__, name
    assert shmstate.List.__doc__ and "1024" in shmstate.List.__doc__
