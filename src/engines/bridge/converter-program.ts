// What each rank of a converter executes, and where it finds and leaves things.
import { join } from 'node:path';
import type { BridgePolicy } from '../../contract/bridge.ts';
import type { ConversionInput } from '../../contract/index.ts';
import { attemptDirectory } from '../../files/staging.ts';
import { converterArguments } from './converter-arguments.ts';
import type { BridgePlan } from './plan-bridge.ts';

/** Offline: what the reference has was resolved before, and no token is needed. */
const ENVIRONMENT = {
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  HF_HUB_DISABLE_IMPLICIT_TOKEN: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  TOKENIZERS_PARALLELISM: 'false',
  PYTHONFAULTHANDLER: '1',
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** What lies where in the folder of an attempt. */
export interface AttemptFolder {
  readonly reference: string;
  readonly output: string;
  readonly logs: string;
  readonly programs: string;
  /** Left by rank 0. */
  readonly record: string;
}

export function attemptFolder(staging: string, attempt: number): AttemptFolder {
  const root = attemptDirectory(staging, attempt);
  return {
    reference: join(root, 'reference'),
    output: join(root, 'hf'),
    logs: join(root, 'logs'),
    programs: join(root, 'programs'),
    record: join(root, 'converter.json'),
  };
}

export const converterEnvironment = ({ environment }: BridgePolicy): Readonly<Record<string, string>> => ({
  ...ENVIRONMENT,
  ...environment,
});

/** Arguments of the converter itself. */
export function argumentsOf(
  { options }: Pick<BridgePlan, 'options'>,
  staging: string,
  attempt: number,
  { megatron_path: checkpoint }: Pick<ConversionInput, 'megatron_path'>,
): string[] {
  const { reference, output } = attemptFolder(staging, attempt);
  return converterArguments(options, { reference, checkpoint, output });
}

export function converterProgram(
  plan: Pick<BridgePlan, 'options' | 'converter' | 'firstOwner' | 'world'>,
  staging: string,
  attempt: number,
  input: Pick<ConversionInput, 'megatron_path'>,
  { python: [python = 'python3', ...options] }: BridgePolicy,
  /** `--mark` and a text, where several ranks of one world are started one by one on a machine. */
  mark: readonly string[] = [],
): readonly [string, ...string[]] {
  const { programs } = attemptFolder(staging, attempt);
  const script = plan.converter?.script ?? join(programs, 'bridge_export.py');
  const switches = [...(plan.world.distributed ? ['--world'] : []), ...(plan.firstOwner ? ['--first-owner'] : [])];
  const ours = ['--staging', staging, '--attempt', String(attempt), ...mark, ...switches];
  const rest = ['--script', script, '--', ...argumentsOf(plan, staging, attempt, input)];
  return [python, ...options, join(programs, 'bridge_rank.py'), ...ours, ...rest];
}
