"""Writes golden programs, without their answers, as files for fuzz_golden to begin with.

    python3 fuzz/golden_corpus.py build/fuzz/corpus [PROGRAMS_A_FAMILY]
"""
import gzip
import itertools
import json
import pathlib
import sys

FAMILIES = ["scopes", "devices", "collections", "init", "run", "ops", "grads", "train"]
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"


def main(folder, count="200"):
    target = pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        with gzip.open(GOLDEN / (family + ".jsonl.gz"), "rt") as lines:
            for line in itertools.islice(lines, int(count)):
                program = json.loads(line)
                kept = {"id": program["id"], "steps": program["steps"]}
                (target / program["id"]).write_text(json.dumps(kept))


if __name__ == "__main__":
    main(*sys.argv[1:])
