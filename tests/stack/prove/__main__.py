"""`make prove`: every story, every function, every call, everything that can go wrong.

    python -m prove [--story NAME] [--function NAME] [--kind KIND] [--call NAME[#NUMBER]]
                    [--workers N] [--write FILE]
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from processes import ROOT

from . import faults, sweep
from .stories import STORIES
from .world import deployed

GOOD = ("equal", "told")


def main(arguments):
    """Proves, prints, writes; 0 if nothing was found."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="nightshift-prove-"))
    print(f"deploying once; logs in {folder}", file=sys.stderr, flush=True)
    plan = deployed(folder / "deployed")
    names = arguments.story or list(STORIES)
    ends, points, found = {}, [], []
    try:
        with sweep.Pool(folder, plan, arguments.workers) as pool:
            ends = pool.undisturbed(names)
            points = [
                point
                for name in names
                for point in _mixed(sweep.points(name, ends[name][1], arguments.kind or faults.KINDS))
                if _wanted(point, arguments)
            ]
            for one in pool.prove(points, {name: end for name, (end, _) in ends.items()}):
                found.append(one)
                _progress(one, len(found), len(points), begun)
    except KeyboardInterrupt:
        print(f"stopped: the report is of {len(found)} of {len(points)}", file=sys.stderr, flush=True)
    report = _report(ends, found, time.monotonic() - begun)
    _table(report)
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    whole = found and len(found) == len(points)
    return 0 if whole and all(one.worth in GOOD for one in found) else 1


def _mixed(points):
    """What waits half a minute among what is busy; a story at a time, for whose account is made anew."""
    return random.Random(1).sample(points, len(points))


def _wanted(point, arguments):
    if arguments.function and point.function not in arguments.function:
        return False
    return not arguments.call or any(call in (point.call, f"{point.call}#{point.number}") for call in arguments.call)


def _progress(one, done, of, begun):
    if one.worth not in GOOD:
        print(f"{one.worth.upper()} {one.point}: {one.says}", file=sys.stderr, flush=True)
    if done % 25 == 0 or done == of:
        print(f"{done} of {of} after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def _report(ends, found, seconds):
    """What a page can use."""
    rows = []
    for name, (_, calls) in ends.items():
        for function, made in calls.items():
            worth = Counter(one.worth for one in found if (one.point.story, one.point.function) == (name, function))
            if worth:
                row = {"function": function, "story": name, "calls": len(made), "disturbances": sum(worth.values())}
                rows.append(row | {"worth": dict(worth)})
    return {"seconds": round(seconds, 1), "kinds": list(faults.KINDS), "rows": rows, "points": sweep.written(found)}


def _table(report):
    print(f"{'function':<18}{'story':<12}{'calls':>6}{'disturbed':>11}{'equal':>7}{'told':>6}{'other':>7}")
    for row in report["rows"]:
        equal, told = (row["worth"].get(worth, 0) for worth in GOOD)
        other = row["disturbances"] - equal - told
        named = f"{row['function']:<18}{row['story']:<12}"
        print(f"{named}{row['calls']:>6}{row['disturbances']:>11}{equal:>7}{told:>6}{other:>7}")
    print(f"{len(report['points'])} disturbances in {report['seconds']:.0f} s")
    for one in report["points"]:
        if one["worth"] not in GOOD:
            where = f"{one['story']} {one['function']} {one['call']}#{one['number']} {one['kind']}"
            print(f"  {one['worth']}: {where}: {one['says']}")


def _arguments():
    parser = argparse.ArgumentParser(prog="prove", description=__doc__.splitlines()[0])
    parser.add_argument("--story", action="append", choices=list(STORIES))
    parser.add_argument("--function", action="append")
    parser.add_argument("--call", action="append", help="such as sns:Publish or sns:Publish#2")
    parser.add_argument("--kind", action="append", choices=faults.KINDS)
    # Most of a run is waiting.
    parser.add_argument("--workers", type=int, default=4 * (os.cpu_count() or 1))
    parser.add_argument("--write", type=Path, default=ROOT / "target" / "prove" / "wire.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
