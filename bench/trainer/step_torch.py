"""One training step of a network in PyTorch (eager, channels last), in CPU time."""

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--network", choices=["ds_cnn", "mobilenet_v1", "resnet_8"], required=True)
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
args = parser.parse_args()

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["OMP_NUM_THREADS"] = str(args.threads)

import torch
from torch import nn

from timing import measure

torch.set_num_threads(args.threads)
torch.manual_seed(1)


class Pad(nn.Module):
    """TensorFlow's SAME padding where it is not the same on both sides."""

    def __init__(self, *sides):
        super().__init__()
        self.sides = sides

    def forward(self, x):
        return nn.functional.pad(x, self.sides)


def rectified(channels):
    return [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]


def conv(inputs, outputs, kernel, stride=1):
    """A convolution with SAME padding of an even image."""
    if stride == 2 and kernel == 3:
        return [Pad(0, 1, 0, 1), nn.Conv2d(inputs, outputs, 3, stride=2)]
    return [nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2)]


def separable(inputs, outputs, stride=1):
    if stride == 2:
        layers = [Pad(0, 1, 0, 1), nn.Conv2d(inputs, inputs, 3, stride=2, groups=inputs)]
    else:
        layers = [nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs)]
    return layers + rectified(inputs) + conv(inputs, outputs, 1) + rectified(outputs)


def ds_cnn():
    layers = [Pad(1, 1, 4, 5), nn.Conv2d(1, 64, (10, 4), stride=2)] + rectified(64)
    for _ in range(4):
        layers += separable(64, 64)
    return layers


def mobilenet_v1():
    layers, inputs = conv(3, 8, 3, 2) + rectified(8), 8
    for outputs, stride in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + [(128, 1)] * 5 + [(256, 2), (256, 1)]:
        layers, inputs = layers + separable(inputs, outputs, stride), outputs
    return layers


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        first = conv(inputs, outputs, 3, stride) + rectified(outputs)
        self.long = nn.Sequential(*first, *conv(outputs, outputs, 3), nn.BatchNorm2d(outputs))
        self.short = nn.Sequential(*conv(inputs, outputs, 1, stride)) if stride > 1 else nn.Identity()

    def forward(self, x):
        return nn.functional.relu(self.short(x) + self.long(x), inplace=True)


def resnet_8():
    layers, inputs = conv(3, 16, 3) + rectified(16), 16
    for outputs, stride in [(16, 1), (32, 2), (64, 2)]:
        layers, inputs = layers + [Residual(inputs, outputs, stride)], outputs
    return layers


NETWORKS = {
    "ds_cnn": (ds_cnn, (1, 49, 10), (25, 5), 64, 12),
    "mobilenet_v1": (mobilenet_v1, (3, 96, 96), (3, 3), 256, 2),
    "resnet_8": (resnet_8, (3, 32, 32), (8, 8), 64, 10),
}
body, shape, extents, channels, classes = NETWORKS[args.network]


def steps(channels_last):
    """The step as a closure over a fresh model, in one of the two memory layouts."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = nn.Sequential(*body(), nn.AvgPool2d(extents), nn.Flatten(), nn.Linear(channels, classes))
    model = model.to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, foreach=True)
    x = torch.randn(args.batch, *shape).to(memory_format=layout)
    y = torch.randint(0, classes, (args.batch,))

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


measure("pytorch", torch.__version__, args, steps(channels_last=False))
measure("pytorch-nhwc", torch.__version__, args, steps(channels_last=True))
