"""How much `import dj_objectstore` adds to `import datajoint`: it must be at most 0.2 s.

Each import runs in a process of its own, all kinds in turn, so that a busy machine slows all alike.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

ROUNDS = 9
MUST = 0.2
PROGRAM = """
import time
start = time.perf_counter()
import datajoint
middle = time.perf_counter()
{statement}
print(middle - start, time.perf_counter() - middle)
"""
STATEMENTS = {
    "import dj_objectstore": "import dj_objectstore",
    "the same, and enable()": "import dj_objectstore; dj_objectstore.enable()",
}


def measure(statement: str) -> tuple[float, float]:
    """Return seconds of `import datajoint`, and of the statement after it."""
    environment = os.environ | {"DJ_IGNORE_CONFIG_FILE": "true"}
    command = [sys.executable, "-c", PROGRAM.format(statement=statement)]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    datajoint, ours = map(float, output.split())
    return datajoint, ours


def main() -> int:
    """Print the table; exit with 1 when the import misses what it must reach."""
    runs = {name: [] for name in STATEMENTS}
    for _ in range(ROUNDS):
        for name, statement in STATEMENTS.items():
            runs[name].append(measure(statement))
    base = statistics.median(datajoint for pairs in runs.values() for datajoint, _ in pairs)
    print(f"{'median of ' + str(ROUNDS):<26} {'seconds':>8} {'to datajoint':>13}")
    print(f"{'import datajoint':<26} {base:>8.3f} {'1.00':>13}")
    added = {name: statistics.median(ours for _, ours in pairs) for name, pairs in runs.items()}
    for name, seconds in added.items():
        print(f"{name:<26} {seconds:>8.3f} {seconds / base:>13.2f}")
    reached = added["import dj_objectstore"] <= MUST
    print(f"must add at most {MUST} s: {'reached' if reached else 'MISSED'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
