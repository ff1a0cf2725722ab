"""The workloads of bench/gpu.cc on PyTorch, eager and as a CUDA graph: one JSON line each."""
import json
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit("torch_gpu: this python3 has no PyTorch")


def seconds_a_run(step):
    for _ in range(10):
        step()
    torch.cuda.synchronize()
    best = 1e9
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(50):
            step()
        torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / 50)
    return best


def conv(cin, cout, size):
    layer = torch.nn.Conv2d(cin, cout, size, padding=size // 2).cuda()
    return layer.to(memory_format=torch.channels_last)


def images(*shape):
    return torch.randn(*shape, device="cuda").to(memory_format=torch.channels_last)


def image_filter():
    x, first, second = images(1, 32, 20, 20), conv(32, 32, 5), conv(32, 32, 5)

    def step():
        with torch.no_grad():
            F.relu(second(F.relu(first(x))))
    return step


def layer(module, x, backward):
    def forward():
        with torch.no_grad():
            F.relu(module(x))

    def both():
        module.zero_grad(set_to_none=True)
        F.relu(module(x)).sum().backward()
    return both if backward else forward


def digits_step():
    net = torch.nn.Sequential(
        conv(1, 32, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        conv(32, 64, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(256, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10, bias=False)).cuda()
    return training_step(net, images(64, 1, 8, 8))


def mlp_step():
    net = torch.nn.Sequential(
        torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 512), torch.nn.ReLU(),
        torch.nn.Linear(512, 10)).cuda()
    return training_step(net, torch.randn(128, 784, device="cuda"))


def cnn_step():
    net = torch.nn.Sequential(
        conv(1, 32, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        conv(32, 64, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(3136, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 10)).cuda()
    return training_step(net, images(64, 1, 28, 28))


def training_step(net, x):
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True, capturable=True)
    labels = torch.zeros(len(x), dtype=torch.long, device="cuda")

    def step():
        adam.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), labels).backward()
        adam.step()
    return step


def rnn_fwd():
    x, w = torch.randn(100, 32, 64, device="cuda"), torch.randn(192, 128, device="cuda") * 0.05
    b = torch.randn(128, device="cuda")

    def step():
        with torch.no_grad():
            h = torch.zeros(32, 128, device="cuda")
            for one in x:
                h = torch.tanh(torch.addmm(b, torch.cat([one, h], 1), w))
    return step


def ew_chain20():
    x = torch.randn(1024, 1024, device="cuda")

    def step():
        with torch.no_grad():
            y = x
            for factor, shift in zip((0.9, 1.1, 0.8, 1.2, 0.95), (0.1, 0.2, 0.3, 0.4, 0.5)):
                y = torch.clamp_min(y * factor + x - shift, -1.0)
    return step


def norm():
    x, gamma, beta = (torch.randn(*shape, device="cuda") for shape in ((4096, 1024), (1024,), (1024,)))

    def step():
        with torch.no_grad():
            F.layer_norm(x, (1024,), gamma, beta, 1e-5)
    return step


def as_graph(step):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def main():
    if not torch.cuda.is_available():
        sys.exit("torch_gpu: PyTorch sees no GPU")
    for tf32 in (False, True):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        dense = torch.nn.Linear(4096, 4096).cuda()
        workloads = {
            "image_filter": image_filter(),
            "conv_relu_fwd": layer(conv(64, 64, 3), images(64, 64, 56, 56), False),
            "conv_relu_fwdbwd": layer(conv(64, 64, 3), images(64, 64, 56, 56), True),
            "dense_4096_fwd": layer(dense, torch.randn(4096, 4096, device="cuda"), False),
            "dense_4096_fwdbwd": layer(dense, torch.randn(4096, 4096, device="cuda"), True),
            "digits_step": digits_step(),
            "mlp_train": mlp_step(),
            "cnn_train": cnn_step(),
            "rnn_fwd": rnn_fwd(),
            "ew_chain20": ew_chain20(),
            "norm_4096x1024": norm(),
        }
        for name, step in workloads.items():
            for mode in ("eager", "graph"):
                run = as_graph(step) if mode == "graph" else step
                print(json.dumps({"library": f"torch {torch.__version__} {mode}", "workload": name,
                                  "tf32": tf32, "device": torch.cuda.get_device_name(),
                                  "us": round(seconds_a_run(run) * 1e6, 2)}), flush=True)


main()
