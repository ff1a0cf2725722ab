"""Word vectors by negative sampling: sparse updates of rows that come twice, two optimizers."""
from common import choices, start, tf


def train(record):
    centers = tf.placeholder(tf.int32, [None])
    contexts = tf.placeholder(tf.int32, [None])
    sampled = tf.placeholder(tf.int32, [4])
    with tf.variable_scope("skip_gram", initializer=start(15, 0.6)):
        words = tf.get_variable("words", [12, 5])
        outer = tf.get_variable("outer", [12, 5])
        biases = tf.get_variable("biases", [12], initializer=tf.zeros_initializer())

    near = tf.nn.embedding_lookup(words, centers)
    truth = tf.reduce_sum(near * tf.nn.embedding_lookup(outer, contexts), axis=1)
    truth += tf.gather(biases, contexts)
    wrong = tf.matmul(near, tf.nn.embedding_lookup(outer, sampled), transpose_b=True)
    wrong += tf.gather(biases, sampled)
    loss = tf.reduce_mean(
        tf.nn.softplus(-truth) + tf.reduce_sum(tf.nn.softplus(wrong), axis=1))

    adagrad = tf.train.AdagradOptimizer(0.3, initial_accumulator_value=0.2)
    momentum = tf.train.MomentumOptimizer(0.1, 0.6, use_nesterov=True)
    step = tf.train.create_global_step()
    pairs = adagrad.compute_gradients(loss, var_list=[words, outer, biases])
    train = tf.group(adagrad.apply_gradients(pairs[:1], global_step=step),
                     momentum.apply_gradients(pairs[1:]))

    query = tf.placeholder(tf.int32, [None])
    unit = words * tf.rsqrt(tf.reduce_sum(tf.square(words), axis=1, keepdims=True))
    similar = tf.matmul(tf.gather(unit, query), unit, transpose_b=True)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(30):
            feeds = {centers: choices([8], 6 * i, 12), contexts: choices([8], 6 * i + 1, 12),
                     sampled: choices([4], 6 * i + 2, 12)}
            record.step(session.run([loss, train], feeds)[:1])
        record.step(session.run([similar], {query: [0, 7]}))
        record.variables(session)
