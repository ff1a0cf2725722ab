"""Writes golden programs that end in a step of which something is missing: a list that is empty or has an item less,
or a field. Each kind of step and each of its lists and fields comes once. See FORMAT.md.

    python cut_short.py FAMILY.jsonl[.gz]...
"""
import copy
import gzip
import json
import sys

# What tells steps of one kind apart.
KINDS = ("do", "op", "loss", "metric", "layer", "cell", "rnn", "method", "function", "type", "getter", "init",
         "partitioner")


def read_lines(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def places(value, kind=(), path=()):
    """Every list and object in `value`, by the way to it, with the kind of the step or form it belongs to."""
    if isinstance(value, dict):
        kind += tuple(str(value[name]) for name in KINDS if name in value)
        yield path, kind
        for key, item in value.items():
            yield from places(item, kind, path + (key,))
    elif isinstance(value, list):
        yield path, kind
        for index, item in enumerate(value):
            yield from places(item, kind, path + (index,))


def shortened(value):
    """What is left when something of a list or object is missing."""
    if isinstance(value, dict):
        for name in value:
            yield name, {key: item for key, item in value.items() if key != name}
    elif value:
        yield "empty", []
        yield "shorter", value[:-1]


def replaced(step, path, value):
    if not path:
        return value
    step = copy.copy(step)
    step[path[0]] = replaced(step[path[0]], path[1:], value)
    return step


def at(step, path):
    for key in path:
        step = step[key]
    return step


def main():
    seen = set()
    for name in sys.argv[1:]:
        for program in read_lines(name):
            for count, step in enumerate(program["steps"]):
                for path, kind in places(step):
                    for change, value in shortened(at(step, path)):
                        case = (kind, tuple(key for key in path if isinstance(key, str)), change)
                        if case in seen:
                            continue
                        seen.add(case)
                        steps = program["steps"][:count] + [replaced(step, path, value)]
                        print(json.dumps({"id": f"short-{len(seen)}", "steps": steps}))


main()
