// The six phases in their order: one flow for the workflow and for the command line without a server. Safe in the workflow sandbox.
import type { ConversionInput } from './input.ts';
import type {
  CompletenessResult,
  ConvertResult,
  Phase,
  PreflightResult,
  PublishResult,
  SmokeResult,
  VerifyResult,
} from './results.ts';
import { formatBytes } from './units.ts';

/** The results of all phases. */
export interface Outcome {
  readonly completeness: CompletenessResult;
  readonly preflight: PreflightResult;
  readonly converted: ConvertResult;
  readonly verified: VerifyResult;
  readonly smoke: SmokeResult;
  readonly published: PublishResult;
}

type Before<K extends keyof Outcome> = { readonly input: ConversionInput } & Pick<Outcome, K>;

/** What each phase does with the results of those before it: activities in the workflow, domain functions without a server. */
export interface PhaseWork {
  readonly checkCompleteness: (args: Before<never>) => Promise<CompletenessResult>;
  readonly validateParallelism: (args: Before<'completeness'>) => Promise<PreflightResult>;
  readonly convert: (args: Before<'preflight'>) => Promise<ConvertResult>;
  readonly verify: (args: Before<'preflight' | 'converted'>) => Promise<VerifyResult>;
  readonly smokeGenerate: (args: Before<'preflight' | 'converted'>) => Promise<SmokeResult>;
  readonly publish: (args: Before<Exclude<keyof Outcome, 'published'>>) => Promise<PublishResult>;
}

/** Who runs a phase, shows it, and decides about its retries. */
export interface PhaseRunner {
  /** `doing` is shown meanwhile, the line that `figures` makes afterwards. */
  readonly run: <R>(phase: Phase, doing: string, work: () => Promise<R>, figures: (result: R) => string) => Promise<R>;
  readonly skip: (phase: Phase, why: string) => void;
}

/** Runs every phase; the first failure ends the flow. */
export async function runPhases(input: ConversionInput, work: PhaseWork, runner: PhaseRunner): Promise<Outcome> {
  const completeness = await runner.run(
    'checkCompleteness',
    'waiting for a complete checkpoint; the pending activity says what is missing',
    () => work.checkCompleteness({ input }),
    (it) => `${it.files} files, ${formatBytes(it.bytes)}, ${it.items} items`,
  );
  const preflight = await runner.run(
    'validateParallelism',
    'planning',
    () => work.validateParallelism({ input, completeness }),
    (it) =>
      `${it.architecture}, ${it.tensors} tensors, ${formatBytes(it.bytes)}, ${count(it.ranks, 'rank')}, engine ${it.engine}`,
  );
  const converted = await runner.run(
    'convert',
    `${count(preflight.ranks, 'rank')} for ${count(preflight.files, 'file')}; the pending activity shows the progress`,
    () => work.convert({ input, preflight }),
    (it) =>
      `${count(it.files, 'file')}, ${formatBytes(it.bytes_written)} written, ${count(it.files_reused, 'file')} reused`,
  );
  const verified = await runner.run(
    'verify',
    `comparing the disk with the plan (${input.verify})`,
    () => work.verify({ input, preflight, converted }),
    (it) => `${it.tensors} tensors, ${it.parameters} parameters`,
  );
  const smoke = await tryOut(input, converted, runner, () => work.smokeGenerate({ input, preflight, converted }));
  const published = await runner.run(
    'publish',
    'moving into place',
    () => work.publish({ input, completeness, preflight, converted, verified, smoke }),
    (it) => (it.already_published ? 'the same export was already published' : `${it.files} files at ${it.path}`),
  );
  return { completeness, preflight, converted, verified, smoke, published };
}

async function tryOut(
  input: ConversionInput,
  { published }: ConvertResult,
  runner: PhaseRunner,
  generate: () => Promise<SmokeResult>,
): Promise<SmokeResult> {
  if (published?.smoke) {
    runner.skip('smokeGenerate', 'the manifest at hf_path records that this very export was VALIDATED');
    return published.smoke;
  }
  if (input.smoke.enabled)
    return runner.run('smokeGenerate', 'generating text with the export', generate, describeSmoke);
  runner.skip('smokeGenerate', 'NOT VALIDATED: smoke.enabled is false');
  return NOT_VALIDATED;
}

/** Stands for the smoke generation that was switched off: nothing was proved, and everything that reports says so. */
export const NOT_VALIDATED: SmokeResult = {
  validated: false,
  samples: [],
  perplexity: null,
  shuffled_perplexity: null,
  ratio: null,
  device: null,
  dtype: null,
  versions: {},
  seconds: 0,
  warnings: ['NOT VALIDATED: the smoke generation was switched off (smoke.enabled=false)'],
};

function describeSmoke({ samples, perplexity, ratio }: SmokeResult): string {
  if (perplexity === null) return count(samples.length, 'sample');
  return `perplexity ${perplexity.toPrecision(3)}, ${ratio?.toPrecision(3) ?? '?'} times better than on shuffled tokens`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
