"""Write Hugging Face directories of the trained fixture: a sound one, and ones broken as a wrong mapping would.

Run: python smoke_variants.py FIXTURE_DIR OUT_DIR [VARIANT ...]

Reads the torch_dist checkpoint with PyTorch's own reader and shares nothing with the converter.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file

LAYER = {
    "self_attention.linear_qkv.layer_norm_weight": "input_layernorm.weight",
    "self_attention.linear_proj.weight": "self_attn.o_proj.weight",
    "mlp.linear_fc1.layer_norm_weight": "post_attention_layernorm.weight",
    "mlp.linear_fc2.weight": "mlp.down_proj.weight",
}


def read_checkpoint(directory: Path) -> dict[str, torch.Tensor]:
    entries = dcp.FileSystemReader(directory).read_metadata().state_dict_metadata
    tensors = {
        name: torch.empty(entry.size, dtype=entry.properties.dtype)
        for name, entry in entries.items()
        if hasattr(entry, "size") and not name.startswith("optimizer")
    }
    dcp.load(tensors, storage_reader=dcp.FileSystemReader(directory), no_dist=True)
    return tensors


def to_hugging_face(source: dict[str, torch.Tensor], config: dict) -> dict[str, torch.Tensor]:
    """The fixture stacks its layers: every layer key has the layers as its first axis."""
    vocabulary, groups, size = config["vocab_size"], config["num_key_value_heads"], config["head_dim"]
    out = {
        "model.embed_tokens.weight": source["embedding.word_embeddings.weight"][:vocabulary],
        "model.norm.weight": source["decoder.final_layernorm.weight"],
        "lm_head.weight": source["output_layer.weight"][:vocabulary],
    }
    for i in range(config["num_hidden_layers"]):
        name = f"model.layers.{i}."
        out |= {name + theirs: source[f"decoder.layers.{ours}"][i] for ours, theirs in LAYER.items()}
        qkv = source["decoder.layers.self_attention.linear_qkv.weight"][i]
        heads = qkv.reshape(groups, -1, size, qkv.shape[-1])
        out[name + "self_attn.q_proj.weight"] = heads[:, :-2].flatten(0, 2)
        out[name + "self_attn.k_proj.weight"] = heads[:, -2].flatten(0, 1)
        out[name + "self_attn.v_proj.weight"] = heads[:, -1].flatten(0, 1)
        gate, up = source["decoder.layers.mlp.linear_fc1.weight"][i].chunk(2)
        out |= {name + "mlp.gate_proj.weight": gate, name + "mlp.up_proj.weight": up}
    return out


def swap_gate_and_up(tensors: dict, config: dict) -> None:
    for name in [name for name in tensors if name.endswith("gate_proj.weight")]:
        other = name.replace("gate_proj", "up_proj")
        tensors[name], tensors[other] = tensors[other], tensors[name]


def permute_heads(tensors: dict, order: list[int], size: int) -> None:
    for name in [name for name in tensors if name.endswith("q_proj.weight")]:
        weight = tensors[name]
        tensors[name] = weight.reshape(-1, size, weight.shape[-1])[order].reshape(weight.shape)


def move_heads_to_the_next_group(tensors: dict, config: dict) -> None:
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    permute_heads(tensors, [(head + heads // groups) % heads for head in range(heads)], config["head_dim"])


def interleave_heads(tensors: dict, config: dict) -> None:
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    order = [group * (heads // groups) + i for i in range(heads // groups) for group in range(groups)]
    permute_heads(tensors, order, config["head_dim"])


def drop_norms(which: str):
    def drop(tensors: dict, config: dict) -> None:
        for name in [name for name in tensors if which in name]:
            tensors[name] = torch.ones_like(tensors[name])

    return drop


def spoil_with_nan(tensors: dict, config: dict) -> None:
    tensors["model.layers.1.mlp.down_proj.weight"][0, 0] = float("nan")


def forget_a_tensor(tensors: dict, config: dict) -> None:
    del tensors["model.layers.2.mlp.up_proj.weight"]


VARIANTS = {
    "sound": lambda tensors, config: None,
    "gate-up": swap_gate_and_up,
    "q-heads-rolled": move_heads_to_the_next_group,
    "q-heads-interleaved": interleave_heads,
    "norm-first": drop_norms("layers.0.input_layernorm"),
    "norm-attention": drop_norms("input_layernorm"),
    "norm-mlp": drop_norms("post_attention_layernorm"),
    "norm-final": drop_norms("model.norm"),
    "norm-all": drop_norms("norm"),
    "nan": spoil_with_nan,
    "missing": forget_a_tensor,
}


def main(fixture: Path, out: Path, names: list[str]) -> None:
    config = json.loads((fixture / "reference" / "config.json").read_text())
    iteration = int((fixture / "checkpoint" / "latest_checkpointed_iteration.txt").read_text())
    tensors = to_hugging_face(read_checkpoint(fixture / "checkpoint" / f"iter_{iteration:07d}"), config)
    for name in names or VARIANTS:
        copy = {key: value.clone().contiguous() for key, value in tensors.items()}
        VARIANTS[name](copy, config)
        shutil.copytree(fixture / "reference", out / name)
        save_file(copy, out / name / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
