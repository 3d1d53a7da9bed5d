"""Writes two safetensors files of random numbers and prints, as JSON, how far apart numpy finds them."""

import json
import struct
import sys

import numpy as np

DTYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16}


def pattern(values, dtype):
    """Little-endian bytes of the values in a dtype, and the numbers that these bytes mean, as float64."""
    if dtype == "BF16":
        bits = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
        meant = (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        return bits.tobytes(), meant
    cast = values.astype(DTYPES[dtype])
    return cast.tobytes(), cast.astype(np.float64)


def write(path, tensors):
    """A safetensors file: u64 length of the header, JSON header, bytes."""
    header, position = {}, 0
    for name, tensor in tensors.items():
        end = position + len(tensor["data"])
        header[name] = {"dtype": tensor["dtype"], "shape": tensor["shape"], "data_offsets": [position, end]}
        position = end
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(tensor["data"] for tensor in tensors.values()))


def main(path_of_a, path_of_b, seed):
    rng = np.random.default_rng(int(seed))
    sides = ({}, {})
    facts = {}
    names = [*DTYPES, "BF16"]
    for left in names:
        for right in names:
            shape = tuple(int(size) for size in rng.integers(2, 40, 2))
            values = rng.normal(size=shape) * 10.0 ** rng.integers(-6, 4)
            noise = np.where(rng.random(shape) < 0.3, rng.normal(size=shape) * np.abs(values).max() * 0.1, 0.0)
            data_of_a, a = pattern(values, left)
            data_of_b, b = pattern(values + noise, right)
            apart = np.abs(a - b)
            name = f"{left}.{right}"
            sides[0][name] = {"dtype": left, "shape": list(shape), "data": data_of_a}
            sides[1][name] = {"dtype": right, "shape": list(shape), "data": data_of_b}
            facts[name] = {
                "max_abs_difference": float(apart.max()),
                "at": [int(index) for index in np.unravel_index(int(apart.argmax()), shape)],
                "different_elements": int((a != b).sum()),
                "over_tolerance": int((apart > 1e-3).sum()),
            }
    for path, side in zip((path_of_a, path_of_b), sides):
        write(path, side)
    print(json.dumps(facts))


main(*sys.argv[1:])
