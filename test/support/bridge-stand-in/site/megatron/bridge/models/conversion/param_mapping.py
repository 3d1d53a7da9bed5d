"""The method that duplicate_pp_tensor_policy is about, with the refusal of the real one."""


class MegatronParamMapping:
    def __init__(self, pp_size, pp_group):
        self.pp_size, self.pp_group = pp_size, pp_group

    def broadcast_from_pp_rank(self, tensor, cache_key=None):
        import torch

        offers = [None] * self.pp_size
        torch.distributed.all_gather_object(offers, tensor, group=self.pp_group)
        held = [offer for offer in offers if offer is not None]
        if len(held) > 1:
            raise ValueError("Tensor exists on more than one PP rank. Found on ranks 0 and 1.")
        return held[0]
