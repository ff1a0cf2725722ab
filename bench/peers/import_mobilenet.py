#!/usr/bin/env python3
"""A MobileNet that TensorFlow freezes: the file, and what TensorFlow takes to answer by it.

    import_mobilenet.py make MODEL.pb            with tensorflow-cpu and tf_keras
    import_mobilenet.py run MODEL.pb THREADS     the rows of bench/import_mobilenet.cc
    import_mobilenet.py large MODEL.pb           a frozen graph of 100 MB, for loading alone

The weights are random, of a fixed seed. Each run is a process of its own, so that its memory is too.
"""
import json
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow as tf  # noqa: E402

from common import arr  # noqa: E402

tf1 = tf.compat.v1


def make(path):
    import tf_keras
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    tf_keras.utils.set_random_seed(1)
    model = tf_keras.applications.MobileNet(weights=None)
    image = tf.TensorSpec([None, 224, 224, 3], tf.float32, name="image")
    answer = tf.function(lambda x: model(x, training=False)).get_concrete_function(image)
    graph = convert_variables_to_constants_v2(answer).graph.as_graph_def()
    with open(path, "wb") as file:
        file.write(graph.SerializeToString())


def large(path):
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [1, 512], name="image")
        for number in range(100):
            x = tf.matmul(x, arr(300 + number, (512, 512), 0.05))
        tf.identity(x, name="Identity")
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString())


def emit(name, threads, median, least, **extra):
    print(json.dumps({"peer": "tensorflow", "workload": name, "threads": threads,
                      "seconds_median": median, "seconds_min": least, "extra": extra}))


def run(path, threads):
    if threads == 1:
        os.sched_setaffinity(0, {0})
    tf1.disable_eager_execution()
    graph = tf.Graph()
    begin = time.perf_counter()
    with graph.as_default():
        definition = tf1.GraphDef()
        with open(path, "rb") as file:
            definition.ParseFromString(file.read())
        tf.import_graph_def(definition, name="")
    loaded = time.perf_counter()
    image = arr(201, (1, 224, 224, 3))
    config = tf1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)
    session = tf1.Session(graph=graph, config=config)
    answer = session.make_callable(["Identity:0"], ["image:0"])
    chances = answer(image)[0]
    ran = time.perf_counter()
    emit("import_mobilenet_load", threads, loaded - begin, loaded - begin)
    emit("import_mobilenet_first", threads, ran - loaded, ran - loaded)
    samples = []
    while len(samples) < 10 or time.perf_counter() - ran < 3:
        start = time.perf_counter()
        answer(image)
        samples.append(time.perf_counter() - start)
    samples = sorted(samples[3:])
    emit("import_mobilenet", threads, samples[len(samples) // 2], samples[0],
         peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
         **{"class": int(chances.argmax()), "chance_e9": int(chances.max() * 1e9)})


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "large":
        large(sys.argv[2])
    else:
        run(sys.argv[2], int(sys.argv[3]))
