"""Writes data/control_flow: graphs with TensorFlow 1's conditionals and loops, and its answers.

  python3 control_flow.py OUT [NAME...]      (with TensorFlow 2 and Pillow)

NAME.pb is a GraphDef; NAME.npz has, for each run by number, what is fed and what TensorFlow
answered: "0/feed/x:0", "0/want/y:0".
"""
import io
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow.compat.v1 as tf
from PIL import Image

tf.disable_v2_behavior()
tf.disable_control_flow_v2()

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def floats(*shape):
    return (np.arange(np.prod(shape), dtype=np.float32) * 0.7 % 3 - 1).reshape(shape)


@case
def branches():
    """Several results, one of which is what was given; a predicate with a default."""
    training = tf.placeholder_with_default(False, [], name="training")
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.constant(floats(3, 2), name="w")
    a, b = tf.cond(training, lambda: (tf.matmul(x, w), tf.reduce_sum(x)),
                   lambda: (tf.zeros([tf.shape(x)[0], 2]) + 5.0, tf.constant(2.0)))
    c = tf.cond(training, lambda: a + b, lambda: a)
    d = tf.cond(training, lambda: tf.constant(1.0), lambda: tf.cond(
        b > 1.0, lambda: b * 2.0, lambda: b))
    tf.identity(c, name="c")
    tf.identity(d, name="d")
    x_value = floats(4, 3)
    return ["cond/Merge:0", "cond/Merge_1:0", "c:0", "d:0"], [
        {"x:0": x_value}, {"x:0": x_value, "training:0": np.array(True)}]


@case
def independent():
    """Two conditionals on one predicate, of which others stand between."""
    p = tf.placeholder(tf.bool, [], name="p")
    q = tf.placeholder(tf.bool, [], name="q")
    x = tf.placeholder(tf.float32, [2], name="x")
    a = tf.cond(p, lambda: x + 1.0, lambda: x - 1.0)
    b = tf.cond(q, lambda: a * 2.0, lambda: x * 3.0)
    c = tf.cond(q, lambda: x * 5.0, lambda: x * 7.0)
    d = tf.cond(p, lambda: c + b, lambda: c - 10.0)
    tf.add_n([a, b, c, d], name="y")
    x_value = floats(2)
    return ["y:0", "cond_3/Merge:0"], [
        {"x:0": x_value, "p:0": np.array(bool(i & 1)), "q:0": np.array(bool(i & 2))}
        for i in range(4)]


@case
def raw_merge():
    """Switch and Merge by themselves, with the number of the input that had a value."""
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.placeholder(tf.float32, [2], name="x")
    no, yes = tf.raw_ops.Switch(data=x, pred=p, name="switch")
    merged, number = tf.raw_ops.Merge(inputs=[yes * 2.0, no + 1.0], name="merge")
    tf.identity(number, name="number")
    return ["merge:0", "number:0"], [
        {"x:0": floats(2), "p:0": np.array(True)}, {"x:0": floats(2), "p:0": np.array(False)}]


@case
def loop():
    """A loop variable that grows, one that the loop ignores, and what the loop takes from outside."""
    n = tf.placeholder(tf.int32, [], name="n")
    x = tf.placeholder(tf.float32, [2], name="x")
    w = x * 0.5
    last = tf.while_loop(
        lambda i, a, b: i < n,
        lambda i, a, b: (i + 1, a * w + 1.0, tf.concat([b, a], 0)),
        [0, x, x], shape_invariants=[tf.TensorShape([]), x.shape, tf.TensorShape([None])])
    for name, tensor in zip("iab", last):
        tf.identity(tensor, name=name)
    return ["i:0", "a:0", "b:0", "while/Exit_1:0"], [
        {"x:0": floats(2), "n:0": np.array(count, np.int32)} for count in (3, 0)]


@case
def nested():
    """A loop in a loop, a conditional in it, and all in a conditional."""
    n = tf.placeholder(tf.int32, [], name="n")
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.placeholder(tf.float32, [2], name="x")

    def inner(i, a):
        def step(j, b):
            b = tf.cond(tf.equal((i + j) % 2, 0), lambda: b + tf.cast(j, tf.float32) * x,
                        lambda: b * 1.5)
            return j + 1, b
        return i + 1, tf.while_loop(lambda j, b: j < i, step, [0, a])[1]

    def outer():
        return tf.while_loop(lambda i, a: i < n, inner, [0, x])[1]

    tf.cond(p, outer, lambda: -x, name="choice")
    return ["choice/Merge:0"], [
        {"x:0": floats(2), "n:0": np.array(4, np.int32), "p:0": np.array(True)},
        {"x:0": floats(2), "n:0": np.array(4, np.int32), "p:0": np.array(False)}]


