"""Turns mtcnn_weights.npy of the PyPI package mtcnn 0.1.1 into safetensors, with the names that the
networks have in the program for TensorFlow 1 (facenet's detect_face.py). NumPy is all it needs.

    pip download --no-deps mtcnn==0.1.1 && unzip mtcnn-0.1.1-py3-none-any.whl
    python3 convert.py mtcnn/data/mtcnn_weights.npy mtcnn.safetensors
    tenon convert mtcnn.safetensors mtcnn
"""
import json
import struct
import sys

import numpy as np

LAYERS = {
    "pnet": ["conv1", "PReLU1", "conv2", "PReLU2", "conv3", "PReLU3", "conv4-1", "conv4-2"],
    "rnet": ["conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3", "conv4", "prelu4",
             "conv5-1", "conv5-2"],
    "onet": ["conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3", "conv4", "prelu4",
             "conv5", "prelu5", "conv6-1", "conv6-2", "conv6-3"],
}


def tensors(weights):
    for net, layers in LAYERS.items():
        values = iter(weights[net])
        for layer in layers:
            if "relu" in layer.lower():
                yield f"{net}/{layer}/alpha", next(values).reshape(-1)
            else:
                yield f"{net}/{layer}/weights", next(values)
                yield f"{net}/{layer}/biases", next(values)
        assert next(values, None) is None, net


def main(source, target):
    header, data = {}, b""
    for name, value in tensors(np.load(source, allow_pickle=True).item()):
        array = np.ascontiguousarray(value, np.float32)
        header[name] = {"dtype": "F32", "shape": array.shape,
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


main(*sys.argv[1:])
