#!/usr/bin/env python3
"""Prints the keys that TensorFlow gives to parts of tensors, for tests/io/tensor_slice_test.cc.

It takes tensorflow-cpu. The keys are read from an index that it writes.
"""
import os
import struct
import tempfile

import numpy as np
import tensorflow as tf

CASES = [("w", [(0, 1)], 2), ("w", [(1, 1)], 2), ("a/b", [(63, 1), (0, 5)], None),
         ("a", [(64, 8191)], 8255), ("a", [(8192, 1)], 8193), ("b", [(1048575, 1)], 1048576),
         ("b", [(1048576, 2)], 1048578), ("x" * 3, [(2**31, 3)], 2**31 + 3),
         ("y", [(2**40, 1)], 2**40 + 1)]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def keys(data):
    at, handles = len(data) - 48, []
    for _ in range(4):
        value, at = varint(data, at)
        handles.append(value)

    def entries(offset, size):
        block = data[offset:offset + size]
        end = size - 4 - 4 * struct.unpack("<I", block[-4:])[0]
        position, key = 0, b""
        while position < end:
            shared, position = varint(block, position)
            more, position = varint(block, position)
            length, position = varint(block, position)
            key = key[:shared] + block[position:position + more]
            yield key, block[position + more:position + more + length]
            position += more + length

    for _, handle in entries(handles[2], handles[3]):
        offset, position = varint(handle, 0)
        size, _ = varint(handle, position)
        yield from (key for key, _ in entries(offset, size))


for name, extents, size in CASES:
    with tempfile.TemporaryDirectory() as folder:
        shape = [size] if size else [e[0] + e[1] + 1 for e in extents]
        spec = " ".join(map(str, shape)) + " " + ":".join("%d,%d" % e for e in extents)
        value = np.zeros([e[1] for e in extents], np.int8)
        tf.raw_ops.SaveV2(prefix=os.path.join(folder, "x"), tensor_names=[name],
                          shape_and_slices=[spec], tensors=[value])
        with open(os.path.join(folder, "x.index"), "rb") as index:
            key = [k for k in keys(index.read()) if k[:1] == b"\0"][0]
        print('  EXPECT_EQ(hex(slice_key("%s", {{%s}})),\n            "%s");' % (
            name, ", ".join("{%d, %d}" % e for e in extents), key.hex()))
