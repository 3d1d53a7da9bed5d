// The digest of what decides the output of a converter, for the name of the staging directory and for reuse by later attempts.
import { createHash } from 'node:crypto';
import type { CheckpointStat } from '../../plan/byte-digest.ts';
import type { Expectation } from './types.ts';

/** Raise it when the engine makes something else of the same converter's output. */
const FORMAT = 1;

export interface BridgeInputs {
  readonly metadataDigest: string;
  readonly stamps: CheckpointStat;
  /** Of `digestRecords`. */
  readonly records: string;
  /** The model is built from the reference's config: unlike for engine `stream` it belongs to the bytes. */
  readonly referenceDigest: string;
  /** Null for the helper. */
  readonly script: string | null;
  /** Without paths. */
  readonly decisiveArguments: readonly string[];
  readonly firstOwner: boolean;
  readonly expectation: Expectation;
}

/** sha256, hex. The converter's own version is not in it: the manifest records that, and a new release reuses what is converted. */
export function digestBridge(inputs: BridgeInputs): string {
  const { metadataDigest, stamps, records, referenceDigest, script, decisiveArguments, firstOwner, expectation } =
    inputs;
  const files = [...stamps]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, it]) => [file, it.size, it.mtime, it.inode]);
  const tensors = [...expectation.tensors].map(([name, it]) => [name, it.shape, it.dtype, expectation.weightMap[name]]);
  const content = [
    FORMAT,
    metadataDigest,
    files,
    records,
    referenceDigest,
    script,
    decisiveArguments,
    firstOwner,
    tensors,
  ];
  return createHash('sha256')
    .update(`megatron-to-hf bridge ${JSON.stringify(content)}`)
    .digest('hex');
}
