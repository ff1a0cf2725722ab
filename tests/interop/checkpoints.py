#!/usr/bin/env python3
"""Files of tensors between Tenon and the packages whose formats they are, both ways, bit for bit.

    python3 checkpoints.py TENON

TENON is the program tenon. It takes tensorflow-cpu, safetensors and numpy: `./dev test --interop` makes
an environment that has them.
"""
import json
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import safetensors.numpy  # noqa: E402
import tensorflow as tf  # noqa: E402

from checks import check, finish  # noqa: E402

tf1 = tf.compat.v1
tf1.disable_eager_execution()

NUMPY_DTYPES = ["float32", "float64", "float16", "int8", "uint8", "int16", "uint16", "int32",
                "uint32", "int64", "uint64", "bool"]


def same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype == object or b.dtype == object or a.dtype.kind == "S":
        return a.shape == b.shape and list(a.reshape(-1)) == list(b.reshape(-1))
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def arrays():
    random = np.random.default_rng(7)
    made = {}
    for dtype in NUMPY_DTYPES:
        for shape in [(), (0, 3), (5, 4, 3)]:
            bits = random.integers(0, 256, int(np.prod(shape)) * np.dtype(dtype).itemsize, np.uint8)
            value = bits % 2 == 1 if dtype == "bool" else np.frombuffer(bits.tobytes(), dtype)
            made[f"{dtype}/{len(shape)}"] = value.reshape(shape)
    return made


def tenon(program, *arguments):
    return subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE).stdout


def from_packages(program, folder, values):
    """What NumPy and safetensors wrote, in TensorFlow, by way of Tenon."""
    np.savez(folder + "/stored.npz", **values)
    np.savez_compressed(folder + "/deflated.npz", **values)
    safetensors.numpy.save_file(values, folder + "/x.safetensors")
    for source in ["stored.npz", "deflated.npz", "x.safetensors"]:
        prefix = f"{folder}/from_{source}"[:-len(os.path.splitext(source)[1])]
        tenon(program, "convert", f"{folder}/{source}", prefix)
        reader = tf.train.load_checkpoint(prefix)
        check(f"names of {source}", set(reader.get_variable_to_shape_map()) == set(values))
        for name, value in values.items():
            check(f"{source} in TensorFlow: {name}", same(reader.get_tensor(name), value))


def to_packages(program, folder, values):
    """What TensorFlow wrote, in NumPy and safetensors, by way of Tenon."""
    with tf.Graph().as_default(), tf1.Session() as session:
        variables = {name: tf1.get_variable(name, initializer=tf.constant(value))
                     for name, value in values.items()}
        split = np.arange(40, dtype=np.float32).reshape(10, 4)
        parts = tf1.get_variable("parts", shape=split.shape,
                                 partitioner=tf1.fixed_size_partitioner(3))
        session.run(tf1.global_variables_initializer())
        offset = 0
        for part in parts:
            session.run(part.assign(split[offset:offset + part.shape[0]]))
            offset += part.shape[0]
        for version, name in [(tf1.train.SaverDef.V2, "v2"), (tf1.train.SaverDef.V1, "v1.ckpt")]:
            held = {k: v for k, v in variables.items()
                    if name == "v2" or not k.startswith(("uint16", "uint32", "uint64", "float16"))}
            saver = tf1.train.Saver({**held, "parts": parts}, write_version=version)
            saver.save(session, f"{folder}/{name}", write_meta_graph=False)
            expected = {**{k: values[k] for k in held}, "parts": split}
            for end in ["npz", "safetensors"]:
                out = f"{folder}/from_{name}.{end}"
                tenon(program, "convert", f"{folder}/{name}", out)
                read = np.load(out) if end == "npz" else safetensors.numpy.load_file(out)
                check(f"names of {out}", set(read) == set(expected))
                for key, value in expected.items():
                    check(f"{out}: {key}", same(read[key], value))


def through_savers(program, folder, values):
    """A checkpoint that Tenon wrote, restored by a Saver of TensorFlow's."""
    np.savez(folder + "/values.npz", **values, text=np.array([b"a", b"", b"more\x00of it"]))
    tenon(program, "convert", folder + "/values.npz", folder + "/saved")
    tenon(program, "convert", folder + "/values.npz", folder + "/saved")  # over itself
    with tf.Graph().as_default(), tf1.Session() as session:
        variables = {name: tf1.get_variable(name, shape=value.shape, dtype=value.dtype)
                     for name, value in values.items()}
        text = tf1.get_variable("text", shape=(3,), dtype=tf.string,
                                initializer=tf1.constant_initializer([b"", b"", b""], tf.string))
        tf1.train.Saver().restore(session, folder + "/saved")
        for name, variable in variables.items():
            check(f"restored by TensorFlow: {name}", same(session.run(variable), values[name]))
        check("restored by TensorFlow: text",
              list(session.run(text)) == [b"a", b"", b"more\x00of it"])


def bfloat16(program, folder):
    value = tf.constant([1.5, -2.0, 3e38], tf.bfloat16)
    with tf1.Session() as session:
        session.run(tf1.raw_ops.SaveV2(prefix=folder + "/b", tensor_names=["b"],
                                       shape_and_slices=[""], tensors=[value]))
        expected = session.run(value)
    tenon(program, "convert", folder + "/b", folder + "/b.safetensors")
    tenon(program, "convert", folder + "/b.safetensors", folder + "/b2")
    check("bfloat16", same(tf.train.load_checkpoint(folder + "/b2").get_tensor("b"), expected))


def large(program, folder):
    """A tensor above 2 GiB."""
    value = np.arange(9 << 26, dtype=np.float32)
    np.savez(folder + "/large.npz", large=value, small=np.float32(3))
    tenon(program, "convert", folder + "/large.npz", folder + "/large")
    os.remove(folder + "/large.npz")
    reader = tf.train.load_checkpoint(folder + "/large")
    check("a tensor above 2 GiB", same(reader.get_tensor("large"), value))
    listed = json.loads(tenon(program, "inspect", "--json", folder + "/large"))
    check("its size", listed["tensors"][0]["bytes"] == 9 << 28)


def main():
    program, values = sys.argv[1], arrays()
    for part in [from_packages, to_packages, through_savers]:
        with tempfile.TemporaryDirectory() as folder:
            part(program, folder, values)
    for part in [bfloat16, large]:
        with tempfile.TemporaryDirectory() as folder:
            part(program, folder)
    finish()


main()
