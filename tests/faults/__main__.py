"""``python -m tests.faults``: try many seeds, or one again."""

from __future__ import annotations

import argparse
import sys

from tests.faults.drawing import draw
from tests.faults.trial import failures, told


def main() -> int:
    """Try the seeds asked for; return 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=25, help="how many, from 1 on")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one only")
    asked = parser.parse_args()
    last = asked.first + asked.seeds
    seeds = range(asked.first, last) if asked.seed is None else [asked.seed]
    failed = 0
    for seed in seeds:
        found = failures(seed)
        if found:
            failed += 1
            lines = "\n".join(f"  - {one}" for one in found)
            sys.stdout.write(f"seed {seed}: {told(draw(seed))}{lines}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{failed} of {len(seeds)} seeds failed\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
