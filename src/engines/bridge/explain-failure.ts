// Why a converter failed: what its ranks left in their logs says more than torchrun's report of an exit code.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionError, type FailureType } from '../../contract/failures.ts';
import { isMissing } from '../../files/error-code.ts';

interface Cause {
  readonly pattern: RegExp;
  readonly type: FailureType;
  readonly says: string;
  readonly advice: string;
  /** More attempts are useless. */
  readonly isFinal: boolean;
}

const CAUSES: readonly Cause[] = [
  {
    pattern: /CUDA out of memory|OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED|can't allocate memory|^MemoryError/i,
    type: 'RankFailed',
    says: 'A rank ran out of memory',
    advice:
      'Split the model over more ranks (torchrun.nproc_per_node with a larger tp, pp or ep; tp=auto and ep=auto use all ranks), leave ' +
      'distributed_save=true so that no rank gathers everything, or use a profile with larger GPUs.',
    isFinal: false,
  },
  {
    pattern: /Tensor exists on more than one PP rank/,
    type: 'RankFailed',
    says: 'Several pipeline stages hold one tensor',
    advice: 'Set duplicate_pp_tensor_policy=first.',
    isFinal: true,
  },
  {
    pattern: /from generator not found in the original model structure/,
    type: 'BooksNotClosed',
    says: 'The converter made a tensor that the reference does not have',
    advice: 'Use the reference that this checkpoint was trained from; set strict=false only if you accept the loss.',
    isFinal: true,
  },
  {
    // As argparse and python/bridge_export.py say it.
    pattern:
      /error: (?:unrecognized arguments|argument \S+: invalid choice|the following arguments are required)|^This Megatron-Bridge's \S+ does not know /,
    type: 'RankFailed',
    says: 'The converter does not know an argument',
    advice: 'Correct bridge.extra_args or bridge.script in the worker configuration; the operator can do that.',
    isFinal: true,
  },
  {
    // Only as it is raised: Megatron warns of optional packages with the same words.
    pattern:
      /^(?:\[rank\d+\]: )?(?:ModuleNotFoundError|ImportError): No module named '?(?:megatron|transformer_engine|torch)\b/,
    type: 'RankFailed',
    says: 'Megatron-Bridge cannot be imported',
    advice:
      'Set bridge.python in the worker configuration to a Python that has it, or bridge.environment for its path.',
    isFinal: true,
  },
  {
    pattern: /Distributed conversion script not found/,
    type: 'RankFailed',
    says: 'The ranks do not have the converter',
    advice: 'Correct bridge.script in the worker configuration.',
    isFinal: true,
  },
];

/** The last line of a Python traceback; torchrun's launchers may put the rank in front. */
const RAISED = /^(?:\[rank\d+\]: )?[A-Za-z_][\w.]*(?:Error|Exception|Interrupt)(?::|$)/;
const MOST_NAMED = 3;
const LOG_BYTES = 64 << 10;
const LAST_LINES = 20;

/** The failure with what the logs in `folder` say; any other error, and one that nothing explains, comes back as it is. */
export async function explainFailure(error: unknown, folder: string): Promise<unknown> {
  if (!(error instanceof ConversionError) || error.type !== 'RankFailed') return error;
  const logs = await readLogs(folder);
  const texts = [...logs.values(), error.message];
  for (const { pattern, type, says, advice, isFinal } of CAUSES) {
    const line = texts.flatMap((text) => text.split('\n')).find((candidate) => pattern.test(candidate));
    if (line === undefined) continue;
    const message = `${says}: ${line.trim().slice(0, 500)}\n${advice}\n${lastLines(logs, pattern)}`.trim();
    const facts = { ...error.facts, ...(isFinal ? { final: true } : {}) };
    return new ConversionError(type, message, { problems: [`${says}. ${advice}`], facts, cause: error });
  }
  const raised = [...logs].flatMap(([name, text]) => {
    const line = text.split('\n').findLast((candidate) => RAISED.test(candidate));
    return line === undefined ? [] : [`${name}: ${line.trim().slice(0, 500)}`];
  });
  const last = lastLines(logs, RAISED);
  if (last === '') return error;
  const problems = raised.length > 0 ? raised.slice(0, MOST_NAMED) : error.problems;
  return new ConversionError(error.type, `${problems.join('\n')}\n${last}`, {
    problems,
    facts: error.facts,
    cause: error,
  });
}

/** Of the first rank whose log has it, else of the first that has any. */
function lastLines(logs: ReadonlyMap<string, string>, pattern: RegExp): string {
  const written = [...logs].filter(([, text]) => text.trim() !== '');
  const chosen = written.find(([, text]) => text.split('\n').some((line) => pattern.test(line))) ?? written[0];
  if (chosen === undefined) return '';
  const [name, text] = chosen;
  const lines = text.trimEnd().split('\n').slice(-LAST_LINES);
  return `Last lines of ${name}:\n${lines.join('\n')}`;
}

async function readLogs(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const logs = new Map<string, string>();
  for (const name of names.filter((candidate) => /^rank-\d+\.log$/.test(candidate)).sort(byRank)) {
    logs.set(name.slice(0, -'.log'.length), await readEnd(join(folder, name), LOG_BYTES));
  }
  return logs;
}

const byRank = (a: string, b: string): number => Number(/\d+/.exec(a)?.[0]) - Number(/\d+/.exec(b)?.[0]);

/** The last `bytes` of a file as text; lines that overwrite themselves (progress bars) count as lines. */
export async function readEnd(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const block = Buffer.alloc(Math.min(size, bytes));
    const { bytesRead } = await file.read(block, 0, block.length, size - block.length);
    return block.subarray(0, bytesRead).toString('utf8').replaceAll('\r', '\n');
  } finally {
    await file.close();
  }
}
