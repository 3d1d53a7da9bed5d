// `check`: the verdict on one checkpoint, with its reasons.
import { styleText } from 'node:util';
import { examineCheckpoint } from '../checkpoint/completeness/examine.ts';
import { loadConfig } from '../config/load-config.ts';
import { formatBytes, type CompletenessResult } from '../contract/index.ts';
import type { CheckFlags } from './flags.ts';
import { describeFailure, type Failure } from './describe-failure.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { listenForInterrupt, reportInterrupted } from './interrupt.ts';
import { readerSurroundings } from './reader-surroundings.ts';

/** Seconds. A directory must look the same twice; nobody at a terminal wants to wait for an attempt of ten seconds. */
const TWO_LOOKS = { calm: 0, pause: 1 };

export async function check(path: string, overrides: readonly string[], flags: CheckFlags): Promise<number> {
  const given = [`megatron_path=${JSON.stringify(path)}`, 'hf_model_id=none', 'hf_path=/none'];
  const { input } = await loadConfig({ overrides: [...given, ...overrides] });
  const { signal } = listenForInterrupt();
  try {
    const result = await examineCheckpoint(input.megatron_path, input, readerSurroundings(signal), TWO_LOOKS);
    if (flags.json) printJson({ verdict: 'complete', ...result });
    else printComplete(result);
    return EXIT_CODES.done.code;
  } catch (error) {
    if (signal.aborted) return reportInterrupted({ json: flags.json === true });
    const failure = await describeFailure(error);
    if (failure.type === 'Error') throw error;
    const verdict = failure.exit_code === EXIT_CODES.incomplete.code ? 'incomplete' : 'unusable';
    if (flags.json) printJson({ verdict, path: input.megatron_path, ...failure });
    else printRefusal(verdict, failure);
    return failure.exit_code;
  }
}

function printComplete(result: CompletenessResult): void {
  const lines = [
    `${styleText('green', 'complete')}  ${result.path}`,
    `  ${result.files} files, ${formatBytes(result.bytes)}, ${result.items} items`,
    `  iteration ${result.iteration ?? 'unknown'}; the tracker beside it ${result.tracker === null ? 'is absent' : `names ${result.tracker}`}`,
    `  common state: ${result.common_state}; run_config.yaml: ${result.run_config ? 'present' : 'absent'}`,
    ...result.warnings.map((warning) => `  ${styleText('yellow', 'warning')}: ${warning}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function printRefusal(verdict: string, failure: Failure): void {
  process.stdout.write(`${styleText(verdict === 'incomplete' ? 'yellow' : 'red', verdict)}  ${failure.type}\n`);
  process.stdout.write(`  ${failure.message.replaceAll('\n', '\n  ')}\n`);
  if (failure.advice !== null) process.stderr.write(`${failure.advice}\n`);
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
