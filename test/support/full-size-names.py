"""Names and shapes of models of any size as transformers saves them: built on the meta device, without data.

transformers 5 holds the experts of most families fused, and divides them again when it saves: `save_pretrained`
passes its state dict through `revert_weight_conversion`, and so does this. Families without such a mapping (GPT-OSS)
are saved as they are held. `quantization_config` is left out: what a conversion writes is not quantized.

Run: full-size-names.py CONFIG_JSON OUT_JSON [CONFIG_JSON OUT_JSON ...]
OUT_JSON becomes {name: shape}; it appears whole or not at all.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from transformers.core_model_loading import revert_weight_conversion


def saved_shapes(config_json: Path) -> dict[str, list[int]]:
    values = json.loads(config_json.read_text())
    values.pop("quantization_config", None)
    # Names code in the model's own repository; transformers has all of these families itself.
    values.pop("auto_map", None)
    architecture = getattr(transformers, values.pop("architectures")[0])
    config = transformers.AutoConfig.for_model(**values)
    with torch.device("meta"):
        model = architecture(config)
    held = {name: tensor for name, tensor in model.state_dict().items() if name not in model.all_tied_weights_keys}
    return {name: list(tensor.shape) for name, tensor in revert_weight_conversion(model, held).items()}


paths = [Path(argument) for argument in sys.argv[1:]]
for config_json, out in zip(paths[::2], paths[1::2], strict=True):
    partial = out.with_suffix(".partial")
    partial.write_text(json.dumps(saved_shapes(config_json)))
    partial.rename(out)
