"""Double deep Q-learning with a target network that is copied every five steps."""
from common import choices, dense, numbers, tf


def train(record):
    states = tf.placeholder(tf.float32, [None, 4])
    next_states = tf.placeholder(tf.float32, [None, 4])
    actions = tf.placeholder(tf.int32, [None])
    rewards = tf.placeholder(tf.float32, [None])
    done = tf.placeholder(tf.float32, [None])

    def q_network(x, name):
        with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
            return dense(tf.nn.relu(dense(x, 9, "hidden", 1, 0.7)), 3, "q", 2, 0.7)

    q = q_network(states, "online")
    best = tf.argmax(q_network(next_states, "online"), axis=1)
    next_q = tf.reduce_sum(q_network(next_states, "target") * tf.one_hot(best, 3), axis=1)
    target = tf.stop_gradient(rewards + 0.9 * (1.0 - done) * next_q)
    error = target - tf.reduce_sum(q * tf.one_hot(actions, 3), axis=1)
    huber = tf.where(tf.abs(error) < 0.5, 0.5 * tf.square(error), 0.5 * tf.abs(error) - 0.125)
    loss = tf.reduce_mean(huber)

    online = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "online/")
    copied = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, "target/")
    copy = tf.group(*[t.assign(o) for t, o in zip(copied, online)])
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.RMSPropOptimizer(0.02, decay=0.9, momentum=0.3, epsilon=0.01, centered=True)
    pairs = [(tf.clip_by_norm(gradient, 0.2), variable)
             for gradient, variable in optimizer.compute_gradients(loss, var_list=online)]
    train = optimizer.apply_gradients(pairs, global_step=step)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(30):
            if i % 5 == 0:
                session.run(copy)
            feeds = {states: numbers([6, 4], 10 * i), next_states: numbers([6, 4], 10 * i + 1),
                     actions: choices([6], 10 * i + 2, 3), rewards: numbers([6], 10 * i + 3),
                     done: choices([6], 10 * i + 4, 2)}
            record.step(session.run([loss, q, train], feeds)[:2])
        record.variables(session)
