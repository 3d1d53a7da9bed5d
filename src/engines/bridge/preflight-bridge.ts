// The preflight of engine `bridge`: what the converter would run into after an hour, said at once.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { ConversionInput } from '../../contract/input.ts';
import type { PreflightResult } from '../../contract/results.ts';
import type { Surroundings } from '../../contract/surroundings.ts';
import { stagingPath } from '../../files/staging.ts';
import { findProfileProblem } from '../../executors/find-profile.ts';
import { architecturesOf } from '../../models/registry.ts';
import { refuseOwned } from '../../publish/ownership.ts';
import { refuseTarget } from '../../publish/target-rules.ts';
import { findPublished } from '../../publish/target-state.ts';
import { keptOf } from '../kept-paths.ts';
import { judgeSmokeMemory } from '../preflight-memory.ts';
import { describeRemoteCode } from '../preflight-policy.ts';
import type { PreflightProblems } from '../preflight-problems.ts';
import { type Outline, spaceProblem } from '../preflight-space.ts';
import { describePublished } from '../reuse-published.ts';
import { SAFETENSORS } from './converter-arguments.ts';
import { abandonedBytes, findEnded } from './ended-attempt.ts';
import { findFinishedPlan } from './finish-output.ts';
import { type BridgeBasis, type BridgePlan, planBridge } from './plan-bridge.ts';
import { requireBridge } from './require-bridge.ts';
import { refuseScanned } from './scan-checkpoint.ts';

/** @param problems those found so far: all are thrown together */
export async function preflightBridge(
  input: ConversionInput,
  basis: BridgeBasis,
  problems: PreflightProblems,
  surroundings: Surroundings,
): Promise<PreflightResult> {
  const { policy } = surroundings;
  const bridge = requireBridge(policy.bridge);
  const { checkpoint, reference } = basis;
  await problems.collect(() => refuseScanned(checkpoint, bridge.allowedTargets));
  // An unknown profile is among the problems already.
  const hasPlace = findProfileProblem(input.profile, policy) === null;
  const plan = hasPlace ? await problems.collect(() => planBridge(basis, input, policy, bridge)) : null;
  surroundings.signal.throwIfAborted();
  problems.add('LayoutInvalid', plan ? [...plan.layout.errors, ...converterProblems(input, plan)] : []);
  const found = plan && (await findPublished(input.hf_path, plan.byteDigest));
  const isWanted = found?.manifest.reference.digest === reference.digest;
  const target = {
    overwrite: input.overwrite,
    keep: keptOf(input, reference.path),
    isWanted,
    ...(plan ? { byteDigest: plan.byteDigest } : {}),
  };
  problems.add('TargetRefused', await refuseTarget(input.megatron_path, input.hf_path, target));
  await problems.collect(() => refuseOwned(input.hf_path, surroundings));
  const space = plan && !isWanted ? await judgeSpace(input, plan) : null;
  problems.add('InsufficientSpace', space ? [space] : []);
  const memory = plan && judgeMemory(input, plan, surroundings);
  problems.add('LayoutInvalid', memory?.problem ? [memory.problem] : []);
  problems.throwIfAny(input.megatron_path);
  if (!plan) throw new Error('unreachable: a missing plan is a problem that was thrown above');
  const code = describeRemoteCode(input, policy, reference);
  return {
    ...figures(basis, plan),
    warnings: [
      ...reference.warnings,
      ...plan.layout.warnings,
      ...(basis.trainingProblem ? [basis.trainingProblem] : []),
      ...(await machineWarnings(plan)),
    ],
    notes: [
      ...plan.layout.notes,
      ...(memory?.notes ?? []),
      ...(found && isWanted ? [describePublished(found)] : []),
      ...(code ? [code] : []),
      describeEngine(plan),
    ],
  };
}