@case
def gradient_of_cond():
    """A conditional with the gradient that TensorFlow made of it."""
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    w = tf.constant(floats(2, 2), name="w")
    y = tf.cond(p, lambda: tf.tanh(tf.matmul(x, w)), lambda: tf.square(x) * w)
    loss = tf.reduce_sum(tf.square(y), name="loss")
    dx, dw = tf.gradients(loss, [x, w])
    tf.identity(dx, name="dx")
    tf.identity(dw, name="dw")
    return ["loss:0", "dx:0", "dw:0"], [
        {"x:0": floats(2, 2), "p:0": np.array(value)} for value in (True, False)]


@case
def guarded():
    """An assertion, which is a conditional, before what is computed; state in a branch."""
    x = tf.placeholder(tf.float32, [None], name="x")
    with tf.control_dependencies([tf.Assert(tf.reduce_all(x > -5.0), [x])]):
        y = tf.identity(x * 2.0)
    tf.cond(tf.reduce_sum(y) > 0.0, lambda: tf.Print(y, [y], "positive"), lambda: -y, name="sign")
    return ["sign/Merge:0"], [{"x:0": floats(3)}, {"x:0": -floats(3)}]


@case
def arrays():
    """Arrays that a loop writes and reads: elements of one shape, and of several."""
    n = tf.placeholder(tf.int32, [], name="n")
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    given = tf.TensorArray(tf.float32, tf.shape(x)[0], clear_after_read=False).unstack(x)
    made = tf.TensorArray(tf.float32, 0, dynamic_size=True)
    rows = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False)

    def step(i, made, rows):
        row = given.read(i % 2)
        return (i + 1, made.write(i, row * 2.0 + tf.cast(i, tf.float32)),
                rows.write(i, tf.tile(row, [i])))

    _, made, rows = tf.while_loop(lambda i, *_: i < n, step, [0, made, rows])
    tf.identity(made.stack(), name="made")
    tf.identity(made.size(), name="size")
    tf.identity(rows.concat(), name="rows")
    parts = tf.TensorArray(tf.float32, 3, infer_shape=False).split(x, [1, 0, 2])
    tf.identity(parts.read(2), name="part")
    return ["made:0", "size:0", "rows:0", "part:0"], [
        {"x:0": floats(3, 2), "n:0": np.array(4, np.int32)},
        {"x:0": -floats(3, 2), "n:0": np.array(1, np.int32)}]


@case
def mapped():
    """tf.map_fn and tf.scan."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.constant(floats(2, 2), name="w")
    tf.identity(tf.map_fn(lambda row: tf.reduce_sum(row) * row, x), name="y")
    tf.identity(tf.scan(lambda a, row: tf.tanh(tf.tensordot(w, a, 1) + row), x), name="z")
    return ["y:0", "z:0"], [{"x:0": floats(4, 2)}, {"x:0": floats(1, 2)}]


@case
def gradient_of_loop():
    """A loop with the gradient that TensorFlow made of it, which keeps values on stacks."""
    n = tf.placeholder(tf.int32, [], name="n")
    x = tf.placeholder(tf.float32, [2], name="x")
    w = tf.constant(floats(2), name="w")
    a = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, tf.sin(a * w) * x), [0, x])[1]
    loss = tf.reduce_sum(a * a, name="loss")
    dx, dw = tf.gradients(loss, [x, w])
    tf.identity(dx, name="dx")
    tf.identity(dw, name="dw")
    return ["loss:0", "dx:0", "dw:0"], [
        {"x:0": floats(2), "n:0": np.array(count, np.int32)} for count in (3, 0)]


@case
def gradient_of_arrays():
    """The same of a loop that reads and writes arrays."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.constant(floats(2, 2), name="w")
    y = tf.scan(lambda a, row: tf.tanh(tf.tensordot(w, a, 1) + row), x)
    dx, dw = tf.gradients(tf.reduce_sum(y * y), [x, w])
    tf.identity(dx, name="dx")
    tf.identity(dw, name="dw")
    return ["dx:0", "dw:0"], [{"x:0": floats(4, 2)}]


