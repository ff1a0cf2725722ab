"""Residual blocks with weight decay; tested with averages that a getter swaps in."""
from common import choices, dense, numbers, start, tf


def train(record):
    images = tf.placeholder(tf.float32, [None, 5, 5, 2])
    labels = tf.placeholder(tf.int32, [None])

    def conv(x, channels, name, seed):
        with tf.variable_scope(name):
            shape = [3, 3, x.shape[3], channels]
            return tf.nn.conv2d(x, tf.get_variable("filter", shape, initializer=start(seed, 0.4)),
                                strides=[1, 1, 1, 1], padding="SAME")

    def network(x):
        x = conv(x, 3, "first", 19)
        for block in range(2):
            with tf.variable_scope("block%d" % block):
                inner = conv(tf.nn.elu(x), 3, "conv0", 20 + 2 * block)
                x += conv(tf.nn.elu(inner), 3, "conv1", 21 + 2 * block)
        pooled = tf.nn.avg_pool(tf.nn.relu(x), [1, 5, 5, 1], [1, 1, 1, 1], "VALID")
        return dense(tf.reshape(pooled, [-1, 3]), 4, "classes", 24)

    def loss_of(logits):
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))

    with tf.variable_scope("net", regularizer=lambda w: 0.01 * tf.nn.l2_loss(w)):
        data_loss = loss_of(network(images))
    loss = data_loss + tf.losses.get_regularization_loss()
    step = tf.train.get_or_create_global_step()
    averages = tf.train.ExponentialMovingAverage(0.9, num_updates=step)
    update = tf.train.MomentumOptimizer(0.1, 0.8).minimize(loss, global_step=step)
    with tf.control_dependencies([update]):
        train = averages.apply(tf.trainable_variables())

    def averaged(getter, name, *args, **kwargs):
        variable = getter(name, *args, **kwargs)
        average = averages.average(variable)
        return variable if average is None else average

    with tf.variable_scope("net", reuse=True, custom_getter=averaged):
        test_loss = loss_of(network(images))

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(20):
            feeds = {images: numbers([4, 5, 5, 2], 3 * i), labels: choices([4], 3 * i + 1, 4)}
            # The decay reads the weights themselves: not in one run with what writes them.
            values = session.run([data_loss, loss], feeds)
            session.run(train, feeds)
            record.step(values + [session.run(test_loss, feeds)])
        record.variables(session)
