"""Load exports with transformers as a user would, and say what the loading reports and what each model computes.

usage: load_exports.py < [{"directory": EXPORT, "logits": MEGATRON_LOGITS.safetensors or null}, ...]

Prints a JSON list, in the order of the requests: the key lists of the loading report, whether a forward pass over fixed token ids gives
finite logits, and the difference to Megatron's own logits where they are given. float32, on a CPU.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

REPORT = ("missing_keys", "unexpected_keys", "mismatched_keys")


def load(directory: str, megatron_logits: str | None) -> dict[str, object]:
    model, report = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
    model.eval()
    megatron = load_file(megatron_logits) if megatron_logits else None
    ids = megatron["input_ids"] if megatron else torch.arange(1, 17)[None] % model.config.vocab_size
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits
    return {
        **{name: sorted(map(str, report[name])) for name in REPORT},
        "architecture": type(model).__name__,
        "finite": bool(torch.isfinite(logits).all()),
        "vocabulary": len(AutoTokenizer.from_pretrained(directory)),
        "megatron": compare(logits, megatron["logits"]) if megatron else None,
    }


def compare(ours: torch.Tensor, megatron: torch.Tensor) -> dict[str, float]:
    return {
        "max_difference": (ours - megatron).abs().max().item(),
        "max_logit": megatron.abs().max().item(),
        "same_argmax": (ours.argmax(-1) == megatron.argmax(-1)).float().mean().item(),
    }


def main() -> None:
    logging.set_verbosity_error()
    print(json.dumps([load(request["directory"], request["logits"]) for request in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
