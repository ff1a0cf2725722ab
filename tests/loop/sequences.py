"""The calls that TensorFlow 1's training loop makes of hooks, for monitored_session_test.cc.

    python3 tests/loop/sequences.py

prints one line a case: what each hook was asked, in order, and what came out of it.
"""
import os
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf  # noqa: E402

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)


class Recorder(tf.train.SessionRunHook):
    """Writes down what it is asked; raises or stops where it is told to."""

    def __init__(self, name, calls, raise_in=None, stop_in=None):
        self.name, self.calls, self.raise_in, self.stop_in = name, calls, raise_in, stop_in

    def note(self, what):
        self.calls.append(self.name + "." + what)
        if what == self.raise_in:
            raise RuntimeError(self.name + " failed in " + what)

    def begin(self):
        self.note("begin")

    def after_create_session(self, session, coord):
        self.note("after_create_session")

    def before_run(self, run_context):
        if self.stop_in == "before_run":
            run_context.request_stop()
        self.note("before_run")

    def after_run(self, run_context, run_values):
        if self.stop_in == "after_run":
            run_context.request_stop()
        self.note("after_run")

    def end(self, session):
        self.note("end")


def case(name, body):
    with tf.Graph().as_default() as graph:
        step = tf.train.get_or_create_global_step()
        train = tf.assign_add(step, 1)
        calls = []
        try:
            body(graph, step, train, calls)
        except Exception as error:  # what leaves the program
            calls.append("%s: %s" % (type(error).__name__, str(error).split("\n")[0]))
        print(name + ": " + ", ".join(map(str, calls)))


def plain(graph, step, train, calls):
    hooks = [Recorder("a", calls), Recorder("b", calls)]
    with tf.train.MonitoredTrainingSession(hooks=hooks) as session:
        calls.append("finalized=%s" % graph.finalized)
        session.run(train)
        calls.append("should_stop=%s" % session.should_stop())
    calls.append("should_stop=%s finalized=%s" % (session.should_stop(), graph.finalized))


def chief_only_first(graph, step, train, calls):
    with tf.train.MonitoredTrainingSession(hooks=[Recorder("a", calls)],
                                           chief_only_hooks=[Recorder("chief", calls)]):
        pass


def failing(where):
    def body(graph, step, train, calls):
        hooks = [Recorder("a", calls), Recorder("b", calls, raise_in=where), Recorder("c", calls)]
        with tf.train.MonitoredTrainingSession(hooks=hooks) as session:
            try:
                session.run(train)
            finally:
                calls.append("should_stop=%s step=%s" % (
                    session.should_stop(), session._tf_sess().run(step)))
    return body


def stopping(where):
    def body(graph, step, train, calls):
        hooks = [Recorder("a", calls, stop_in=where), Recorder("b", calls)]
        with tf.train.MonitoredTrainingSession(hooks=hooks) as session:
            session.run(train)
            calls.append("should_stop=%s step=%s" % (
                session.should_stop(), session._tf_sess().run(step)))
            session.run(train)
    return body


def stop_then_fail(graph, step, train, calls):
    hooks = [Recorder("a", calls, stop_in="before_run"), Recorder("b", calls, raise_in="after_run")]
    with tf.train.MonitoredTrainingSession(hooks=hooks) as session:
        try:
            session.run(train)
        except RuntimeError:
            calls.append("should_stop=%s" % session.should_stop())


def failing_run(graph, step, train, calls):
    x = tf.placeholder(tf.float32, [])
    session = tf.train.MonitoredTrainingSession(hooks=[Recorder("a", calls)])
    with session:
        try:
            session.run(x)
        except tf.errors.InvalidArgumentError:
            calls.append("failed should_stop=%s" % session.should_stop())
        calls.append(session.run(train))


def leaving_by(error):
    def body(graph, step, train, calls):
        with tf.train.MonitoredTrainingSession(hooks=[Recorder("a", calls)]):
            raise error
    return body


def close_twice(graph, step, train, calls):
    session = tf.train.MonitoredTrainingSession(hooks=[Recorder("a", calls)])
    session.close()
    calls.append("should_stop=%s" % session.should_stop())
    session.close()


def stop_by_coordinator(error):
    def body(graph, step, train, calls):
        class Asks(Recorder):
            def after_create_session(self, session, coord):
                self.coord = coord
                super().after_create_session(session, coord)
        hook = Asks("a", calls)
        with tf.train.MonitoredTrainingSession(hooks=[hook]) as session:
            try:
                raise error
            except Exception as e:
                hook.coord.request_stop(e)
            calls.append("should_stop=%s" % session.should_stop())
            session.run(train)
            calls.append("ran")
    return body


def step_fn_stops(graph, step, train, calls):
    session = tf.train.MonitoredTrainingSession(hooks=[Recorder("a", calls)])

    def step_fn(step_context):
        calls.append("raw %s" % step_context.session.run(train))
        calls.append("hooked %s" % step_context.run_with_hooks(train))
        step_context.request_stop()
    with session:
        try:
            session.run_step_fn(step_fn)
        except StopIteration as e:
            calls.append("StopIteration(%s) should_stop=%s" % (e, session.should_stop()))


