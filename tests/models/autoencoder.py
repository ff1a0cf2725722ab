"""Denoising, with one matrix to encode and, transposed, to decode; its columns are kept short."""
import numpy as np

from common import choices, numbers, start, tf


def train(record):
    x = tf.placeholder(tf.float32, [None, 8])
    mask = tf.placeholder(tf.float32, [None, 8])
    with tf.variable_scope("tied"):
        weights = tf.get_variable("weights", [8, 5], initializer=start(44, 0.9),
                                  constraint=lambda w: tf.clip_by_norm(w, 1.1, axes=[0]))
        inner = tf.get_variable("inner", [5], initializer=tf.zeros_initializer())
        outer = tf.get_variable("outer", [8], initializer=tf.zeros_initializer())
    code = tf.nn.selu(tf.matmul(x * mask, weights) + inner)
    decoded = tf.matmul(code, weights, transpose_b=True) + outer
    loss = tf.reduce_mean(tf.squared_difference(decoded, x))
    thin = 0.02 * tf.reduce_mean(tf.reduce_sum(tf.abs(code), axis=1))
    tf.losses.add_loss(loss)
    tf.losses.add_loss(thin)
    total = tf.losses.get_total_loss()
    train = tf.train.AdadeltaOptimizer(1.0, rho=0.9, epsilon=1e-4).minimize(total)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(40):
            feeds = {x: numbers([6, 8], 2 * i), mask: np.minimum(choices([6, 8], 2 * i + 1, 4), 1)}
            record.step(session.run([total, thin, train], feeds)[:2])
        record.variables(session)
