"""Quantises the float models of MLPerf Tiny and sets them beside the int8 files that were published with them.

mlperf_tiny.py SHARED SMIDGEN WORK: models and data, the program, a folder for what is made. Prints the rows of a table.
"""

import gzip
import json
import pathlib
import subprocess
import sys

import numpy as np

shared, smidgen, work = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
models = shared / "models/mlperf_tiny"
work.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(1)

# The float keyword model holds int8 weights, which its runtime makes float32.
READING = ["--dynamic-range", "float"]
WAYS = {
    "int8, min_max": [],
    "int8, mse": ["--calibration", "mse"],
    "int8, adaptive rounding": ["--adaptive-rounding"],
    "int8, mse, adaptive rounding": ["--calibration", "mse", "--adaptive-rounding"],
    "int16x8": ["--activation-bits", "16"],
    "int16x8, adaptive rounding": ["--activation-bits", "16", "--adaptive-rounding"],
}


def command(*arguments):
    subprocess.run([smidgen, *map(str, arguments), "--quiet"], check=True, stdout=subprocess.DEVNULL)


def outputs(model, inputs):
    """What a model gives for real inputs, one a row, in real units: quantised and dequantised by the file's own scales."""
    inspect = [smidgen, "inspect", model, "--json", *READING]
    answer = subprocess.run(inspect, check=True, capture_output=True)
    facts = json.loads(answer.stdout)
    own, result = facts["inputs"][0], facts["outputs"][0]
    raw = inputs.astype("<f4")
    dtypes = {"float32": "<f4", "int8": "i1", "int16": "<i2"}
    if own["dtype"] != "float32":
        limits = np.iinfo(dtypes[own["dtype"]])
        steps = np.round(inputs / own["scale"]) + own["zero_point"]
        raw = steps.clip(limits.min, limits.max).astype(dtypes[own["dtype"]])
    (work / "in.bin").write_bytes(raw.tobytes())
    command("run", model, *READING, "--input", work / "in.bin", "--output", work / "out.bin")
    found = np.frombuffer((work / "out.bin").read_bytes(), dtypes[result["dtype"]]).reshape(len(inputs), -1).astype(float)
    if result["dtype"] != "float32":
        found = (found - result["zero_point"]) * result["scale"]
    return found


def mel_filters(n_mels, n_bins, rate, low, high):
    """Triangles in mel (HTK), as tf.signal.linear_to_mel_weight_matrix has them."""
    mel = lambda hz: 1127.0 * np.log(1.0 + hz / 700.0)
    bins = mel(np.linspace(0.0, rate / 2, n_bins))[:, None]
    edges = np.linspace(mel(low), mel(high), n_mels + 2)
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(rise, fall))
    filters[0] = 0.0
    return filters


def frames(sound, length, hop, fft):
    window = np.hanning(length + 1)[:-1]
    starts = range(0, len(sound) - length + 1, hop)
    return np.abs(np.fft.rfft([sound[at : at + length] * window for at in starts], fft))


def wav(path):
    data = path.read_bytes()
    return np.frombuffer(data[data.index(b"data") + 8 :], "<i2").astype(float)


def mfcc(sound):
    """49 x 10 as the reference implementation of MLPerf Tiny makes them."""
    sound = np.pad(sound / max(np.max(sound), 1.0), (0, max(0, 16000 - len(sound))))[:16000]
    log_mel = np.log(frames(sound, 480, 320, 512) @ mel_filters(40, 257, 16000, 20.0, 4000.0) + 1e-6)
    cosines = np.cos(np.pi / 40 * np.outer(np.arange(40) + 0.5, np.arange(10)))
    return (log_mel @ cosines * 2.0 / np.sqrt(80.0)).reshape(-1)


def log_mel_640(sound):
    """Five frames of 128 bands in dB side by side, as the anomaly reference makes them."""
    power = frames(sound / 32768.0, 1024, 512, 1024) ** 2
    decibel = 10.0 * np.log10(power @ mel_filters(128, 513, 16000, 0.0, 8000.0) + np.finfo(float).eps)
    return np.array([decibel[at : at + 5].reshape(-1) for at in range(len(decibel) - 4)])


