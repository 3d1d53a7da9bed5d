"""Tiny models saved by transformers itself: one directory a case, for the comparison of files, index and key order.

Run: plan_save_pretrained.py OUT_DIRECTORY
"""

import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

SIZES = dict(
    vocab_size=50,
    hidden_size=16,
    intermediate_size=24,
    num_hidden_layers=12,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=4,
)
CASES = {
    "llama": ("Llama", dict(tie_word_embeddings=False)),
    "llama-biases-tied": ("Llama", dict(attention_bias=True, mlp_bias=True, tie_word_embeddings=True)),
    "llama-all-heads": ("Llama", dict(num_key_value_heads=None, head_dim=None)),
    "mistral": ("Mistral", dict(head_dim=8, sliding_window=None)),
    "qwen2": ("Qwen2", dict(tie_word_embeddings=False)),
    "qwen2-tied": ("Qwen2", dict(tie_word_embeddings=True)),
    "qwen3": ("Qwen3", dict(head_dim=8)),
    "qwen3-bias-tied": ("Qwen3", dict(attention_bias=True, tie_word_embeddings=True)),
}

out = Path(sys.argv[1])
for name, (family, options) in CASES.items():
    config = getattr(transformers, f"{family}Config")(**(SIZES | options))
    model = getattr(transformers, f"{family}ForCausalLM")(config).to(torch.bfloat16)
    # 1600 bytes: the embedding is as large as a file may be; 1500: it is larger, and gets a file of its own.
    for limit in (1500, 1600, 4000, 10_000_000):
        model.save_pretrained(out / f"{name}-{limit}", max_shard_size=limit)

NAMES = "float64 float32 float16 bfloat16 float8_e4m3fn float8_e5m2 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool"
tensors = {f"z.{name}": torch.zeros(2, 3).to(getattr(torch, name)) for name in NAMES.split()}
tensors |= {f"a.{name[2:]}": tensor.clone() for name, tensor in tensors.items()}
save_file(tensors, out / "dtypes.safetensors", metadata={"format": "pt"})
