#!/usr/bin/env python3
"""Writes the files of safetensors and NumPy that the tests of core/io read.

    python3 make_arrays.py FOLDER

It takes the packages safetensors (0.8 made those here) and numpy. What is in them is in
tests/io/array_files_test.cc.
"""
import os
import sys
import zipfile

import numpy as np
import safetensors.numpy


def main():
    folder = sys.argv[1]
    numbers = np.arange(6).reshape(2, 3)
    arrays = {dtype: (numbers * 20 - 4).astype(dtype)
              for dtype in ["float32", "float64", "float16", "int8", "int16", "int32", "int64"]}
    arrays.update({dtype: numbers.astype(dtype) for dtype in ["uint8", "uint16", "uint32", "uint64"]})
    arrays["bool"] = numbers % 2 == 1
    arrays["layer/scalar"] = np.array(2.5, np.float32)
    arrays["empty"] = np.zeros((0, 4), np.float32)
    safetensors.numpy.save_file({**arrays, "unknown": numbers.astype(np.complex64)},
                                os.path.join(folder, "arrays.safetensors"), {"made": "by hand"})
    more = {**arrays,
            "fortran": np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4)),
            "swapped": np.array([1, -2, 3], ">i4"),
            "bytes": np.array([b"", b"ab\x00c", b"\xff"]),
            "text": np.array([["a", "\u00e4\u20ac\U0001f600"]]),
            "bfloat16": np.array([0x3f80, 0xc000], np.uint16).view("V2"),
            "unknown": np.array([1 + 2j])}
    np.savez(os.path.join(folder, "stored.npz"), **more)
    np.savez_compressed(os.path.join(folder, "deflated.npz"), **more)


main()
