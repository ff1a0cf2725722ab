"""Trains the models of this folder with TensorFlow and writes data/NAME.json, which the tests compare.

    python3 -m venv tf && tf/bin/pip install tensorflow-cpu   # 2.21 made what is here
    tf/bin/python tests/models/make.py [NAME ...]

A model is NAME.py, and once more, for Tenon, NAME_test.cc. It is trained several times, with reference
and with resource variables: they must agree, and the data has the first of them. Each step's line has
what was fetched; "variables" what global and local variables hold, under a word for the session and
the moment.
"""
import importlib
import os
import sys

import numpy as np

sys.dont_write_bytecode = True

from common import tf


class Record:
    """What a model's training gave."""

    def __init__(self):
        self.steps = []
        self.snapshots = {}

    def step(self, values):
        self.steps.append([np.ravel(value).astype(np.float64).tolist() for value in values])

    def variables(self, session, moment="end"):
        kept = tf.global_variables() + tf.local_variables()
        missing = session.run(tf.report_uninitialized_variables(kept))
        there = {v.op.name: v for v in kept if v.op.name.encode() not in missing}
        assert len(there) + len(missing) == len(kept), "two variables of one name"
        self.snapshots[moment] = session.run(there)


def train(model, use_resource):
    record = Record()
    with tf.Graph().as_default():
        tf.get_variable_scope().set_use_resource(use_resource)
        importlib.import_module(model).train(record)
    return record


def check_equal(name, one, other):
    assert len(one.steps) == len(other.steps)
    for i, (a, b) in enumerate(zip(one.steps, other.steps)):
        for x, y in zip(a, b):
            np.testing.assert_allclose(x, y, 1e-5, 1e-6, err_msg="%s step %d" % (name, i))
    assert one.snapshots.keys() == other.snapshots.keys()
    for moment in one.snapshots:
        a, b = one.snapshots[moment], other.snapshots[moment]
        assert a.keys() == b.keys(), (name, sorted(a.keys() ^ b.keys()))
        for variable in a:
            np.testing.assert_allclose(a[variable], b[variable], 1e-5, 1e-6,
                                       err_msg="%s %s" % (name, variable))


def listed(values):
    return "[%s]" % ",".join("%.7g" % value for value in np.ravel(values))


def write(name, record):
    lines = ['{"steps": [']
    lines.append(",\n".join("[%s]" % ",".join(map(listed, step)) for step in record.steps))
    lines.append('], "variables": {')
    moments = []
    for moment, variables in record.snapshots.items():
        rows = ['"%s": {"shape": %s, "dtype": "%s", "values": %s}'
                % (variable, list(np.shape(value)), np.asarray(value).dtype, listed(value))
                for variable, value in sorted(variables.items())]
        moments.append('"%s": {\n%s}' % (moment, ",\n".join(rows)))
    lines.append(",\n".join(moments) + "}}\n")
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    with open(os.path.join(folder, name + ".json"), "w") as file:
        file.write("\n".join(lines))


def main(names):
    folder = os.path.dirname(os.path.abspath(__file__))
    files = sorted(file[:-3] for file in os.listdir(folder) if file.endswith(".py"))
    for name in names or [file for file in files if file not in ("common", "make")]:
        first = train(name, False)
        for use_resource in (True, False, True, False):
            check_equal(name, first, train(name, use_resource))
        write(name, first)
        count = sum(np.size(v) for s in first.snapshots.values() for v in s.values())
        print("%s: %d steps, %d numbers in variables; first %s, last %s"
              % (name, len(first.steps), count, listed(first.steps[0][0]), listed(first.steps[-1][0])))


if __name__ == "__main__":
    main(sys.argv[1:])
