"""Half of each batch on each of two GPUs, the variables on the CPU; gradients are averaged."""
from common import choices, numbers, start, tf


def train(record):
    x = tf.placeholder(tf.float32, [8, 6])
    labels = tf.placeholder(tf.int32, [8])

    def layer(inputs, units, name, seed):
        with tf.variable_scope(name):
            with tf.device("/cpu:0"):
                shape = [inputs.shape[1], units]
                weights = tf.get_variable("weights", shape, initializer=start(seed, 0.6))
                biases = tf.get_variable("biases", [units], initializer=tf.zeros_initializer())
            return tf.matmul(inputs, weights) + biases

    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.RMSPropOptimizer(0.02, momentum=0.4, epsilon=1e-3)
    losses, all_pairs = [], []
    with tf.variable_scope(tf.get_variable_scope()) as scope:
        for tower, (part, answers) in enumerate(zip(tf.split(x, 2), tf.split(labels, 2))):
            with tf.device("/gpu:%d" % tower), tf.name_scope("tower_%d" % tower):
                logits = layer(tf.nn.relu(layer(part, 7, "hidden", 30)), 3, "classes", 31)
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=answers, logits=logits))
                scope.reuse_variables()
                losses.append(loss)
                all_pairs.append(optimizer.compute_gradients(loss))
    averaged = [(tf.reduce_mean(tf.stack([gradient for gradient, _ in pairs]), 0), pairs[0][1])
                for pairs in zip(*all_pairs)]
    train = optimizer.apply_gradients(averaged, global_step=step)

    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as session:
        session.run(tf.global_variables_initializer())
        for i in range(30):
            feeds = {x: numbers([8, 6], 2 * i), labels: choices([8], 2 * i + 1, 3)}
            record.step(session.run(losses + [train], feeds)[:2])
        record.variables(session)
