"""What the README shows."""

import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))


def test_the_first_example_runs(capsys):
    text = open(os.path.join(HERE, "../README.md"), encoding="utf-8").read()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1).replace("timeout=1", "timeout=0")
    names = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)
    assert capsys.readouterr().out == "1 0.5\n" and names["snapshot"].samples == [0.5]


def test_every_type_stands_in_it():
    import shmstate

    text = open(os.path.join(HERE, "../README.md"), encoding="utf-8").read()
    numbers = {f"{kind}{bits}" for kind in "ui" for bits in (8, 16, 32, 64, 128)}
    views = {name for name in shmstate.__all__ if name.endswith(("View", "Error"))}
    for name in set(shmstate.__all__) - numbers - views - {"bool_", "Change", "remove", "schema"}:
        assert re.search(rf"\b{name}\b", text), name
