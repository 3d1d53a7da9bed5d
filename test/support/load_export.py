"""Load an export with transformers as a user would, and say what the loading reports and what the model computes.

usage: load_export.py EXPORT [MEGATRON_LOGITS.safetensors]

Prints one JSON object: the key lists of the loading report, whether a forward pass gives finite logits, and, where Megatron's own
logits are given, the largest difference to them and the share of positions with the same most likely token. float32, on a CPU.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    """Load, run forward once, compare."""
    export = sys.argv[1]
    model, report = AutoModelForCausalLM.from_pretrained(export, dtype=torch.float32, output_loading_info=True)
    model.eval()
    result = {name: sorted(map(str, keys)) for name, keys in report.items() if hasattr(keys, "__iter__")}
    ids = torch.arange(8)[None]
    megatron = load_file(sys.argv[2]) if len(sys.argv) > 2 else None
    if megatron:
        ids = megatron["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    result["architecture"] = type(model).__name__
    result["finite"] = bool(torch.isfinite(logits).all())
    result["tokenizer"] = len(AutoTokenizer.from_pretrained(export))
    if megatron:
        difference = (logits - megatron["logits"]).abs().max().item()
        same = (logits.argmax(-1) == megatron["logits"].argmax(-1)).float().mean().item()
        result["megatron"] = {"max_difference": difference, "same_argmax": same, "positions": ids.shape[1]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
