"""A wide model and a deep one over partitioned variables, each with an optimizer of its own."""
from common import choices, dense, numbers, start, tf


def train(record):
    crossed = tf.placeholder(tf.int32, [None, 3])
    words = tf.placeholder(tf.int32, [None])
    figures = tf.placeholder(tf.float32, [None, 3])
    labels = tf.placeholder(tf.float32, [None])
    with tf.variable_scope("wide", partitioner=tf.fixed_size_partitioner(3)):
        table = tf.get_variable("table", [20, 1], initializer=start(25, 0.3))
        bias = tf.get_variable("bias", [], initializer=tf.zeros_initializer())
        rows = tf.nn.embedding_lookup(table, crossed, partition_strategy="div")
        wide = tf.reduce_sum(rows, axis=[1, 2]) + bias
    partitioner = tf.variable_axis_size_partitioner(max_shard_bytes=64, axis=0)
    with tf.variable_scope("deep", partitioner=partitioner):
        embeddings = tf.get_variable("embeddings", [12, 4], initializer=start(26))
        vectors = tf.nn.embedding_lookup(embeddings, words)
        x = tf.concat([vectors, figures], 1)
        x = tf.nn.relu(dense(x, 6, "hidden1", 27, 0.7))
        x = tf.nn.relu(dense(x, 5, "hidden2", 28, 0.7))
        deep = tf.squeeze(dense(x, 1, "out", 29, 0.7), axis=[1])
    crossed_losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=wide + deep)
    loss = tf.reduce_mean(crossed_losses)

    step = tf.train.get_or_create_global_step()
    ftrl = tf.train.FtrlOptimizer(0.2, l1_regularization_strength=0.01,
                                  l2_regularization_strength=0.02)
    adagrad = tf.train.AdagradOptimizer(0.1)
    wide_step = ftrl.minimize(loss, var_list=tf.trainable_variables("wide/"))
    deep_step = adagrad.minimize(loss, global_step=step, var_list=tf.trainable_variables("deep/"))
    train = tf.group(wide_step, deep_step)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(20):
            feeds = {crossed: choices([6, 3], 4 * i, 20), words: choices([6], 4 * i + 1, 12),
                     figures: numbers([6, 3], 4 * i + 2), labels: choices([6], 4 * i + 3, 2)}
            record.step(session.run([loss, wide, train], feeds)[:2])
        record.step(session.run([table.as_tensor(), embeddings.as_tensor()]))
        record.variables(session)
