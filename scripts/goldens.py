"""Computes the outputs of the models in testdata/operators. Called by make-goldens.

    goldens.py FOLDER OPERATOR...

Each <case>.tflite is run over <case>.in.bin, inference by inference, state reset before each
but in cases whose name holds "stateful". The outputs go to
<case>.out.bin, and the runtime that made them to runtimes.txt of the operator's folder.
"""
import contextlib
import importlib.metadata
import os
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tflite_micro import runtime

ARENA_BYTES = 64 << 20


class Tflm:
    """TensorFlow Lite for Microcontrollers, reference kernels."""

    name = "tflite-micro"

    def __init__(self, path, shapes):
        self.shapes = shapes
        self.interpreter = runtime.Interpreter.from_file(str(path), arena_size=ARENA_BYTES)

    def reset(self):
        self.interpreter.reset()

    def run(self, inputs, n_outputs):
        for at, tensor in enumerate(inputs):
            self.interpreter.set_input(tensor, at)
        self.interpreter.invoke()
        return [np.array(self.interpreter.get_output(at)) for at in range(n_outputs)]


class LiteRt:
    """LiteRT, reference kernels."""

    name = "ai-edge-litert"
    kernels = OpResolverType.BUILTIN_REF

    def __init__(self, path, _):
        self.interpreter = Interpreter(str(path), experimental_op_resolver_type=self.kernels)
        self.interpreter.allocate_tensors()

    def reset(self):
        self.interpreter.reset_all_variables()

    def run(self, inputs, _):
        for detail, tensor in zip(self.interpreter.get_input_details(), inputs):
            self.interpreter.set_tensor(detail["index"], tensor)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(detail["index"]) for detail in self.interpreter.get_output_details()]


class LiteRtOptimized(LiteRt):
    """LiteRT's other kernels, for versions of operators that its reference kernels are not registered for."""

    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES


@contextlib.contextmanager
def quiet():
    """Keeps a runtime's complaints off the terminal: another runtime answers then."""
    saved = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def ports(path):
    """Types and shapes of the inputs, and the number of outputs, from the file itself."""
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema
    types = {0: np.float32, 2: np.int32, 3: np.uint8, 4: np.int64, 6: np.bool_, 7: np.int16, 9: np.int8,
             12: np.uint64, 15: np.uint32}
    graph = schema.Model.GetRootAsModel(path.read_bytes(), 0).Subgraphs(0)
    tensors = [graph.Tensors(graph.Inputs(at)) for at in range(graph.InputsLength())]
    inputs = [(types[tensor.Type()], [tensor.Shape(axis) for axis in range(tensor.ShapeLength())]) for tensor in tensors]
    return inputs, graph.OutputsLength()


def outputs(interpreter, data, inputs, n_outputs, stateful):
    result = b""
    sizes = [int(np.prod(shape)) * np.dtype(kind).itemsize for kind, shape in inputs]
    assert data and len(data) % sum(sizes) == 0, f"{len(data)} bytes are no whole inferences"
    interpreter.reset()
    while data:
        if not stateful:
            interpreter.reset()
        tensors = []
        for (kind, shape), size in zip(inputs, sizes):
            tensors.append(np.frombuffer(data[:size], kind).reshape(shape))
            data = data[size:]
        result += b"".join(np.ascontiguousarray(one).tobytes() for one in interpreter.run(tensors, n_outputs))
    return result


def make(path):
    """Makes the outputs of one case; says by which runtime."""
    inputs, n_outputs = ports(path)
    data = path.with_suffix(".in.bin").read_bytes()
    problems = []
    for kind in (Tflm, LiteRt, LiteRtOptimized):
        try:
            with quiet():
                result = outputs(kind(path, inputs), data, inputs, n_outputs, "stateful" in path.stem)
        except Exception as problem:  # The next runtime may have the kernel.
            problems.append(f"{kind.name}: {problem}")
            continue
        path.with_suffix(".out.bin").write_bytes(result)
        return kind.name
    sys.exit(f"{path}: no runtime runs it: {'; '.join(problems)}")


def main():
    folder, operators = pathlib.Path(sys.argv[1]), sys.argv[2:]
    for operator in operators:
        lines = []
        for path in sorted((folder / operator).glob("*.tflite")):
            name = make(path)
            lines.append(f"{path.stem}: {name} {importlib.metadata.version(name)}\n")
        (folder / operator / "runtimes.txt").write_text("".join(lines))
        print(f"{operator}: {len(lines)} cases")


if __name__ == "__main__":
    main()
