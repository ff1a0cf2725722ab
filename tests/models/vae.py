"""A variational autoencoder whose noise is fed; the loss has a moving average, free of bias."""
from common import dense, numbers, tf


def train(record):
    x = tf.placeholder(tf.float32, [None, 10])
    noise = tf.placeholder(tf.float32, [None, 3])

    def decoder(z):
        with tf.variable_scope("decoder", reuse=tf.AUTO_REUSE):
            return dense(tf.nn.softplus(dense(z, 8, "hidden", 8)), 10, "pixels", 9)

    with tf.variable_scope("encoder"):
        hidden = tf.tanh(dense(x, 8, "hidden", 6))
        mean, log_variance = tf.split(dense(hidden, 6, "code", 7), 2, axis=1)
    logits = decoder(mean + tf.exp(0.5 * log_variance) * noise)
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
    wrong = tf.reduce_mean(tf.reduce_sum(crossed, axis=1))
    terms = 1.0 + log_variance - tf.square(mean) - tf.exp(log_variance)
    divergence = -0.5 * tf.reduce_mean(tf.reduce_sum(terms, axis=1))
    bound = tf.add(wrong, divergence, name="bound")

    averages = tf.train.ExponentialMovingAverage(0.8, zero_debias=True)
    with tf.control_dependencies([tf.train.AdamOptimizer(0.02, beta1=0.8).minimize(bound)]):
        train = averages.apply([bound])
    smooth = averages.average(bound)
    drawn = tf.sigmoid(decoder(noise))

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(30):
            feeds = {x: 0.5 + 0.5 * numbers([6, 10], 5 * i), noise: numbers([6, 3], 5 * i + 1, 1.7)}
            record.step(session.run([wrong, divergence, train], feeds)[:2])
            record.step(session.run([smooth, drawn], {noise: numbers([1, 3], 5 * i + 2)}))
        record.variables(session)
