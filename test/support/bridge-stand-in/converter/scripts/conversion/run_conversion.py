"""The command line of Megatron-Bridge v0.6.0 (51885cf1), of the program that its launcher starts in each rank, in front of the stand-in."""

import argparse
import os
from pathlib import Path

import stand_in

DTYPES = ("bfloat16", "float16", "float32")


def build_parser():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", allow_abbrev=False)
    export.add_argument("--device", choices=("cpu", "gpu"), required=True)
    for name in ("--hf-model", "--megatron-path", "--hf-path"):
        export.add_argument(name, required=True)
    export.add_argument("--hf-revision")
    export.add_argument("--torch-dtype", choices=DTYPES, default="bfloat16")
    export.add_argument("--export-weight-dtype", choices=DTYPES)
    for name, long in (("tp", "tensor"), ("pp", "pipeline"), ("ep", "expert"), ("etp", "expert-tensor")):
        export.add_argument(f"-{name}", f"--{name}", f"--{long}-parallel-size", type=int, default=1, dest=name)
    export.add_argument("--distributed-timeout-minutes", type=int)
    export.add_argument("--save-every-n-ranks", type=int, default=1)
    for name in ("--trust-remote-code", "--overwrite", "--no-progress", "--not-strict"):
        export.add_argument(name, action="store_true")
    export.add_argument("--distributed-save", action=argparse.BooleanOptionalAction, default=None)
    return parser


def main():
    args = build_parser().parse_args()
    distributed_save = args.device == "gpu" if args.distributed_save is None else args.distributed_save
    if not distributed_save and args.save_every_n_ranks != 1:
        raise ValueError("--save-every-n-ranks requires --distributed-save.")
    if os.environ.get("WORLD_SIZE") is None:
        raise RuntimeError("GPU conversion must be launched through NeMo Run's local or Slurm executor.")
    if any(Path(args.hf_path).iterdir()) and not args.overwrite:
        raise FileExistsError(f"Destination is not empty: {args.hf_path}. Pass --overwrite to replace it.")
    if not (Path(args.megatron_path) / "run_config.yaml").exists():
        raise FileNotFoundError(f"Could not find run_config.yaml in {args.megatron_path}.")
    stand_in.export(
        args.hf_model,
        args.megatron_path,
        args.hf_path,
        not args.not_strict,
        args.torch_dtype,
        distributed_save,
        args.save_every_n_ranks,
    )


if __name__ == "__main__":
    main()
