"""A small convolutional network: a rate that falls in steps, clipped gradients, a running score."""
from common import choices, dense, numbers, start, tf


def train(record):
    images = tf.placeholder(tf.float32, [None, 8, 8, 1])
    labels = tf.placeholder(tf.int32, [None])

    def conv(x, channels, name, seed):
        with tf.variable_scope(name):
            shape = [3, 3, x.shape[3], channels]
            filters = tf.get_variable("filters", shape, initializer=start(seed))
            biases = tf.get_variable("biases", [channels], initializer=start(seed + 1, 0.1))
            x = tf.nn.conv2d(x, filters, strides=[1, 1, 1, 1], padding="SAME")
            return tf.nn.max_pool(tf.nn.relu(tf.nn.bias_add(x, biases)), [1, 2, 2, 1],
                                  [1, 2, 2, 1], "SAME")

    x = conv(conv(images, 3, "conv1", 34), 4, "conv2", 36)
    logits = dense(tf.reshape(x, [-1, 16]), 10, "classes", 38)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))

    score = tf.get_local_variable("score", [], initializer=tf.zeros_initializer())
    seen = tf.get_local_variable("seen", [], dtype=tf.int32, initializer=tf.zeros_initializer())
    right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
    counted = tf.group(score.assign_add(tf.reduce_sum(tf.cast(right, tf.float32))),
                       seen.assign_add(tf.size(labels)))
    with tf.control_dependencies([counted]):
        accuracy = score.read_value() / tf.cast(seen.read_value(), tf.float32)

    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.3, step, decay_steps=8, decay_rate=0.5, staircase=True)
    optimizer = tf.train.GradientDescentOptimizer(rate)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
    train = optimizer.apply_gradients(zip(clipped, variables), global_step=step)

    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        for i in range(30):
            count = 4 if i % 3 else 3  # a batch of another size now and then
            feeds = {images: numbers([count, 8, 8, 1], i), labels: choices([count], i, 10)}
            record.step(session.run([loss, norm, accuracy, train], feeds)[:3])
        record.variables(session)