function figures({ reference }: BridgeBasis, plan: BridgePlan): Omit<PreflightResult, 'warnings' | 'notes'> {
  const { expectation, world } = plan;
  return {
    engine: 'bridge',
    family: expectation.family,
    architecture: architecturesOf(reference.config)[0] ?? expectation.family,
    reference_revision: reference.revision,
    reference_path: reference.path,
    reference_digest: reference.digest,
    byte_digest: plan.byteDigest,
    tensors: expectation.tensors.size,
    parameters: expectation.parameters,
    bytes: expectation.bytes,
    files: outline(plan).files.length,
    ranks: world.nodes * world.ranksPerNode,
  };
}

/** What the converter's command line cannot say, and what its generation cannot read. */
function converterProblems(input: ConversionInput, { converter }: BridgePlan): string[] {
  if (converter === null) return [];
  const problems: string[] = [];
  if (input.distributed_timeout_minutes != null && converter.lacking.includes('--distributed-timeout-minutes')) {
    problems.push(
      `distributed_timeout_minutes=${input.distributed_timeout_minutes}: ${converter.script} has no --distributed-timeout-minutes ` +
        '(that of the container 26.04 has not). Leave it out, or use a newer Megatron-Bridge.',
    );
  }
  if (converter.generation === 'scripts' && !existsSync(join(input.megatron_path, 'run_config.yaml'))) {
    problems.push(
      `${input.megatron_path} has no run_config.yaml, without which ${converter.script} builds no model: the checkpoint was not written by ` +
        'Megatron-Bridge. Set bridge.script to a converter up to Megatron-Bridge 0.5.',
    );
  }
  return problems;
}

/** Sizes of single files are not known before: the whole counts. */
function outline({ expectation, byteDigest }: BridgePlan): Outline {
  const names = [...new Set(Object.values(expectation.weightMap))].sort();
  const files = names.map((name, index) => ({ name, bytes: index === 0 ? expectation.bytes : 0 }));
  return { byteDigest, files };
}

/** What a converter wrote to its end needs no room a second time. */
async function judgeSpace({ hf_path: target }: ConversionInput, plan: BridgePlan): Promise<string | null> {
  const staging = stagingPath(target, plan.byteDigest);
  const written = (await findFinishedPlan(staging, plan.byteDigest)) ?? (await findEnded(staging, plan.byteDigest));
  if (written !== null) return null;
  return spaceProblem(target, { ...outline(plan), abandoned: await abandonedBytes(staging) });
}

function judgeMemory(
  input: ConversionInput,
  { expectation, options }: BridgePlan,
  { policy }: Pick<Surroundings, 'policy'>,
): ReturnType<typeof judgeSmokeMemory> {
  return judgeSmokeMemory(
    input.smoke,
    { parameters: expectation.parameters, dtype: SAFETENSORS[options.torchDtype] },
    {
      smokeMemory: policy.smokeMemory,
      totalMemory: totalmem(),
      accelerator: existsSync('/dev/nvidiactl') || existsSync('/dev/kfd'),
    },
  );
}

/** Each rank of a converter takes a GPU of its own. */
async function machineWarnings({ world }: BridgePlan): Promise<string[]> {
  if (!world.isHere || !world.distributed) return [];
  const devices = await readdir('/dev').catch((): string[] => []);
  const gpus = devices.filter((name) => /^nvidia\d+$/.test(name)).length;
  if (gpus >= world.ranksPerNode) return [];
  return [
    `engine bridge: ${world.ranksPerNode} ranks take a GPU each, and this worker has ${gpus}. Set torchrun.nproc_per_node and the layout to fit, ` +
      'name a profile with as many, or set distributed=false for one process on the CPU.',
  ];
}

function describeEngine({ converter, expectation }: BridgePlan): string {
  const what = converter === null ? 'AutoBridge in one process' : converter.script;
  const books = expectation.isComplete
    ? 'every tensor of the checkpoint is accounted for before and after'
    : 'no table knows the model: names and shapes are those of the reference, and which tensor of the checkpoint went where is not checked';
  return `engine bridge: ${what}; ${books}.`;
}
