"""An LSTM unrolled over four letters; its state is carried in local variables from run to run."""
from common import choices, dense, start, tf


def train(record):
    text = tf.placeholder(tf.int32, [2, 5])
    letters = text[:, :4]
    following = tf.unstack(text[:, 1:], axis=1)

    def cell(x, h, c):
        with tf.variable_scope("cell", reuse=tf.AUTO_REUSE):
            weights = tf.get_variable("weights", [11, 20], initializer=start(16, 0.6))
            biases = tf.get_variable("biases", [20], initializer=start(17, 0.2))
        gates = tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), weights), biases)
        i, j, f, o = tf.split(gates, 4, axis=1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        return tf.tanh(c) * tf.sigmoid(o), c

    with tf.variable_scope("model"):
        zeros = tf.zeros_initializer()
        kept = [tf.get_local_variable(name, [2, 5], initializer=zeros) for name in ("h", "c")]
        h, c = kept
        losses = []
        for t, x in enumerate(tf.unstack(tf.one_hot(letters, 6), axis=1)):
            h, c = cell(x, h, c)
            with tf.variable_scope("letters", reuse=t > 0):
                logits = dense(h, 6, "next", 18, 0.6)
            losses.append(tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=following[t], logits=logits))
    loss = tf.reduce_mean(tf.stack(losses))

    optimizer = tf.train.MomentumOptimizer(0.3, 0.7)
    variables = tf.trainable_variables()
    gradients = tf.gradients(loss, variables)
    clipped, norm = tf.clip_by_global_norm(gradients, 0.4)
    step = optimizer.apply_gradients(zip(clipped, variables))
    with tf.control_dependencies([step]):
        train = tf.group(kept[0].assign(h), kept[1].assign(c))
    forget = tf.local_variables_initializer()

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(28):
            if i % 7 == 0:
                session.run(forget)
            record.step(session.run([loss, norm, train], {text: choices([2, 5], i, 6)})[:2])
        record.variables(session)
