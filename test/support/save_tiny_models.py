"""Saves a tiny model of transformers for every config of a directory, in BF16 but for what transformers itself keeps in float32.

Run: save_tiny_models.py CONFIG_DIRECTORY OUT_DIRECTORY
"""

import json
import sys
from pathlib import Path

import torch
import transformers

configs, out = Path(sys.argv[1]), Path(sys.argv[2])
for path in sorted(configs.glob("*.json")):
    values = json.loads(path.read_text())
    config = transformers.AutoConfig.for_model(**{name: value for name, value in values.items() if name != "architectures"})
    architecture = getattr(transformers, values["architectures"][0])
    target = out / path.stem
    architecture(config).save_pretrained(target)
    # Only loading applies `_keep_in_fp32_modules_strict`.
    architecture.from_pretrained(target, dtype=torch.bfloat16).save_pretrained(target)
