"""The workloads of bench/gpu.cc on PyTorch: one JSON line each."""
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
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, labels = images(64, 1, 8, 8), torch.zeros(64, dtype=torch.long, device="cuda")

    def step():
        adam.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), labels).backward()
        adam.step()
    return step


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
        }
        for name, step in workloads.items():
            print(json.dumps({"library": f"torch {torch.__version__}", "workload": name,
                              "tf32": tf32, "device": torch.cuda.get_device_name(),
                              "us": round(seconds_a_run(step) * 1e6, 2)}), flush=True)


main()