@case
def tables():
    """Words to numbers and back; "init_all_tables" fills the tables."""
    words = tf.constant(["the", "cat", "sat"])
    ids = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(words, tf.constant([3, 5, 7], tf.int64)), -1)
    back = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant([3, 5, 7], tf.int64), words), "?")
    x = tf.placeholder(tf.string, [None], name="x")
    found = tf.identity(ids.lookup(x), name="found")
    tf.identity(back.lookup(found), name="again")
    tf.identity(ids.size(), name="size")
    tf.tables_initializer()
    parts = tf.string_split(tf.constant(["a bc ", "", "d"]), name="parts")
    tf.identity(parts.values, name="values")
    tf.identity(parts.indices, name="indices")
    abcd = tf.constant([["a", "b"], ["c", "d"]])
    for name, axes in [("rows", [1]), ("down", [0, 1]), ("all", [])]:
        tf.raw_ops.ReduceJoin(inputs=abcd, reduction_indices=tf.constant(axes, tf.int32),
                              separator="-", name=name)
    tf.string_join([abcd, "!"], name="joined")
    tf.decode_raw(x, tf.int16, name="raw")
    return [], []


@case
def quantized():
    """Numbers of few bits."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    fake = tf.quantization
    tf.identity(fake.fake_quant_with_min_max_vars(x, -1.1, 2.3, num_bits=4), name="vars")
    tf.identity(fake.fake_quant_with_min_max_args(x, -0.5, 1.5, narrow_range=True), name="args")
    tf.identity(fake.fake_quant_with_min_max_vars_per_channel(
        x, [-1.0, 0.0, 0.0], [1.0, 0.7, 0.0]), name="channels")
    bytes_ = tf.constant(np.array([0, 100, 255], np.uint8).astype(tf.quint8.as_numpy_dtype))
    tf.identity(tf.raw_ops.Dequantize(input=bytes_, min_range=-2.0, max_range=3.0), name="number")
    tf.identity(tf.raw_ops.Dequantize(input=bytes_, min_range=-2.0, max_range=3.0, mode="SCALED"),
                name="scaled")
    return ["vars:0", "args:0", "channels:0", "number:0", "scaled:0"], [{"x:0": floats(5, 3)}]


@case
def lists():
    """TensorFlow 2's loops, which fill, read, push and pop lists; and lists of before a change."""
    ops = tf.raw_ops
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    n = tf.shape(x)[0]
    shape, any_shape = tf.constant([3]), tf.constant(-1)
    rows = ops.TensorListFromTensor(tensor=x, element_shape=shape)
    made = ops.TensorListReserve(element_shape=tf.constant([-1]), num_elements=n,
                                 element_dtype=tf.float32)
    pushed = ops.EmptyTensorList(element_shape=any_shape, max_num_elements=-1,
                                 element_dtype=tf.float32)

    @tf.function  # whose loops are While
    def loop(x, rows, made, pushed):
        def step(i, state, made, pushed):
            row = ops.TensorListGetItem(input_handle=rows, index=i, element_shape=shape,
                                        element_dtype=tf.float32)
            state = tf.tanh(state + row)
            made = ops.TensorListSetItem(input_handle=made, index=i, item=state)
            pushed = ops.TensorListPushBack(input_handle=pushed, tensor=state * 2.0)
            return i + 1, state, made, pushed
        return tf.while_loop(lambda i, *_: i < tf.shape(x)[0], step,
                             [0, tf.zeros([3]), made, pushed])

    _, last, filled, longer = loop(x, rows, made, pushed)

    def stack(handle, name):
        return tf.identity(ops.TensorListStack(input_handle=handle, element_shape=shape,
                                               element_dtype=tf.float32), name=name).name

    shorter, end = ops.TensorListPopBack(input_handle=longer, element_shape=any_shape,
                                         element_dtype=tf.float32)
    other = ops.TensorListPushBack(input_handle=shorter, tensor=-end)
    again = ops.TensorListSetItem(input_handle=filled, index=0, item=last * 0.0)
    resized = ops.TensorListSetItem(input_handle=filled, index=n + 1, item=last,
                                    resize_if_index_out_of_bounds=True)
    joined = ops.TensorListConcatV2(input_handle=other, element_shape=tf.constant([-1]),
                                    leading_dims=tf.constant([], tf.int64),
                                    element_dtype=tf.float32)
    spread = ops.TensorListScatterV2(tensor=x, indices=tf.range(n) * 2, element_shape=shape,
                                     num_elements=-1)
    some = ops.TensorListGather(input_handle=filled, indices=[0, 0], element_shape=any_shape,
                                element_dtype=tf.float32)
    return [
        stack(filled, "filled"), stack(longer, "longer"), stack(shorter, "shorter"),
        stack(other, "other"), stack(again, "again"), stack(filled, "filled_again"),
        stack(made, "unset"), stack(resized, "resized"), stack(spread, "spread"),
        tf.identity(joined.tensor, name="joined").name,
        tf.identity(joined.lengths, name="lengths").name, tf.identity(some, name="some").name,
        tf.identity(ops.TensorListLength(input_handle=other), name="length").name,
        tf.identity(ops.TensorListElementShape(input_handle=filled, shape_type=tf.int32),
                    name="element_shape").name,
    ], [{"x:0": floats(4, 3)}, {"x:0": -floats(1, 3)}]


