#!/usr/bin/env python3
"""Files of tensors between Tenon and PyTorch, both ways, bit for bit.

    python3 torch_checkpoints.py TENON

TENON is the program tenon. It takes torch, safetensors and numpy: gigabytes, so no part of CI.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import safetensors.torch
import torch

from checks import check, finish

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.uint8,
          torch.int16, torch.int32, torch.int64, torch.bool]


def same(a, b):
    return (a.dtype == b.dtype and a.shape == b.shape
            and a.reshape(-1).view(torch.uint8).equal(b.reshape(-1).view(torch.uint8)))


def values():
    torch.manual_seed(7)
    made = {}
    for dtype in DTYPES:
        for shape in [(), (0, 3), (5, 4, 3)]:
            count = int(np.prod(shape)) * torch.empty(0, dtype=dtype).element_size()
            bits = torch.randint(0, 2 if dtype == torch.bool else 256, (count,), dtype=torch.uint8)
            made[f"{dtype}/{len(shape)}".removeprefix("torch.")] = bits.view(dtype).reshape(shape)
    return made


def convert(program, source, target):
    subprocess.run([program, "convert", source, target], check=True, stdout=subprocess.PIPE)


def through_tensorflows_format(program, folder, made):
    """What PyTorch wrote, as a checkpoint of TensorFlow's, and in PyTorch again."""
    safetensors.torch.save_file(made, folder + "/x.safetensors")
    convert(program, folder + "/x.safetensors", folder + "/bundle")
    convert(program, folder + "/bundle", folder + "/y.safetensors")
    read = safetensors.torch.load_file(folder + "/y.safetensors")
    check("names", set(read) == set(made))
    for name, value in made.items():
        check(f"by way of a checkpoint: {name}", same(read[name], value))


def through_npz(program, folder, made):
    """What NumPy wrote of PyTorch's tensors, and in PyTorch again; NumPy has no bfloat16."""
    known = {name: value for name, value in made.items() if value.dtype != torch.bfloat16}
    np.savez(folder + "/x.npz", **{name: value.numpy() for name, value in known.items()})
    convert(program, folder + "/x.npz", folder + "/y.safetensors")
    convert(program, folder + "/y.safetensors", folder + "/z.npz")
    read = safetensors.torch.load_file(folder + "/y.safetensors")
    arrays = np.load(folder + "/z.npz")
    for name, value in known.items():
        check(f"from NumPy: {name}", same(read[name], value))
        check(f"to NumPy: {name}", same(torch.from_numpy(arrays[name].reshape(value.shape)), value))


def main():
    program, made = os.path.abspath(sys.argv[1]), values()
    for part in [through_tensorflows_format, through_npz]:
        with tempfile.TemporaryDirectory() as folder:
            part(program, folder, made)
    finish()


main()
