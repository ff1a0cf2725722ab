#!/usr/bin/env python3
"""Kills a random process of a training at a random time, again and again, and starts it again:

faults.py PROGRAM TIMES [SEED]

The training (three processes of `PROGRAM resume`) must come to the same bits as one that nobody
disturbed.
"""

import os
import random
import subprocess
import sys
import tempfile

PROCESSES = 3
NOBODY = -1


def train(program, folder, dying=NOBODY, milliseconds=0):
    """What the training came to; None where it was killed before."""
    environment = dict(os.environ, TENON_TEST_FOLDER=folder, OMPI_ALLOW_RUN_AS_ROOT="1",
                       OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1",
                       OMP_NUM_THREADS="1")
    ended = subprocess.run(["mpirun", "-n", str(PROCESSES), program, "resume", str(dying),
                            str(milliseconds)], env=environment, capture_output=True, text=True,
                           timeout=120, check=False)
    if ended.returncode == 0:
        return [line for line in ended.stdout.splitlines() if line.startswith("came to")]
    if dying == NOBODY:
        sys.exit(f"a training that nobody disturbed failed:\n{ended.stdout}{ended.stderr}")
    return None


def main(program, times, seed=0):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as undisturbed, tempfile.TemporaryDirectory() as folder:
        expected = train(program, undisturbed)
        killed = 0
        while killed < times:
            came = train(program, folder, chance.randrange(PROCESSES), chance.randint(50, 1500))
            if came is None:
                killed += 1
                continue
            if came != expected:
                sys.exit(f"after {killed} kills the training came to {came}, not {expected}")
            for name in os.listdir(folder):  # it was done before anybody died: from the start again
                os.remove(os.path.join(folder, name))
        came = train(program, folder)
        if came != expected:
            sys.exit(f"after {killed} kills the training came to {came}, not {expected}")
        print(f"killed {killed} times: {came[0]}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:]))
