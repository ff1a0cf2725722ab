"""Matrix factorisation: rows looked up in parts kept as variables of their own; Ftrl, sparse."""
from common import choices, numbers, start, tf


def train(record):
    users = tf.placeholder(tf.int64, [None])
    items = tf.placeholder(tf.int64, [None])
    ratings = tf.placeholder(tf.float32, [None])
    with tf.variable_scope("users"):
        parts = [tf.get_variable("part%d" % i, [4 if i == 0 else 3, 3], initializer=start(40 + i))
                 for i in range(3)]
        user_bias = tf.get_variable("bias", [10], initializer=tf.zeros_initializer())
    item_table = tf.Variable(numbers([8, 3], 43, 0.5), name="items")
    item_bias = tf.Variable(tf.zeros([8]), name="item_bias")
    mean = tf.Variable(0.5, name="mean")

    user = tf.nn.embedding_lookup(parts, users)
    item = tf.nn.embedding_lookup(item_table, items)
    guess = (tf.reduce_sum(user * item, axis=1) + tf.gather(user_bias, users)
             + tf.gather(item_bias, items) + mean)
    error = tf.reduce_mean(tf.square(guess - ratings))
    loss = error + 0.01 * (tf.nn.l2_loss(user) + tf.nn.l2_loss(item))
    ftrl = tf.train.FtrlOptimizer(0.2, initial_accumulator_value=0.1,
                                  l1_regularization_strength=0.001, name="Follow")
    train = ftrl.minimize(loss)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(20):
            feeds = {users: choices([7], 3 * i, 10), items: choices([7], 3 * i + 1, 8),
                     ratings: 2.0 * numbers([7], 3 * i + 2)}
            record.step(session.run([error, loss, train], feeds)[:2])
        record.variables(session)
