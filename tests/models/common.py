"""What the models of this folder in Python share; model_testing.h has the same in C++."""
import os

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", TF_ENABLE_ONEDNN_OPTS="0")

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)


def pattern(shape, seed):
    """Whole numbers from 0 to 198 that look like drawn by lot."""
    i = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    return (31 * i * i + (17 * seed + 7) * i + 43 * seed) % 199


def numbers(shape, seed, scale=1.0):
    return ((pattern(shape, seed) - 99) / 100.0 * scale).astype(np.float32)


def choices(shape, seed, n):
    return (pattern(shape, seed) % n).astype(np.int32)


def start(seed, scale=0.5):
    """An initializer: `numbers` of the whole variable, of which a part takes its rows or columns."""

    def initializer(shape, dtype=None, partition_info=None):
        if partition_info is None:
            return numbers(shape, seed, scale)
        whole = numbers(partition_info.full_shape, seed, scale)
        where = zip(partition_info.var_offset, shape)
        return whole[tuple(slice(begin, begin + size) for begin, size in where)]

    return initializer


def dense(x, units, name, seed, scale=0.5):
    with tf.variable_scope(name):
        shape = [x.shape[1], units]
        weights = tf.get_variable("weights", shape, initializer=start(seed, scale))
        biases = tf.get_variable("biases", [units], initializer=tf.zeros_initializer())
        return tf.matmul(x, weights) + biases
