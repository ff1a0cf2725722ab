#!/usr/bin/env python3
"""Models that Tenon writes, loaded and run by TensorFlow, and the other way round.

    python3 models.py WRITE_MODELS TENON

WRITE_MODELS is the program of write_models.cc, TENON the program tenon. It takes tensorflow-cpu: `./dev test --interop` makes an
environment that has it.
"""
import glob
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from checks import check, finish  # noqa: E402

tf1 = tf.compat.v1
tf1.disable_eager_execution()
tf1.logging.set_verbosity(tf1.logging.ERROR)


def tensors(path):
    with np.load(path) as file:
        return {name.replace("|", "/"): file[name] for name in file.files}


def compare(what, session, path):
    """The answers of what is loaded in the session with those that lie beside the model."""
    fed, wanted = tensors(path + ".feed.npz"), tensors(path + ".want.npz")
    for name, value in zip(wanted, session.run(list(wanted), fed)):
        close = value.shape == wanted[name].shape and np.allclose(value, wanted[name], 1e-4, 1e-5)
        check(f"{what}: {name} is {value}, not {wanted[name]}", close)


def meta_graph(path):
    with tf.Graph().as_default(), tf1.Session() as session:
        saver = tf1.train.import_meta_graph(path + ".meta")
        if saver is not None:
            saver.restore(session, path)
        compare(path + ".meta", session, path)


def graph_def(path):
    definition = tf1.GraphDef()
    with open(path, "rb") as file:
        definition.ParseFromString(file.read())
    tf.import_graph_def(definition, name="")
    return definition


def frozen(path):
    with tf.Graph().as_default(), tf1.Session() as session:
        definition = graph_def(path + ".frozen")
        kinds = {node.op for node in definition.node}
        check(f"{path} has no variables", not kinds & {"VariableV2", "VarHandleOp", "Assign"})
        compare(path + ".frozen", session, path)


def training(folder):
    path = folder + "/training-1"
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        saver = tf1.train.import_meta_graph(path + ".meta")
        saver.restore(session, path)
        compare(path, session, folder + "/training")
        trainable = [variable.op.name for variable in tf1.trainable_variables()]
        check(f"trainable variables: {trainable}", len(trainable) == 9)
        check("losses", len(tf1.losses.get_losses()) == 1)
        check("summaries", len(tf1.get_collection(tf1.GraphKeys.SUMMARIES)) == 1)
        check("the global step", session.run(tf1.train.get_global_step()) == 1)
        session.run(tf1.get_collection(tf1.GraphKeys.TRAIN_OP)[0],
                    tensors(folder + "/training.feed.npz"))
        after = tensors(folder + "/training.after.npz")
        variables = {variable.op.name: variable for variable in tf1.global_variables()}
        check("names of variables", set(variables) == set(after))
        for name, value in session.run(variables).items():
            check(f"{name} after a step", np.allclose(value, after[name], 1e-4, 1e-5))
        saver.save(session, folder + "/by_tensorflow")
        stored = tf.train.load_checkpoint(folder + "/by_tensorflow")
        check("a whole of parts", stored.get_tensor("parts").shape == (6, 2))
        check("the graph is whole", graph.get_operation_by_name("save/restore_all") is not None)


def saved_model(folder):
    with tf.Graph().as_default(), tf1.Session() as session:
        model = tf1.saved_model.load(session, ["serve"], folder + "/served")
        signature = model.signature_def["serving_default"]
        image = np.array([[1, 2], [3, 4]], np.float32)
        scores = session.run(signature.outputs["scores"].name,
                             {signature.inputs["images"].name: image})
        weights = np.array([[-0.2, -0.1], [0, 0.1]], np.float32)
        check(f"a SavedModel's scores {scores}", np.allclose(scores, image @ weights + 10, 1e-4))
        check("its asset", open(folder + "/served/assets/words.txt").read() == "one two")


def events(folder):
    graphs = [event.graph_def for path in glob.glob(folder + "/events/*")
              for event in tf1.train.summary_iterator(path) if event.HasField("graph_def")]
    definition = tf1.GraphDef.FromString(graphs[0])
    check("the graph in an event file", {"x", "w"} <= {node.name for node in definition.node})


def tenon_run(program, folder, model, fed, fetch, *more):
    np.savez(folder + "/fed.npz", **{name.replace("/", "|"): value for name, value in fed.items()})
    subprocess.run([program, "run", folder + "/" + model, "--feed", folder + "/fed.npz", "--fetch",
                    fetch, "--out", folder + "/out.npz", *more], check=True)
    return tensors(folder + "/out.npz")[fetch]


def from_tensorflow(program, folder):
    """A graph of today's conditionals and loops, as bytes and as text, with a checkpoint, and as a
    SavedModel."""
    tf1.enable_control_flow_v2()
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [3], name="x")
        w = tf1.get_variable("w", initializer=tf.constant([1.0, -2.0, 3.0]), use_resource=True)
        branch = tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0, lambda: x - w)
        last = tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, tf.sin(y) * w + branch),
                             [tf.constant(0), x])[1]
        last = tf.identity(last, name="last")
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, folder + "/from_tf")
        tf1.saved_model.simple_save(session, folder + "/from_tf_model", {"in": x}, {"out": last})
        constants = tf1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["last"])
        tf1.train.write_graph(constants, folder, "from_tf.pb", as_text=False)
        tf1.train.write_graph(constants, folder, "from_tf.pbtxt")
        for value in [np.array([1, 2, 3], np.float32), np.array([-1, -2, 0.5], np.float32)]:
            wanted = session.run(last, {x: value})
            for model, more in [("from_tf.pb", []), ("from_tf.pbtxt", []),
                                ("from_tf.meta", ["--checkpoint", folder + "/from_tf"])]:
                answer = tenon_run(program, folder, model, {"x:0": value}, "last:0", *more)
                check(f"{model}: {answer}, not {wanted}", np.allclose(answer, wanted, 1e-5, 1e-6))
            answer = tenon_run(program, folder, "from_tf_model", {"in": value}, "out",
                               "--signature", "serving_default")
            check(f"SavedModel: {answer}, not {wanted}", np.allclose(answer, wanted, 1e-5, 1e-6))


def main():
    with tempfile.TemporaryDirectory() as folder:
        graphs = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../import/data/control_flow")
        subprocess.run([sys.argv[1], folder, graphs], check=True)
        for file in sorted(glob.glob(folder + "/*.pb")):
            path = file[:-len(".pb")]
            with tf.Graph().as_default():
                graph_def(file)
            meta_graph(path)
            frozen(path)
        for part in [training, saved_model, events]:
            part(folder)
        from_tensorflow(sys.argv[2], folder)
    finish()


main()