def images(path):
    raw = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)[16:].reshape(-1, 28, 28)
    padded = np.pad(raw, ((0, 0), (2, 2), (2, 2)))
    return np.repeat(padded[..., None], 3, axis=3).reshape(len(raw), -1).astype(float)


def photographs(n):
    """Crops of the photographs beside the MobileNets, of 32 x 32 pixels at several sizes."""
    made = []
    for name in ["cat.bmp", "grace_hopper.bmp"]:
        data = (shared / "models/mobilenet" / name).read_bytes()
        start, width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (10, 18, 22))
        stride = (width * 3 + 3) // 4 * 4
        rows = np.frombuffer(data, np.uint8, stride * abs(height), start).reshape(abs(height), stride)[:, : width * 3]
        picture = rows.reshape(abs(height), width, 3)[:: -1 if height > 0 else 1, :, ::-1]
        for _ in range(n // 2):
            step = random.integers(1, 8)
            y, x = (random.integers(0, size - 32 * step + 1) for size in picture.shape[:2])
            crop = picture[y : y + 32 * step, x : x + 32 * step].reshape(32, step, 32, step, 3)
            made.append(crop.mean(axis=(1, 3)).round().reshape(-1))
    return np.array(made)


def keywords():
    words = ["down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "_silence_", "_unknown_"]
    files = sorted((shared / "data/kws/speech_commands_v2_testslice").rglob("*.wav"))
    files = [file for file in files if file.parent.name in words]
    features = np.array([mfcc(wav(file)) for file in files])
    return features, np.array([words.index(file.parent.name) for file in files])


def same_class(float_outputs, found):
    """Percent of inputs with the class of the float model."""
    return 100.0 * np.mean(float_outputs.argmax(axis=1) == found.argmax(axis=1))


def anomaly_score(inputs):
    return lambda outputs: np.mean((outputs - inputs) ** 2, axis=1)


def compare(task, float_name, published, inputs, judge):
    order = random.permutation(len(inputs))
    calibration, judged = inputs[order[:200]], order[200:]
    (work / "calibration.bin").write_bytes(calibration.astype("<f4").tobytes())
    inputs = inputs[judged]
    exact = outputs(models / float_name, inputs)
    quantized = work / "quantized.tflite"
    show = lambda way, model: print(f"| {task} | {way} | {judge(judged, exact, outputs(model, inputs))} |", flush=True)
    show("published int8", models / published)
    for way, flags in WAYS.items():
        command("quantize", models / float_name, *READING, "--data", work / "calibration.bin", "-o", quantized, *flags)
        show(way, quantized)


def classes(labels=None):
    def judge(judged, exact, found):
        same = f"{same_class(exact, found):.2f} % as float"
        if labels is None:
            return same
        right = lambda outputs: 100.0 * np.mean(outputs.argmax(axis=1) == labels[judged])
        return f"{right(found):.2f} % right ({right(found) - right(exact):+.2f} points to float), {same}"

    return judge


def scores(inputs):
    def judge(judged, exact, found):
        score = anomaly_score(inputs[judged])
        exact, found = score(exact), score(found)
        return f"score differs by {100.0 * np.mean(np.abs(found - exact)) / np.mean(exact):.3f} % of its mean"

    return judge


print("| model | way | against float |\n|---|---|---|")
features, labels = keywords()
compare("kws", "kws_ref_model_float32.tflite", "kws_ref_model_int8.tflite", features, classes(labels))
photos = photographs(2000)
compare("ic, crops of photographs", "pretrainedResnet_float.tflite", "pretrainedResnet_int8.tflite", photos, classes())
clothes = images(shared / "data/image/fashion_mnist/t10k-images-idx3-ubyte.gz")[:3000]
compare("ic, Fashion-MNIST", "pretrainedResnet_float.tflite", "pretrainedResnet_int8.tflite", clothes, classes())
sounds = sorted((shared / "data/kws/speech_commands_v2_testslice").rglob("*.wav"))[::8]
spectra = np.concatenate([log_mel_640(wav(file)) for file in sounds])
compare("ad, spectra of speech", "ad01_fp32.tflite", "ad01_int8.tflite", spectra, scores(spectra))
