#!/usr/bin/env python3
"""compare_plans.py REPLAYER_BEFORE REPLAYER_AFTER FILE...: counts the runs of golden programs whose plans two builds print
differently (tenon_replay --plans), and shows the first ones; ends with 1 where there are any."""
import difflib
import json
import os
import subprocess
import sys

SHOWN = int(os.environ.get("SHOWN", "5"))


def plans(replayer, path):
    lines = subprocess.run([replayer, "--plans", path], check=True, capture_output=True, text=True).stdout
    return {program["id"]: program["plans"] for program in map(json.loads, lines.splitlines())}


def main(before, after, paths):
    different = 0
    for path in paths:
        old, new = plans(before, path), plans(after, path)
        runs = sum(len(texts) for texts in old.values())
        changed = [(name, i) for name in old for i in range(max(len(old[name]), len(new[name])))
                   if old[name][i:i + 1] != new[name][i:i + 1]]
        print(f"{os.path.basename(path)}: {len(old)} programs, {runs} plans, {len(changed)} different")
        for name, i in changed[:SHOWN]:
            texts = [(versions[name][i:i + 1] or [""])[0].splitlines() for versions in (old, new)]
            print("\n".join(difflib.unified_diff(*texts, f"{name} run {i} before", f"{name} run {i} after", lineterm="")))
        different += len(changed)
    return 1 if different else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
