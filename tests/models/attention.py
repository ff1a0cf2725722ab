"""A causal attention layer made by a template; the word vectors are the output's weights too."""
import numpy as np

from common import choices, dense, start, tf


def train(record):
    text = tf.placeholder(tf.int32, [2, 6])
    tokens = text[:, :5]
    following = text[:, 1:]

    def layer_norm(x):
        with tf.variable_scope(None, default_name="norm"):
            gain = tf.get_variable("gain", [6], initializer=tf.ones_initializer())
            shift = tf.get_variable("shift", [6], initializer=tf.zeros_initializer())
        mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, shift, gain, 1e-3)

    def heads(x):
        return tf.transpose(tf.reshape(x, [2, 5, 2, 3]), [0, 2, 1, 3])

    def transformer(ids):
        table = tf.get_variable("table", [7, 6], initializer=start(45, 0.7))
        places = tf.get_variable("places", [5, 6], initializer=start(46, 0.3))
        x = tf.gather(table, ids) + places
        flat = tf.reshape(layer_norm(x), [-1, 6])
        query, key, value = [heads(dense(flat, 6, name, 47 + i))
                             for i, name in enumerate(("query", "key", "value"))]
        scores = tf.matmul(query, key, transpose_b=True) / np.float32(np.sqrt(3.0))
        causal = np.triu(np.full([5, 5], -1e9, np.float32), 1)
        mixed = tf.matmul(tf.nn.softmax(scores + causal), value)
        mixed = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [2, 5, 6])
        last = tf.reshape(layer_norm(x + mixed), [-1, 6])
        return tf.matmul(last, table, transpose_b=True)

    model = tf.make_template("transformer", transformer)
    wanted = 0.9 * tf.one_hot(tf.reshape(following, [-1]), 7) + 0.1 / 7
    loss = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=wanted, logits=model(tokens)))
    step = tf.train.get_or_create_global_step()
    rate = tf.train.cosine_decay(0.03, step, 25, alpha=0.1)
    train = tf.train.AdamOptimizer(rate, beta2=0.99, epsilon=1e-3).minimize(loss, global_step=step)
    with tf.control_dependencies([train]):
        answers = tf.nn.softmax(model(tokens))  # by the weights after the step

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(30):
            record.step(session.run([loss, answers, train], {text: choices([2, 6], i, 7)})[:2])
        record.variables(session)
