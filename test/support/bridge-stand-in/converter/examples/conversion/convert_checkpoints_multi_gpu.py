"""The command line of Megatron-Bridge v0.4.0 (0fbfe7d3), as the container 26.04 has it, in front of the stand-in."""

import argparse
import os
import sys

import stand_in


def build_parser():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("import")
    export = commands.add_parser("export")
    for name in ("--hf-model", "--megatron-path", "--hf-path"):
        export.add_argument(name, required=True)
    for name in ("--tp", "--pp", "--ep", "--etp", "--save-every-n-ranks"):
        export.add_argument(name, type=int, default=1)
    export.add_argument("--torch-dtype", choices=["float32", "float16", "bfloat16"], default="bfloat16")
    for name in ("--trust-remote-code", "--no-progress", "--not-strict", "--distributed-save"):
        export.add_argument(name, action="store_true")
    return parser


def main():
    args = build_parser().parse_args()
    if os.environ.get("WORLD_SIZE") is None:
        print("This script must be launched with torchrun or srun.")
        sys.exit(1)
    print(f"Exporting: {args.megatron_path} -> {args.hf_path}\n  TP={args.tp}  PP={args.pp}  EP={args.ep}  ETP={args.etp}")
    stand_in.export(
        args.hf_model,
        args.megatron_path,
        args.hf_path,
        not args.not_strict,
        args.torch_dtype,
        args.distributed_save,
        args.save_every_n_ranks,
    )


if __name__ == "__main__":
    main()
