"""Two sessions train one graph apart; the graph then grows, and each goes on in its own way."""
from common import choices, dense, numbers, tf


def session_run_two(one, other, fetches, feeds, other_feeds):
    return [one.run(fetches, feeds)[0], other.run(fetches, other_feeds)[0]]


def train(record):
    left = tf.placeholder(tf.float32, [None, 4])
    right = tf.placeholder(tf.float32, [None, 4])
    same = tf.placeholder(tf.float32, [None])

    def embed(x):
        with tf.variable_scope("siamese", reuse=tf.AUTO_REUSE):
            return dense(tf.tanh(dense(x, 6, "hidden", 32, 0.8)), 3, "embedding", 33, 0.8)

    distance = tf.reduce_sum(tf.squared_difference(embed(left), embed(right)), axis=1)
    apart = tf.square(tf.nn.relu(1.0 - tf.sqrt(distance + 1e-6)))
    loss = tf.reduce_mean(same * distance + (1.0 - same) * apart)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    first, second = tf.Session(), tf.Session()
    for session in (first, second):
        session.run(tf.global_variables_initializer())

    def feeds_of(i):
        return {left: numbers([6, 4], 3 * i), right: numbers([6, 4], 3 * i + 1),
                same: choices([6], 3 * i + 2, 2)}

    for i in range(12):
        record.step(session_run_two(first, second, [loss, train], feeds_of(i), feeds_of(50 + i)))
    record.variables(first, "first")
    record.variables(second, "second")

    before = set(tf.global_variables())
    biases = tf.global_variables("siamese/.*biases")
    further = tf.train.AdadeltaOptimizer(0.5, rho=0.9, epsilon=1e-4).minimize(loss)
    mistaken = tf.reduce_mean(tf.cast(tf.not_equal(distance < 0.5, same > 0.5), tf.float32))
    fresh = tf.variables_initializer([v for v in tf.global_variables() if v not in before])
    reset = tf.variables_initializer(biases)
    second.run(fresh)
    third = tf.Session()
    third.run(tf.global_variables_initializer())
    first.run(reset)
    for i in range(12, 24):
        values = session_run_two(second, third, [loss, further], feeds_of(i), feeds_of(50 + i))
        values += first.run([loss, mistaken, train], feeds_of(i))[:2]
        record.step(values)
    record.variables(first, "first again")
    record.variables(second, "second again")
    record.variables(third, "third")
