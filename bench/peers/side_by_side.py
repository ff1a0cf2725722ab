"""Tenon and the peers that are installed, in turn on each workload; prints the minima and their ratio.

usage: side_by_side.py --bench FOLDER [--python PROGRAM]... [--threads N] [--rounds N] [WORKLOAD ...]
FOLDER has Tenon's benchmarks; PROGRAM is a python3 (the one on PATH if none is named) that may have TensorFlow, PyTorch,
JAX or MLX. Other work on the machine slows whoever runs just then: each takes its turn in every round, and the
least time counts.
"""
import argparse
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = {"tf": "tensorflow", "torch": "torch", "jax": "jax", "mlx": "mlx.core"}

# Tenon's program and its workloads, and what the peers call them together. No thread counts: measured once.
GROUPS = [
    ("layers", ["conv_relu_small", "my_image_filter"], ["conv_relu_small", "my_image_filter"], True),
    ("layers", ["conv_relu_big_fwd", "conv_relu_big_fwdbwd"], ["conv_relu_big"], True),
    ("layers", ["dense_fwd", "dense_fwdbwd"], ["dense"], True),
    ("layers", ["dense_small"], ["dense_small"], True),
    ("layers", ["rnn_fwd", "rnn_train"], ["rnn"], True),
    ("training", ["digits_train"], ["digits_train"], True),
    ("training", ["mlp_train"], ["mlp_train"], True),
    ("training", ["cnn_train"], ["cnn_train"], True),
    ("layers", ["ew_chain20"], ["ew_chain20"], True),
    ("layers", ["norm_4096x1024"], ["norm_4096x1024"], True),
    ("overhead", ["overhead_run", "overhead_callable", "overhead_callable_fetch", "overhead_feed_fetch"], ["overhead"],
     False),
    ("overhead", ["chain1000_adds"], ["chain1000_adds"], False),
    ("variables", ["get_variable_create", "get_variable_reuse"], ["get_variable"], False),
    ("first_run", ["grad_chain_build", "grad_chain_first_run", "grad_chain_step"],
     ["grad_chain_build", "grad_chain_step"], False),
    ("first_run", ["first_run_cnn"], ["first_run_cnn"], False),
    ("startup", ["startup_warm"], [], False),
]


def has(python, module):
    found = f"import importlib.util as u,sys;sys.exit(u.find_spec({module.split('.')[0]!r}) is None)"
    return subprocess.run([python, "-c", found], stderr=subprocess.DEVNULL).returncode == 0


def environment(threads):
    e = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    for name in ("OMP", "MKL", "OPENBLAS"):
        e[f"{name}_NUM_THREADS"] = str(threads)
    return e


def lines(command, threads):
    pinned = ["taskset", "-c", "0"] if threads == 1 else []
    ran = subprocess.run(pinned + command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         env=environment(threads))
    if ran.returncode != 0 or "FAILED" in ran.stderr:
        print(f"{' '.join(command)}: {ran.stderr.strip()[-300:]}", file=sys.stderr)
    return [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]


def start(command):
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        for line in process.stdout:
            if line.startswith("RESULT"):
                return time.perf_counter() - began
    return None


def human(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("--bench", required=True)
    ap.add_argument("--python", action="append")
    ap.add_argument("--threads", type=int)
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("workloads", nargs="*")
    a = ap.parse_args()
    known = {w for g in GROUPS for w in g[1]}
    for w in set(a.workloads) - known:
        sys.exit(f"there is no workload {w}; there are: {' '.join(sorted(known))}")
    peers = {}
    for python in a.python or ["python3"]:
        for peer, module in MODULES.items():
            if peer not in peers and has(python, module):
                peers[peer] = python
    print("peers: " + (", ".join(f"{p} ({py})" for p, py in peers.items()) or "none is installed"), file=sys.stderr)
    best = {}  # (threads, workload) -> who -> seconds

    def note(threads, rows):
        for row in rows:
            workload, _, variant = row["workload"].partition(".")
            if variant == "optimised" or (workload == "chain1000_adds" and row["peer"] == "jax"):
                continue  # the chain was folded: other work
            who = best.setdefault((threads, workload), {})
            peer = row["peer"].split("_")[0]
            who[peer] = min(row["seconds_min"], who.get(peer, row["seconds_min"]))

    for threads in [a.threads] if a.threads else [1, 2]:
        for program, workloads, names, threaded in GROUPS:
            wanted = [w for w in workloads if not a.workloads or w in a.workloads]
            if not wanted or (not threaded and threads > 1 and not a.threads):
                continue
            for _ in range(a.rounds):
                arguments = [] if program == "startup" else wanted + ["--threads", str(threads)]
                note(threads, lines([os.path.join(a.bench, program)] + arguments, threads))
                for peer, python in peers.items():
                    script = [python, os.path.join(HERE, f"{peer}_peer.py"), f"--threads={threads}"]
                    if names:
                        note(threads, lines(script + ["--only=" + ",".join(names)], threads))
                    else:
                        seconds = start(script + ["--startup"])
                        if seconds:
                            note(threads, [dict(workload="startup_warm", peer=peer, seconds_min=seconds)])
            print(f"{threads} thread(s): {' '.join(wanted)}", file=sys.stderr)
        print(f"\n{threads} thread{'s' if threads > 1 else ''}\n")
        print("| workload | tenon | " + " | ".join(peers) + " | tenon / best peer |")
        print("|---|---|" + "---|" * len(peers) + "---|")
        for workload in [w for g in GROUPS for w in g[1]]:
            row = best.get((threads, workload), {})
            if "tenon" not in row:
                continue
            others = [row[p] for p in peers if p in row]
            ratio = f"{row['tenon'] / min(others):.2f}" if others else ""
            cells = [human(row[p]) if p in row else "" for p in peers]
            print(f"| {workload} | {human(row['tenon'])} | " + " | ".join(cells + [ratio]) + " |", flush=True)


main()
