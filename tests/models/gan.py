"""Batch normalisation written by hand, its averages updated by UPDATE_OPS; clipped weights."""
from common import dense, numbers, start, tf


def train(record):
    def batch_norm(x, training):
        with tf.variable_scope("norm"):
            units = [x.shape[1]]
            scale = tf.get_variable("scale", units, initializer=tf.ones_initializer())
            offset = tf.get_variable("offset", units, initializer=tf.zeros_initializer())
            moving_mean = tf.get_variable("moving_mean", units, trainable=False,
                                          initializer=tf.zeros_initializer())
            moving_variance = tf.get_variable("moving_variance", units, trainable=False,
                                              initializer=tf.ones_initializer())
        if not training:
            return (x - moving_mean) * tf.rsqrt(moving_variance + 1e-3) * scale + offset
        mean = tf.reduce_mean(x, axis=0)
        variance = tf.reduce_mean(tf.square(x - mean), axis=0)
        for moving, now in [(moving_mean, mean), (moving_variance, variance)]:
            update = moving.assign_sub(0.1 * (moving - now))
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update.op)
        return (x - mean) * tf.rsqrt(variance + 1e-3) * scale + offset

    def generator(z, training):
        with tf.variable_scope("hidden"):
            weights = tf.get_variable("weights", [3, 6], initializer=start(11))
            hidden = tf.nn.relu(batch_norm(tf.matmul(z, weights), training))
        return tf.tanh(dense(hidden, 2, "point", 12))

    def discriminator(points):
        hidden = tf.nn.leaky_relu(dense(points, 8, "hidden", 13, 0.8), alpha=0.2)
        return dense(hidden, 1, "real", 14, 0.8)

    def loss(logits, label):
        labels = tf.fill(tf.shape(logits), label)
        return tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))

    z = tf.placeholder(tf.float32, [None, 3])
    real = tf.placeholder(tf.float32, [None, 2])
    with tf.variable_scope("generator") as scope:
        fake = generator(z, True)
        scope.reuse_variables()
        shown = generator(z, False)
    with tf.variable_scope("discriminator") as scope:
        real_logits = discriminator(real)
        scope.reuse_variables()
        fake_logits = discriminator(fake)
    d_loss = loss(real_logits, 0.9) + loss(fake_logits, 0.0)
    g_loss = loss(fake_logits, 1.0)

    d_variables = tf.trainable_variables("discriminator/")
    d_step = tf.train.AdamOptimizer(0.02, beta1=0.5, name="DAdam").minimize(
        d_loss, var_list=d_variables)
    with tf.control_dependencies([d_step]):
        d_train = tf.group(*[v.assign(tf.clip_by_value(v, -0.6, 0.6)) for v in d_variables])
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, "generator/")):
        g_train = tf.train.AdamOptimizer(0.02, beta1=0.5, name="GAdam").minimize(
            g_loss, var_list=tf.trainable_variables("generator/"))

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(25):
            feeds = {z: numbers([8, 3], 9 * i), real: numbers([8, 2], 9 * i + 1, 0.4) + 0.3}
            record.step(session.run([d_loss, d_train], feeds)[:1])
            feeds = {z: numbers([8, 3], 9 * i + 2)}
            record.step(session.run([g_loss, g_train], feeds)[:1])
            record.step(session.run([shown], {z: numbers([2, 3], 9 * i + 3)}))
        record.variables(session)
