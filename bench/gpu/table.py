"""Prints the JSON lines of ./dev check-gpu bench as one table, in microseconds a run."""
import json
import sys

rows = {}
libraries = []
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        one = json.loads(line)
        column = f"{one['library']}, {'TF32' if one['tf32'] else 'float32'}"
        if column not in libraries:
            libraries.append(column)
        rows.setdefault(one["workload"], {})[column] = one["us"]
print("| workload, us | " + " | ".join(libraries) + " |")
print("|---|" + "---|" * len(libraries))
for workload, times in rows.items():
    cells = [f"{times[library]:.1f}" if library in times else "" for library in libraries]
    print(f"| {workload} | " + " | ".join(cells) + " |")
