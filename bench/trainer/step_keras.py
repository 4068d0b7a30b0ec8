"""One training step of a network in TensorFlow (Keras layers under tf.function), in CPU time."""

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--network", choices=["ds_cnn", "mobilenet_v1", "resnet_8"], required=True)
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--jit", action="store_true", help="compile the step with XLA")
args = parser.parse_args()

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["OMP_NUM_THREADS"] = str(args.threads)

import numpy as np
import tensorflow as tf

from timing import measure

tf.config.threading.set_intra_op_parallelism_threads(args.threads)
tf.config.threading.set_inter_op_parallelism_threads(1)


layers = tf.keras.layers


def rectified(x):
    return layers.ReLU()(layers.BatchNormalization()(x))


def separable(x, channels, stride=1):
    x = rectified(layers.DepthwiseConv2D(3, strides=stride, padding="same")(x))
    return rectified(layers.Conv2D(channels, 1, padding="same")(x))


def ds_cnn(x):
    x = rectified(layers.Conv2D(64, (10, 4), strides=2, padding="same")(x))
    for _ in range(4):
        x = separable(x, 64)
    return x


def mobilenet_v1(x):
    x = rectified(layers.Conv2D(8, 3, strides=2, padding="same")(x))
    for channels, stride in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + [(128, 1)] * 5 + [(256, 2), (256, 1)]:
        x = separable(x, channels, stride)
    return x


def resnet_8(x):
    x = rectified(layers.Conv2D(16, 3, padding="same")(x))
    for channels, stride in [(16, 1), (32, 2), (64, 2)]:
        y = rectified(layers.Conv2D(channels, 3, strides=stride, padding="same")(x))
        y = layers.BatchNormalization()(layers.Conv2D(channels, 3, padding="same")(y))
        if stride > 1:
            x = layers.Conv2D(channels, 1, strides=stride, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return x


NETWORKS = {
    "ds_cnn": (ds_cnn, (49, 10, 1), 12),
    "mobilenet_v1": (mobilenet_v1, (96, 96, 3), 2),
    "resnet_8": (resnet_8, (32, 32, 3), 10),
}
body, shape, classes = NETWORKS[args.network]
inputs = layers.Input(shape)
x = body(inputs)
x = layers.AveragePooling2D(x.shape[1:3])(x)
model = tf.keras.Model(inputs, layers.Dense(classes)(layers.Flatten()(x)))
loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.Adam(1e-3)
optimizer.build(model.trainable_variables)


@tf.function(jit_compile=args.jit)
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


random = np.random.default_rng(1)
x = tf.constant(random.standard_normal((args.batch, *shape), dtype=np.float32))
y = tf.constant(random.integers(0, classes, args.batch))
measure("tensorflow-xla" if args.jit else "tensorflow", tf.__version__, args, lambda: step(x, y).numpy())
