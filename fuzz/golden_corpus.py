"""Writes golden programs, without their answers, as files for fuzz_golden to begin with.

    python3 fuzz/golden_corpus.py build/fuzz/corpus [PROGRAMS_A_FAMILY]
"""
import gzip
import itertools
import json
import pathlib
import sys

FAMILIES = ["scopes", "devices", "collections", "init", "run", "ops", "grads", "train", "session",
            "copies", "order", "flow", "layers", "sparse", "opt2", "graphs"]
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"


def bound_loops(steps):
    """Gives each loop an end that no mutation takes away."""
    for step in steps:
        for block in (step.get("cond"), step.get("body"), step.get("true"), step.get("false")):
            if isinstance(block, dict):
                bound_loops(block.get("steps", []))
        if "cond" in step and "body" in step:
            step.setdefault("maximum_iterations", 16)


def main(folder, count="200"):
    target = pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        with gzip.open(GOLDEN / (family + ".jsonl.gz"), "rt") as lines:
            for line in itertools.islice(lines, int(count)):
                program = json.loads(line)
                bound_loops(program["steps"])
                kept = {"id": program["id"], "steps": program["steps"]}
                (target / program["id"]).write_text(json.dumps(kept))


if __name__ == "__main__":
    main(*sys.argv[1:])