def states(x, w):
    """A loop as Keras has it, whose lists are read in every way."""
    ops, shape, any_shape = tf.raw_ops, tf.constant([3]), tf.constant(-1)
    n = tf.shape(x)[0]
    rows = ops.TensorListFromTensor(tensor=x, element_shape=shape)
    made = ops.TensorListReserve(element_shape=any_shape, num_elements=n,
                                 element_dtype=tf.float32)
    pushed = ops.EmptyTensorList(element_shape=any_shape, max_num_elements=-1,
                                 element_dtype=tf.float32)

    @tf.function  # whose loops are While
    def loop(x, w, rows, made, pushed):
        def step(i, state, made, pushed):
            row = ops.TensorListGetItem(input_handle=rows, index=i, element_shape=shape,
                                        element_dtype=tf.float32)
            again = ops.TensorListGetItem(input_handle=rows, index=0, element_shape=shape,
                                          element_dtype=tf.float32)
            state = tf.tanh(state * w + row - again * 0.5)
            made = ops.TensorListSetItem(input_handle=made, index=i, item=state)
            pushed = ops.TensorListPushBack(input_handle=pushed, tensor=state * w)
            return i + 1, state, made, pushed
        return tf.while_loop(lambda i, *_: i < tf.shape(x)[0], step,
                             [0, tf.zeros([3]), made, pushed])

    _, last, made, pushed = loop(x, w, rows, made, pushed)
    shorter, end = ops.TensorListPopBack(input_handle=pushed, element_shape=any_shape,
                                         element_dtype=tf.float32)
    again = ops.TensorListPushBack(input_handle=shorter, tensor=end * last)
    some = ops.TensorListGather(input_handle=made, indices=[1, 0], element_shape=shape,
                                element_dtype=tf.float32)
    spread = ops.TensorListScatterV2(tensor=some * w, indices=[2, 0], element_shape=shape,
                                     num_elements=3)
    joined = ops.TensorListConcatV2(input_handle=again, element_shape=tf.constant([-1]),
                                    leading_dims=tf.constant([], tf.int64),
                                    element_dtype=tf.float32)

    def stack(handle):
        return ops.TensorListStack(input_handle=handle, element_shape=shape,
                                   element_dtype=tf.float32)

    return tf.reduce_sum(stack(made) ** 3) + tf.reduce_sum(stack(spread) ** 2) + tf.reduce_sum(
        tf.sin(joined.tensor))


@case
def lists_of_states():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.placeholder(tf.float32, [3], name="w")
    tf.identity(states(x, w), name="loss")
    return ["loss:0"], [{"x:0": floats(4, 3), "w:0": floats(3)},
                        {"x:0": -floats(2, 3), "w:0": floats(3)}]


