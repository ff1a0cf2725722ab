"""One torso, two heads; rewards are counted from a running mean, and discounted in the graph."""
from common import choices, dense, numbers, tf


def train(record):
    observations = tf.placeholder(tf.float32, [8, 5])
    actions = tf.placeholder(tf.int32, [8])
    rewards = tf.placeholder(tf.float32, [8])
    with tf.variable_scope("agent"):
        torso = tf.tanh(dense(observations, 7, "torso", 3, 0.6))
        logits = dense(torso, 4, "policy", 4, 0.6)
        values = tf.squeeze(dense(torso, 1, "value", 5, 0.6), axis=[1])

    mean = tf.Variable(0.25, trainable=False, name="mean_reward")
    with tf.control_dependencies([mean.assign_add(0.2 * (tf.reduce_mean(rewards) - mean))]):
        centered = rewards - mean.read_value()
    returns = []
    later = tf.constant(0.0)
    for reward in reversed(tf.unstack(centered)):
        later = reward + 0.8 * later
        returns.insert(0, later)
    advantage = tf.stack(returns) - values

    taken = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=actions, logits=logits)
    policy_loss = tf.reduce_mean(taken * tf.stop_gradient(advantage))
    value_loss = 0.5 * tf.reduce_mean(tf.square(advantage))
    log_policy = tf.nn.log_softmax(logits)
    entropy = -tf.reduce_mean(tf.reduce_sum(tf.exp(log_policy) * log_policy, axis=1))
    loss = policy_loss + 0.5 * value_loss - 0.01 * entropy

    step = tf.train.get_or_create_global_step()
    rate = tf.train.polynomial_decay(0.03, step, 25, 0.002, power=2.0)
    optimizer = tf.train.AdamOptimizer(rate, epsilon=1e-4)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    clipped, norm = tf.clip_by_global_norm(gradients, 0.7)
    train = optimizer.apply_gradients(zip(clipped, variables), global_step=step)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(30):
            feeds = {observations: numbers([8, 5], 7 * i), actions: choices([8], 7 * i + 1, 4),
                     rewards: numbers([8], 7 * i + 2)}
            fetches = [policy_loss, value_loss, entropy, norm, train]
            record.step(session.run(fetches, feeds)[:4])
        record.variables(session)
