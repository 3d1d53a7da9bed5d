"""`duplicate_pp_tensor_policy: first`: of a tensor that several pipeline stages hold, the first stage's is exported.

Megatron-Bridge's converters refuse such a tensor ("Tensor exists on more than one PP rank", param_mapping.py
`MegatronParamMapping.broadcast_from_pp_rank`). The stages agree on the first owner here, and only that one still offers the tensor.
"""

import functools
import inspect


def install():
    """Replaces the method. Fails where it is not what this was written for, instead of exporting something else."""
    from megatron.bridge.models.conversion.param_mapping import MegatronParamMapping

    original = getattr(MegatronParamMapping, "broadcast_from_pp_rank", None)
    names = [] if original is None else list(inspect.signature(original).parameters)
    if names[:3] != ["self", "tensor", "cache_key"]:
        raise RuntimeError(
            "duplicate_pp_tensor_policy=first: MegatronParamMapping.broadcast_from_pp_rank of this Megatron-Bridge has the "
            f"parameters {names}, expected self, tensor, cache_key. Set duplicate_pp_tensor_policy=error."
        )

    @functools.wraps(original)
    def broadcast_from_first_owner(self, tensor, cache_key=None):
        if self.pp_size == 1:
            return original(self, tensor, cache_key)
        owner = find_first_owner(self, tensor is not None, cache_key)
        mine = owner is None or owner == this_stage(self)
        return original(self, tensor if mine else None, cache_key)

    MegatronParamMapping.broadcast_from_pp_rank = broadcast_from_first_owner


def this_stage(mapping):
    import torch

    return torch.distributed.get_rank(group=mapping.pp_group)


def find_first_owner(mapping, owns, cache_key):
    """Rank inside the pipeline group, or None where no stage has the tensor. All stages of the group must ask."""
    import torch

    known = mapping.__dict__.setdefault("_first_owners", {})
    if cache_key is None or cache_key not in known:
        owners = [False] * mapping.pp_size
        torch.distributed.all_gather_object(owners, owns, group=mapping.pp_group)
        known[cache_key] = owners.index(True) if True in owners else None
    return known[cache_key]