@case
def gradient_of_lists():
    """For lists_of_states, whose graph has no gradients."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.placeholder(tf.float32, [3], name="w")
    for name, gradient in zip(["dx", "dw"], tf.gradients(states(x, w), [x, w])):
        tf.identity(gradient, name=name)
    return ["dx:0", "dw:0"], [{"x:0": floats(4, 3), "w:0": floats(3)},
                              {"x:0": -floats(2, 3), "w:0": floats(3)}], "answers alone"


@case
def more_operations():
    """Operations that are made of several: each once, or in each of its ways."""
    ops = tf.raw_ops
    x = tf.placeholder(tf.float32, [3, 4], name="x")
    images = tf.placeholder(tf.float32, [2, 4, 3, 5], name="images")
    n = tf.placeholder(tf.int32, [3], name="n")
    made = {
        "gather_nd": tf.gather_nd(x, [[0, 1], [2, 3]]),
        "scatter_nd": tf.scatter_nd([[2], [0]], x[:2], [4, 4]),
        "reverse": tf.reverse(x, [0, -1]),
        "reverse_sequence": tf.reverse_sequence(x, n, seq_axis=1, batch_axis=0),
        "lrn": tf.nn.lrn(images, 2, 1.5, 0.3, 0.7),
        "einsum": ops.Einsum(inputs=[x, images], equation="ab,cdae->bcde"),
        "parts": tf.dynamic_partition(x, n % 2, 2)[1],
        "segment_sum": tf.math.segment_sum(x, [0, 0, 2]),
        "segment_mean": tf.math.segment_mean(x, [0, 0, 1]),
        "segment_max": tf.math.segment_max(x, [0, 1, 1]),
        "segment_min": tf.math.segment_min(x, [0, 1, 1]),
        "segment_prod": tf.math.segment_prod(x, [0, 1, 1]),
        "band": tf.linalg.band_part(x, 1, 0),
        "diag": tf.diag(x[0]), "diag_part": tf.diag_part(x[:, :3]),
        "in_top": ops.InTopK(predictions=x, targets=n % 4, k=2),
        "in_top_2": ops.InTopKV2(predictions=x, targets=n % 4, k=2),
        "concat": ops.Concat(concat_dim=1, values=[x, x * 2.0]),
        "counts": tf.unique_with_counts(n).count,
        "dense": tf.sparse_to_dense([[0, 1], [2, 0]], [3, 2], [5.0, 6.0], 0.5),
        "lin": ops.LinSpace(start=x[0, 0], stop=x[1, 1], num=5),
        "lin_1": ops.LinSpace(start=x[0, 0], stop=x[1, 1], num=1),
        "tan": tf.tan(x), "quotient": ops.TruncateDiv(x=n - 4, y=tf.constant(2)),
        "begin": ops.ConcatOffset(concat_dim=1, shape=[[3, 2], [3, 5], [3, 1]])[2],
        "stitched": ops.ParallelDynamicStitch(indices=[n[:1], n[1:]], data=[x[:1], x[1:]]),
    }
    for trains in (True, False):
        inputs = [tf.sin(images), images, x[0, :1] + tf.range(5.0), x[1, :1] + tf.range(5.0),
                  x[2, :1] ** 2 + tf.range(1.0, 6.0)]
        for op in (ops.FusedBatchNormGrad, ops.FusedBatchNormGradV2, ops.FusedBatchNormGradV3):
            given = dict(zip(["y_backprop", "x", "scale", "reserve_space_1", "reserve_space_2"],
                             inputs))
            if op is not ops.FusedBatchNormGrad:
                given["reserve_space_3" if op is ops.FusedBatchNormGradV3 else "_"] = inputs[4]
                given.pop("_", None)
            if trains:  # as the forward operation gives them
                mean, variance = tf.nn.moments(images, [0, 1, 2])
                given.update(reserve_space_1=mean, reserve_space_2=variance)
            result = op(epsilon=0.01, is_training=trains, **given)
            for name in ("x_backprop", "scale_backprop", "offset_backprop"):
                made[f"{op.__name__}_{trains}_{name}"] = getattr(result, name)
    return [tf.identity(value, name=name + "_out").name for name, value in made.items()], [
        {"x:0": floats(3, 4), "images:0": floats(2, 4, 3, 5), "n:0": np.array([3, 1, 2], np.int32)}]


@case
def older_layers():
    """Layers that older programs have as one operation, in each of their ways."""
    ops = tf.raw_ops
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    images = tf.placeholder(tf.float32, [2, 6, 4, 3], name="images")
    dy = tf.placeholder(tf.float32, [2, 3, 2, 6], name="dy")
    depthwise = dict(strides=[1, 2, 2, 1], padding="SAME")
    filters, kernel = floats(3, 3, 3, 2), floats(2, 2, 3, 4) * 0.1
    variable = tf.get_variable("rows", initializer=floats(5, 2), use_resource=True)
    weights = dict(w=floats(7, 16), b=floats(16) * 0.1, wci=floats(4), wcf=floats(4) * 0.5,
                   wco=-floats(4))
    state, h = floats(2, 4), floats(4, 2).reshape(2, 4) * 0.3
    images_4 = tf.reshape(tf.transpose(images, [0, 3, 1, 2]), [6, 6, 4, 1])
    made = {
        "input_gradient": ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=[2, 6, 4, 3], filter=filters, out_backprop=dy, **depthwise),
        "filter_gradient": ops.DepthwiseConv2dNativeBackpropFilter(
            input=images, filter_sizes=[3, 3, 3, 2], out_backprop=dy, **depthwise),
        "pool": ops.MaxPoolV2(input=images, ksize=[1, 2, 2, 1], strides=[1, 2, 1, 1],
                              padding="VALID"),
        "to_batch": ops.SpaceToBatch(input=images, paddings=[[1, 1], [0, 0]], block_size=2),
        "from_batch": ops.BatchToSpace(input=tf.concat([images_4, images_4[:2]], 0),
                                       crops=[[1, 0], [0, 2]], block_size=2),
        "clipped": ops.ClipByValue(t=x, clip_value_min=-0.5, clip_value_max=0.75),
        "biased": ops.BiasAddV1(value=x, bias=floats(3)),
        "transposed": ops.ConjugateTranspose(x=x, perm=[1, 0]),
        "no_nan": ops.MulNoNan(x=1.0 / tf.nn.relu(x), y=tf.nn.relu(x)),
        "xdivy": ops.Xdivy(x=tf.nn.relu(x), y=tf.nn.relu(x)),
        "xlogy": ops.Xlogy(x=tf.nn.relu(x), y=tf.nn.relu(x)),
    }
    with tf.control_dependencies([variable.initializer]):
        about = dict(resource=variable.handle, indices=[[4, 0], [1, 1]], dtype=tf.float32)
        made["rows_of"] = ops.ResourceGather(**about)
        made["places_of"] = ops.ResourceGatherNd(**about)
    for name in ("Sum", "Mean", "SqrtN"):
        op = getattr(ops, "SparseSegment" + name)
        made["segments_" + name] = op(data=x, indices=[1, 0, 1], segment_ids=[0, 0, 2])
    for mode in ("REFLECT", "SYMMETRIC"):  # of more images TensorFlow answers for the first
        about = dict(paddings=[[0, 0], [1, 1], [2, 1], [0, 0]], filter=kernel, mode=mode,
                     strides=[1, 1, 2, 1], padding="VALID")
        made["padded_" + mode] = ops.FusedPadConv2D(input=images[:1], **about)
        made["resized_" + mode] = ops.FusedResizeAndPadConv2D(
            input=images[:1], size=[5, 7], resize_align_corners=mode == "REFLECT", **about)
    for peeks in (True, False):
        cell = ops.LSTMBlockCell(x=x, cs_prev=state, h_prev=h, use_peephole=peeks,
                                 cell_clip=0.4 if peeks else -1, forget_bias=0.5, **weights)
        made |= {f"lstm_{peeks}_{name}": value for name, value in cell._asdict().items()}
    cell = ops.GRUBlockCell(x=x, h_prev=h, w_ru=floats(7, 8), w_c=floats(7, 4), b_ru=floats(8),
                            b_c=floats(4))
    made |= {"gru_" + name: value for name, value in cell._asdict().items()}
    return [tf.identity(value, name=name + "_out").name for name, value in made.items()], [
        {"x:0": floats(2, 3), "images:0": floats(2, 6, 4, 3), "dy:0": floats(2, 3, 2, 6)}]


def noise(*shape, dtype=np.uint8):
    return np.random.RandomState(3).randint(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def files_of_pictures():
    """Files of all kinds, by name: what Pillow writes, and a bit of what TensorFlow does."""
    y, x = np.mgrid[0:9, 0:11]
    smooth = np.stack([y * 25, x * 20, (x + y) * 8], -1).astype(np.uint8)
    color = Image.fromarray((smooth + noise(9, 11, 3) // 8).astype(np.uint8))
    kinds = {
        "rgb_jpg": (color, {"quality": 90}), "grey_jpg": (color.convert("L"), {}),
        "cmyk_jpg": (color.convert("CMYK"), {}), "steps_jpg": (color, {"progressive": True}),
        "rgb_png": (color, {}), "grey_png": (color.convert("L"), {}),
        "rgba_png": (Image.fromarray(noise(5, 4, 4)), {}),
        "opacity_png": (color.convert("LA"), {}), "bits_png": (color.convert("1"), {}),
        "palette_png": (color.quantize(8), {}),
        "clear_png": (color.quantize(8), {"transparency": 2}),
        "rgb_bmp": (color, {}), "rgba_bmp": (Image.fromarray(noise(5, 4, 4)), {}),
    }
    files = {}
    for name, (picture, options) in kinds.items():
        file = io.BytesIO()
        picture.save(file, {"jpg": "JPEG", "png": "PNG", "bmp": "BMP"}[name[-3:]], **options)
        files[name] = file.getvalue()
    with tf.Graph().as_default(), tf.Session() as session:
        files["wide_png"] = session.run(tf.image.encode_png(noise(4, 5, 3, dtype=np.uint16)))
    return files


@case
def pictures():
    """Every way to decode files of each kind."""
    fetches = []

    def decoded(op, name, contents, **attributes):
        picture = op(contents=contents, **attributes)
        number = len(fetches)
        fetches.append(tf.identity(tf.cast(picture, tf.float32), name=f"{name}_{number}").name)

    ops = tf.raw_ops
    files = {name: tf.constant(value, name=name) for name, value in files_of_pictures().items()}
    for name, file in files.items():
        op = {"jpg": ops.DecodeJpeg, "png": ops.DecodePng, "bmp": ops.DecodeBmp}[name[-3:]]
        for channels in (0, 1, 3, 4):
            kinds = {1: name != "cmyk_jpg" and op != ops.DecodeBmp, 4: op != ops.DecodeJpeg}
            if kinds.get(channels, True):
                decoded(op, name, file, channels=channels)
        for dtype in (tf.uint8, tf.uint16, tf.float32):
            decoded(ops.DecodeImage, name, file, dtype=dtype)
        if op is ops.DecodePng:
            decoded(op, name, file, dtype=tf.uint16)
    for attributes in [{"ratio": 2}, {"ratio": 8}, {"fancy_upscaling": False},
                       {"dct_method": "INTEGER_ACCURATE"}, {"dct_method": "INTEGER_FAST"}]:
        decoded(ops.DecodeJpeg, "other", files["rgb_jpg"], **attributes)
    decoded(ops.DecodeJpeg, "png", files["rgb_png"])
    decoded(ops.DecodePng, "jpg", files["rgb_jpg"], dtype=tf.uint16)
    decoded(ops.DecodeJpeg, "recovered", tf.constant(cut_jpeg()), try_recover_truncated=True)
    decoded(ops.DecodeJpeg, "cut", tf.constant(cut_jpeg()), acceptable_fraction=0.2)
    return fetches, [{}]


def cut_jpeg():
    file = io.BytesIO()
    Image.fromarray(noise(90, 24, 3)).save(file, "JPEG")
    return file.getvalue()[:-400]


@case
def labels():
    """CTC: losses with their gradient, and what decoders find."""
    ops = tf.raw_ops
    logits = tf.placeholder(tf.float32, [7, 3, 5], name="logits")
    lengths = tf.placeholder(tf.int32, [3], name="lengths")
    indices = tf.constant([[0, 0], [0, 1], [0, 2], [1, 0], [2, 0], [2, 1]], tf.int64)
    values = tf.constant([1, 1, 2, 3, 0, 4])
    fetches = []

    def add(results, name):
        for number, result in enumerate(tf.nest.flatten(results)):
            fetches.append(tf.identity(result, name=f"{name}_{number}").name)

    def add_loss(inputs, name, **attributes):
        loss = ops.CTCLoss(inputs=inputs, labels_indices=indices, labels_values=values,
                           sequence_length=lengths, ignore_longer_outputs_than_inputs=True,
                           **attributes)
        weights = tf.cast([1.0, 2.0, 3.0], inputs.dtype)
        add([tf.cast(result, tf.float32) for result in (
            loss.loss, loss.gradient, tf.gradients(loss.loss * weights, logits)[0])], name)

    # In float32 TensorFlow's are off by some 1e-5.
    wide = tf.cast(logits, tf.float64)
    add_loss(logits * 0.1, "loss")
    add_loss(wide, "wide")
    add_loss(wide, "collapsed", preprocess_collapse_repeated=True)
    add_loss(wide, "not_merged", ctc_merge_repeated=False)
    add_loss(wide, "neither", preprocess_collapse_repeated=True, ctc_merge_repeated=False)
    for merges in (False, True):
        add(ops.CTCGreedyDecoder(inputs=logits, sequence_length=lengths, merge_repeated=merges),
            f"greedy_{merges}")
        add(ops.CTCBeamSearchDecoder(inputs=logits * 2.0, sequence_length=lengths, beam_width=4,
                                     top_paths=3, merge_repeated=merges), f"beams_{merges}")
    add(ops.CTCGreedyDecoder(inputs=logits, sequence_length=lengths, blank_index=1), "blank")
    add(ops.CTCBeamSearchDecoder(inputs=logits, sequence_length=lengths, beam_width=100,
                                 top_paths=1), "wide_beams")
    return fetches, [
        {"logits:0": np.random.RandomState(seed).randn(7, 3, 5).astype(np.float32) * 2,
         "lengths:0": np.array(length, np.int32)}
        for seed, length in enumerate([[7, 5, 4], [2, 7, 6], [7, 7, 7]])]


@case
def suppression():
    """Boxes that lower each other's scores, or leave each other out."""
    boxes = tf.placeholder(tf.float32, [None, 4], name="boxes")
    scores = tf.placeholder(tf.float32, [None], name="scores")
    fetches = []
    for number, (sigma, least, most, pads) in enumerate([
            (0.0, 0.1, 20, False), (0.5, 0.2, 20, False), (0.3, 0.0, 5, False),
            (0.5, 0.3, 30, True), (0.0, -10.0, 0, False)]):
        result = tf.raw_ops.NonMaxSuppressionV5(
            boxes=boxes, scores=scores, max_output_size=most, iou_threshold=0.4,
            score_threshold=least, soft_nms_sigma=sigma, pad_to_max_output_size=pads)
        fetches += [tf.identity(output, name=f"{name}_{number}").name
                    for name, output in result._asdict().items()]
    random = np.random.RandomState(1)
    corners = random.rand(25, 2)
    given = np.concatenate([corners, corners + random.rand(25, 2) * 0.6], 1).astype(np.float32)
    given[::3] = given[::3][:, [2, 1, 0, 3]]
    return fetches, [{"boxes:0": given, "scores:0": random.rand(25).astype(np.float32)},
                     {"boxes:0": given[:0], "scores:0": np.zeros([0], np.float32)}]


