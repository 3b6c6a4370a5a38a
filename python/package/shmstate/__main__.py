"""``python -m shmstate``: runs the command ``shmstate``, or does the most needed of it by itself."""

from __future__ import annotations

import json
import os
import shutil
import sys

USAGE = """usage: python -m shmstate show NAME [PATH]     what a state holds, as JSON
       python -m shmstate schema NAME          the document that describes its type
       python -m shmstate info NAME            its version, its counts, the processes that have it open
       python -m shmstate remove NAME          removes the name

The command `shmstate` (cargo install shmstate-cli) does this and more: watch, set, diff, export. If it is installed,
`python -m shmstate` runs it."""


def main(arguments: "list[str]") -> int:
    command = shutil.which("shmstate")
    if command and os.path.realpath(command) != os.path.realpath(sys.argv[0]):
        os.execv(command, [command, *arguments])
    import shmstate

    try:
        match arguments:
            case ["show", name] | ["show", name, _] as given:
                with shmstate.open(name, writable=False) as state:
                    path = given[2] if len(given) > 2 else ""
                    print(json.dumps(json.loads(state.to_json(path)), indent=2, ensure_ascii=False))
            case ["schema", name]:
                with shmstate.open(name, writable=False) as state:
                    print(state.schema)
            case ["info", name]:
                with shmstate.open(name, writable=False) as state:
                    counts = {"file": state.file, "version": state.version, **state.stats(), "processes": state.processes()}
                    print(json.dumps(counts, indent=2))
            case ["remove", name]:
                shmstate.remove(name)
            case _:
                print(USAGE, file=sys.stderr)
                return 2
    except shmstate.Error as error:
        print(f"shmstate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
