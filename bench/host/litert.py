"""Prints the CPU and wall seconds of one inference in LiteRT's reference kernels.

    litert.py MODEL INFERENCES
"""
import sys
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

model, n_inferences = sys.argv[1], int(sys.argv[2])
interpreter = Interpreter(model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
interpreter.allocate_tensors()
detail = interpreter.get_input_details()[0]
noise = np.random.default_rng(1).integers(0, 256, detail["shape"]).astype(np.uint8)
interpreter.set_tensor(detail["index"], noise.astype(detail["dtype"]))
interpreter.invoke()
cpu, wall = time.process_time(), time.perf_counter()
for _ in range(n_inferences):
    interpreter.invoke()
print((time.process_time() - cpu) / n_inferences, (time.perf_counter() - wall) / n_inferences)
