"""One training step of DS-CNN in TensorFlow (Keras layers under tf.function), in CPU time."""

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__)
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


def ds_cnn():
    """MLPerf Tiny's keyword spotting network, ending in logits."""
    layers = tf.keras.layers
    x = inputs = layers.Input((49, 10, 1))
    x = layers.Conv2D(64, (10, 4), strides=2, padding="same")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for _ in range(4):
        x = layers.DepthwiseConv2D(3, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(64, 1, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.AveragePooling2D((25, 5))(x)
    return tf.keras.Model(inputs, layers.Dense(12)(layers.Flatten()(x)))


model = ds_cnn()
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
x = tf.constant(random.standard_normal((args.batch, 49, 10, 1), dtype=np.float32))
y = tf.constant(random.integers(0, 12, args.batch))
measure("tensorflow-xla" if args.jit else "tensorflow", tf.__version__, args, lambda: step(x, y).numpy())