def example(**features):
    """A serialized tf.train.Example."""
    made = tf.train.Example()
    for name, values in features.items():
        feature = made.features.feature[name]
        if isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    return made.SerializeToString(deterministic=True)


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def not_packed(name, values):
    """An Example with one feature, of integers that are written one by one."""
    integers = field(3, b"".join(bytes([1 << 3, value]) for value in values))
    return field(1, field(1, field(1, name) + field(2, integers)))


def letters(strings, name):
    """The bytes of all, as numbers."""
    joined = tf.raw_ops.ReduceJoin(inputs=tf.reshape(strings, [-1]),
                                   reduction_indices=tf.constant([0]), separator="|")
    return tf.decode_raw(joined, tf.uint8, name=name).name


def parsed_as(results, name):
    """Fetches for what a ParseExample gives."""
    fetches = []
    for output, tensors in results._asdict().items():
        for number, tensor in enumerate(tensors):
            called = f"{name}_{output}_{number}"
            is_text = tensor.dtype == tf.string
            fetches.append(letters(tensor, called) if is_text
                           else tf.identity(tensor, name=called).name)
    return fetches


@case
def examples():
    """Batches of examples and one of them, in all three operations."""
    batch = tf.constant([
        example(x=[1.0, 2.0], n=[7], s=[b"one", b"two"], rows=[1, 2, 3, 4], few=[0.5], m=[1, 2],
                p=[3, 4, 5], q=[0.5]),
        example(x=[3.0, 4.0], t=[b"here"], s=[b"three"], g=[1.0, 0.5]),
        example(n=[-1], x=[5.0, 6.0], rows=[5, 6], few=[1.5, 2.5, 3.5], m=[3], p=[6]) +
        not_packed(b"rows", [7, 8, 9, 10, 11, 12])])
    keys = ["x", "n", "t", "rows", "few"]
    defaults = [tf.constant([], tf.float32), tf.constant(9, tf.int64), tf.constant("none"),
                tf.constant(-5, tf.int64), tf.constant(0.25)]
    shapes = [[2], [], [], [None, 2], [None]]
    types = [tf.string, tf.int64, tf.float32]
    sparse = ["s", "m", "g"]
    ops, no_text = tf.raw_ops, tf.constant([], tf.string)
    fetches = parsed_as(ops.ParseExample(
        serialized=batch, names=[], sparse_keys=sparse, dense_keys=keys, dense_defaults=defaults,
        sparse_types=types, dense_shapes=shapes), "old")
    for name, serialized in [("new", batch), ("scalar", batch[0])]:
        fetches += parsed_as(ops.ParseExampleV2(
            serialized=serialized, names=no_text, sparse_keys=sparse, dense_keys=keys,
            ragged_keys=["p", "q"], dense_defaults=defaults, num_sparse=3, sparse_types=types,
            ragged_value_types=[tf.int64, tf.float32], ragged_split_types=[tf.int32, tf.int64],
            dense_shapes=shapes), name)
    fetches += parsed_as(ops.ParseSingleExample(
        serialized=batch[1], dense_defaults=defaults, num_sparse=3, sparse_keys=sparse,
        dense_keys=keys, sparse_types=types, dense_shapes=shapes), "single")
    return fetches, [{}]


def main(folder, names):
    os.makedirs(folder, exist_ok=True)
    for name in names or CASES:
        build = CASES[name]
        with tf.Graph().as_default() as graph:
            fetches, runs, *alone = build()
            values = {}
            with tf.Session() as session:
                session.run(tf.tables_initializer())
                for number, feeds in enumerate(runs):
                    answers = session.run(fetches, feeds)
                    for tensor, value in feeds.items():
                        values[f"{number}/feed/{tensor}"] = value
                    for tensor, value in zip(fetches, answers):
                        values[f"{number}/want/{tensor}"] = value
            definition = graph.as_graph_def()
        for node in definition.node:
            for attribute in ("_output_shapes", "_XlaCompile"):
                node.attr.pop(attribute, None)
        if not any(node.op in ("StatefulPartitionedCall", "PartitionedCall", "While")
                   for node in definition.node):
            definition.ClearField("library")
        if not alone:
            with open(os.path.join(folder, name + ".pb"), "wb") as file:
                file.write(definition.SerializeToString(deterministic=True))
        if values:
            np.savez_compressed(os.path.join(folder, name + ".npz"), **values)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