def feeding(user, first, second):
    def body(graph, step, train, calls):
        x = tf.placeholder(tf.float32, [], name="x")

        class Feeds(tf.train.SessionRunHook):
            def __init__(self, feed):
                self.feed = feed

            def before_run(self, run_context):
                return tf.train.SessionRunArgs(None, {x: self.feed}) if self.feed else None
        with tf.train.MonitoredTrainingSession(hooks=[Feeds(first), Feeds(second)]) as session:
            calls.append(session.run(x, {x: user} if user else None))
    return body


def stop_at(**options):
    def body(graph, step, train, calls):
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                hook = tf.train.StopAtStepHook(**options)
                with tf.train.MonitoredTrainingSession(
                        checkpoint_dir=folder, hooks=[hook], save_checkpoint_steps=100,
                        log_step_count_steps=None, save_summaries_steps=None) as session:
                    runs = 0
                    while not session.should_stop():
                        last = session.run(train)
                        runs += 1
                calls.append("%d runs to %d" % (runs, last))
    return body


def saving(steps, save_steps, fail=False):
    class Listener(tf.train.CheckpointSaverListener):
        def __init__(self, calls):
            self.calls = calls

        def begin(self):
            self.calls.append("begin")

        def before_save(self, session, step):
            self.calls.append("before_save %d" % step)

        def after_save(self, session, step):
            self.calls.append("after_save %d" % step)

        def end(self, session, step):
            self.calls.append("end %d" % step)

    def body(graph, step, train, calls):
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                hook = tf.train.CheckpointSaverHook(
                    folder, save_steps=save_steps, scaffold=tf.train.Scaffold(),
                    listeners=[Listener(calls)])
                hook._scaffold._saver = saver = tf.train.Saver(allow_empty=True)
                try:
                    with tf.train.MonitoredTrainingSession(
                            checkpoint_dir=folder, hooks=[hook], save_checkpoint_secs=None,
                            scaffold=tf.train.Scaffold(saver=saver),
                            log_step_count_steps=None, save_summaries_steps=None) as session:
                        for _ in range(steps):
                            session.run(train)
                        if fail:
                            raise RuntimeError("fails")
                except RuntimeError:
                    calls.append("failed")
                calls.append("kept " + " ".join(
                    os.path.basename(p) for p in
                    tf.train.get_checkpoint_state(folder).all_model_checkpoint_paths))
    return body


def logging(steps, **options):
    def body(graph, step, train, calls):
        lines = []
        hook = tf.train.LoggingTensorHook({"step": step, "half": step / 2}, formatter=lambda v: (
            lines.append("%d %g" % (v["step"], v["half"])) or ""), **options)
        with tf.train.MonitoredTrainingSession(hooks=[hook]) as session:
            for _ in range(steps):
                session.run(train)
        calls.extend(lines)
    return body


def restoring(graph, step, train, calls):
    v = tf.Variable(1.0, name="v")
    double = v.assign(v * 2)
    local = tf.Variable(v.initialized_value() + 10, name="local",
                        collections=[tf.GraphKeys.LOCAL_VARIABLES])
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            scaffold = tf.train.Scaffold(
                init_fn=lambda scaffold, session: calls.append("init_fn"),
                local_init_op=tf.local_variables_initializer())
            with tf.train.MonitoredTrainingSession(checkpoint_dir=folder,
                                                   scaffold=scaffold) as session:
                calls.append("v=%g local=%g" % tuple(session.run([v, local])))
                session.run([train, double])


def not_ready(**pieces):
    def body(graph, step, train, calls):
        tf.Variable(1.0, name="v")
        scaffold = tf.train.Scaffold(**{k: make() for k, make in pieces.items()})
        tf.train.MonitoredTrainingSession(scaffold=scaffold)
    return body


case("plain", plain)
case("chief_only_first", chief_only_first)
for at in ("begin", "after_create_session", "before_run", "after_run", "end"):
    case("failing in " + at, failing(at))
for at in ("before_run", "after_run"):
    case("stopping in " + at, stopping(at))
case("stop_then_fail", stop_then_fail)
case("failing_run", failing_run)
case("leaving by ValueError", leaving_by(ValueError("mine")))
case("leaving by OutOfRangeError", leaving_by(tf.errors.OutOfRangeError(None, None, "no more")))
case("leaving by StopIteration", leaving_by(StopIteration("stop")))
case("close_twice", close_twice)
case("stop_by_coordinator", stop_by_coordinator(ValueError("of a thread")))
case("stop_by_coordinator, out of range", stop_by_coordinator(
    tf.errors.OutOfRangeError(None, None, "no more")))
case("step_fn_stops", step_fn_stops)
case("feeding, user and hook", feeding(1, 2, None))
case("feeding, two hooks", feeding(None, 2, 3))
case("feeding, one hook", feeding(None, None, 3))
case("stop_at num_steps=3", stop_at(num_steps=3))
case("stop_at last_step=3", stop_at(last_step=3))
case("stop_at last_step=0", stop_at(last_step=0))
case("saving 5 by 2", saving(5, 2))
case("saving 4 by 2", saving(4, 2))
case("saving, fails", saving(3, 2, fail=True))
case("logging 5 by 2", logging(5, every_n_iter=2))
case("logging at end", logging(3, at_end=True))
case("logging by 2 and at end", logging(3, every_n_iter=2, at_end=True))
case("logging by 0 seconds", logging(3, every_n_secs=0))
case("restoring", restoring)
case("not_ready, no init", not_ready(init_op=tf.no_op))
case("not_ready for local", not_ready(
    init_op=tf.no_op, ready_for_local_init_op=lambda: tf.constant([], tf.string)))
