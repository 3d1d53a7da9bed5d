// Everything that decides a conversion by a converter: shared by preflight, which judges it, and by convert, which recomputes it.
import type { BridgePolicy } from '../../contract/bridge.ts';
import { ConversionError } from '../../contract/failures.ts';
import type { ConversionInput } from '../../contract/input.ts';
import type { WorkerPolicy } from '../../contract/surroundings.ts';
import { toBytes } from '../../contract/units.ts';
import { DTYPE_BYTES, type Checkpoint, type DType } from '../../checkpoint/types.ts';
import { findDrop } from '../../models/drops.ts';
import type { Family, ModelDimensions } from '../../models/types.ts';
import type { CheckpointStat } from '../../plan/byte-digest.ts';
import { statFiles } from '../../plan/stat-files.ts';
import { volume } from '../../plan/strides.ts';
import { isRemoteCodeAllowed } from '../../reference/remote-code.ts';
import { planFrom, type SourceBasis } from '../build-plan.ts';
import { digestBridge } from './bridge-digest.ts';
import { digestRecords } from './digest-records.ts';
import { judgeBridgeLayout, type BridgeLayout } from './bridge-layout.ts';
import { bridgeWorld, type BridgeWorld } from './bridge-world.ts';
import { type ConverterOptions, decisiveArguments, SAFETENSORS, type TorchDtype } from './converter-arguments.ts';
import { expectNamed } from './expect-named.ts';
import { expectPlanned } from './expect-planned.ts';
import { findConverter, type Converter } from './find-converter.ts';
import type { Expectation } from './types.ts';

export interface BridgePlan {
  readonly byteDigest: string;
  readonly expectation: Expectation;
  readonly stamps: CheckpointStat;
  /** Digest of what the converter builds the model from. */
  readonly records: string;
  readonly world: BridgeWorld;
  readonly layout: BridgeLayout;
  /** Null: one process with the helper. */
  readonly converter: Converter | null;
  readonly options: ConverterOptions;
  /** Whether the pipeline stages are told which of them exports a tensor that several have. */
  readonly firstOwner: boolean;
}

export interface BridgeBasis extends SourceBasis {
  /** Null: no table knows the model. */
  readonly family: Family | null;
}

/**
 * @throws ConversionError of the plan where a table knows the model; ReferenceUnavailable where nobody could tell what must come out;
 * ModelUnsupported without a converter.
 */
export async function planBridge(
  basis: BridgeBasis,
  input: ConversionInput,
  policy: WorkerPolicy,
  bridge: BridgePolicy,
): Promise<BridgePlan> {
  const { checkpoint, reference, family } = basis;
  const world = bridgeWorld(input, policy);
  const converter = world.distributed ? await requireConverter(bridge, world) : null;
  const torchDtype = chooseTorchDtype(input.dtype, checkpoint);
  const expectation = await expect(basis, input, torchDtype);
  const stamps = await statFiles(checkpoint);
  const records = await digestRecords(checkpoint.path);
  const layout = judgeBridgeLayout(input, basis, dimensionsOf(family, reference.config), world);
  const options: ConverterOptions = {
    generation: converter?.generation ?? 'helper',
    layout: layout.sizes,
    torchDtype,
    trustRemoteCode: reference.remoteCode.length > 0 && isRemoteCodeAllowed(input, policy, reference),
    input,
    extraArgs: bridge.extraArgs,
  };
  const firstOwner = converter !== null && layout.sizes.pp > 1 && input.duplicate_pp_tensor_policy === 'first';
  const byteDigest = digestBridge({
    metadataDigest: checkpoint.metadataDigest,
    stamps,
    records,
    referenceDigest: reference.digest,
    script: converter?.script ?? null,
    decisiveArguments: decisiveArguments(options),
    firstOwner,
    expectation,
  });
  return { byteDigest, expectation, stamps, records, world, layout, converter, options, firstOwner };
}

async function requireConverter(bridge: BridgePolicy, world: BridgeWorld): Promise<Converter> {
  const found = await findConverter(bridge, world.isHere);
  if (typeof found !== 'string') return found;
  throw new ConversionError('ModelUnsupported', found, { problems: [found], facts: { script: bridge.script } });
}

/** Where a table knows the model, its books are closed against the checkpoint before anything runs, as for engine `stream`. */
async function expect(basis: BridgeBasis, input: ConversionInput, torchDtype: TorchDtype): Promise<Expectation> {
  const { family, checkpoint, reference } = basis;
  if (family === null)
    return expectNamed(checkpoint, reference, toBytes(input.max_shard_size), SAFETENSORS[torchDtype]);
  const { plan } = await planFrom({ ...basis, family }, input);
  return expectPlanned(plan);
}

function dimensionsOf(family: Family | null, config: SourceBasis['reference']['config']): ModelDimensions | null {
  return family?.dimensions(config) ?? null;
}

const TORCH: Partial<Record<DType, TorchDtype>> = { F64: 'float32', F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** What was asked for, else the dtype that most bytes of the model have. */
function chooseTorchDtype(asked: ConversionInput['dtype'], checkpoint: Checkpoint): TorchDtype {
  if (asked !== 'source') return asked;
  const bytes = new Map<TorchDtype, number>();
  for (const { key, dtype, shape } of checkpoint.tensors.values()) {
    const name = TORCH[dtype];
    if (name === undefined || findDrop(key) !== null) continue;
    bytes.set(name, (bytes.get(name) ?? 0) + volume(shape) * DTYPE_BYTES[dtype]);
  }
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'bfloat16';
}
