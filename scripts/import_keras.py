"""Makes testdata/import/keras: small Keras networks as TensorFlow converts them, with the lines that docs/import.md gives,
and what TFLM's reference kernels compute with them. Called by scripts/make-import-fixtures keras."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from tflite_micro import runtime

folder = os.path.join(sys.argv[1], "keras")
os.makedirs(folder, exist_ok=True)
tf.keras.utils.set_random_seed(5)
layers = tf.keras.layers
model = tf.keras.Sequential([
    layers.Input((12, 12, 2), batch_size=1),
    layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False),
    layers.BatchNormalization(),
    layers.ReLU(6.0),
    layers.DepthwiseConv2D(3, padding="same", activation="relu"),
    layers.MaxPooling2D(2),
    layers.Conv2D(8, 1, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(5, activation="softmax"),
])
rng = np.random.default_rng(11)
images = (rng.integers(-32, 33, (200, 12, 12, 2)) / 16).astype(np.float32)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
model.fit(images, rng.integers(0, 5, 200), epochs=1, batch_size=1, verbose=0)


steps = (rng.integers(-32, 33, (200, 5, 4)) / 16).astype(np.float32)


def recurrent(layer):
    return tf.keras.Sequential([layers.Input((5, 4), batch_size=1), layer, layers.Dense(3)])


def converted(model, data, kind):
    def representative_dataset():
        for value in data[:100]:
            yield [value[None]]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative_dataset
    if kind == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    if kind == "int16x8":
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
        converter.inference_input_type = tf.int16
        converter.inference_output_type = tf.int16
    return converter.convert()


def save(name, model, data, kind):
    content = converted(model, data, kind)
    path = os.path.join(folder, name)
    with open(path + ".tflite", "wb") as file:
        file.write(content)
    interpreter = runtime.Interpreter.from_bytes(content)
    inputs, outputs = b"", b""
    for value in data[100:104]:
        details = interpreter.get_input_details(0)
        value = value[None]
        if kind != "float":
            scale = details["quantization_parameters"]["scales"][0]
            zero_point = details["quantization_parameters"]["zero_points"][0]
            bounds = np.iinfo(details["dtype"])
            value = np.clip(np.round(value / scale) + zero_point, bounds.min, bounds.max).astype(details["dtype"])
        interpreter.set_input(value, 0)
        interpreter.invoke()
        inputs += value.tobytes()
        outputs += interpreter.get_output(0).tobytes()
    for end, content in [("in", inputs), ("out", outputs)]:
        with open(f"{path}.{end}.bin", "wb") as file:
            file.write(content)


for kind in ["float", "int8", "int16x8"]:
    save(kind, model, images, kind)
    save(f"lstm_{kind}", recurrent(layers.LSTM(6, unroll=True)), steps, kind)
    save(f"gru_{kind}", recurrent(layers.GRU(6, unroll=True)), steps, kind)
