#!/usr/bin/env python3
"""Writes the checkpoints that the tests of core/io read, with TensorFlow's own savers.

    python3 make_checkpoints.py FOLDER

It takes tensorflow-cpu (2.21 made those here). `values.json` says what is in them.
"""
import json
import os
import sys

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_eager_execution()


def value_of(dtype, shape):
    count = int(np.prod(shape))
    if dtype == tf.string:
        texts = [b"", b"a", b"\x00\xff", b"x" * 200][:count]
        return np.array(texts + [b"more"] * (count - len(texts)), dtype=object).reshape(shape)
    numbers = np.arange(count, dtype=np.float64) * 1.5 - 2
    if dtype == tf.bool:
        return (numbers > 0).reshape(shape)
    if dtype.is_unsigned:
        numbers = np.arange(count) * 7 + 120
    return numbers.reshape(shape).astype(dtype.as_numpy_dtype)


DTYPES = [tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.int8, tf.uint8, tf.int16, tf.uint16,
          tf.int32, tf.uint32, tf.int64, tf.uint64, tf.bool, tf.string]


def partitioned(name, value, parts, axis):
    def part(shape, dtype=None, partition_info=None):
        offset = partition_info.var_offset
        return tf.constant(value[tuple(slice(o, o + n) for o, n in zip(offset, shape))])

    return tf1.get_variable(name, shape=value.shape, dtype=value.dtype, initializer=part,
                     partitioner=tf1.fixed_size_partitioner(parts, axis=axis))


def build(dtypes):
    made = [tf1.get_variable("all/" + dtype.name,
                             initializer=tf.constant(value_of(dtype, (2, 3)), dtype))
            for dtype in dtypes]
    made += [tf1.get_variable("scalar", initializer=np.float32(3.25)),
             tf1.get_variable("empty", shape=(0, 4), dtype=tf.float32),
             tf1.get_variable("global_step", initializer=np.int64(1) << 40),
             partitioned("parts/rows", np.arange(210, dtype=np.float32).reshape(70, 3), 3, 0),
             partitioned("parts/columns", np.arange(8, dtype=np.int32).reshape(2, 4), 2, 1)]
    return made


def save(folder, name, dtypes, **options):
    """Saves, and describes what was saved."""
    with tf1.Graph().as_default(), tf1.Session(
            config=tf1.ConfigProto(device_count={"CPU": 2})) as session:
        with tf1.device("/cpu:0"):
            made = build(dtypes)
        if options.get("sharded"):
            with tf1.device("/cpu:1"):
                made.append(tf1.get_variable("elsewhere", initializer=np.float32([1, 2, 3])))
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(save_relative_paths=True, **options)
        saver.save(session, os.path.join(folder, name), write_meta_graph=False)
        return {v.name.split(":")[0]: described(session.run(tf.convert_to_tensor(v)))
                for v in made}


def described(value):
    if value.dtype == object:
        values = [text.hex() for text in value.reshape(-1)]
    else:
        values = [float(x) for x in value.reshape(-1).astype(np.float64)]
    dtype = "string" if value.dtype == object else value.dtype.name
    return {"dtype": dtype, "shape": list(value.shape), "values": values}


def main():
    folder = sys.argv[1]
    v1_dtypes = [d for d in DTYPES if d not in (tf.bfloat16, tf.uint16, tf.uint32, tf.uint64)]
    values = {
        "v2": save(folder, "v2", DTYPES),
        "sharded": save(folder, "sharded", [tf.float32], sharded=True),
        "v1.ckpt": save(folder, "v1.ckpt", v1_dtypes, write_version=tf1.train.SaverDef.V1),
        "v1_sharded.ckpt": save(folder, "v1_sharded.ckpt", [tf.float32], sharded=True,
                                write_version=tf1.train.SaverDef.V1),
    }
    os.makedirs(os.path.join(folder, "nameless"), exist_ok=True)
    with tf1.Graph().as_default(), tf1.Session() as session:
        save_op = tf1.raw_ops.SaveV2(prefix=os.path.join(folder, "nameless/"), tensor_names=["w", "c"],
                                     shape_and_slices=["", ""],
                                     tensors=[tf.constant([1.0, 2.0]), tf.constant([1 + 2j])])
        session.run(save_op)
    os.remove(os.path.join(folder, "checkpoint"))
    with open(os.path.join(folder, "values.json"), "w") as out:
        json.dump(values, out, separators=(",", ":"))
        out.write("\n")


main()
