"""One training step of DS-CNN in PyTorch (eager, channels last), in CPU time."""

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__)
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


class Same(nn.Module):
    """TensorFlow's SAME padding of the first convolution: 49x10, kernel 10x4, stride 2."""

    def forward(self, x):
        return nn.functional.pad(x, (1, 1, 4, 5))


def ds_cnn():
    """MLPerf Tiny's keyword spotting network, ending in logits."""
    layers = [Same(), nn.Conv2d(1, 64, (10, 4), stride=2), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    for _ in range(4):
        layers += [nn.Conv2d(64, 64, 3, padding=1, groups=64), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
        layers += [nn.Conv2d(64, 64, 1), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AvgPool2d((25, 5)), nn.Flatten(), nn.Linear(64, 12))


def steps(channels_last):
    """The step as a closure over a fresh model, in one of the two memory layouts."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = ds_cnn().to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, foreach=True)
    x = torch.randn(args.batch, 1, 49, 10).to(memory_format=layout)
    y = torch.randint(0, 12, (args.batch,))

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


measure("pytorch", torch.__version__, args, steps(channels_last=False))
measure("pytorch-nhwc", torch.__version__, args, steps(channels_last=True))
