// What stands between a mistake in a family table and its users. Each table is damaged in every way that `table-mutations.ts` knows; then
// a checkpoint of a small model is planned with it. The plan refuses (books, shapes), or the bytes are wrong: only digests see that, or
// the smoke test where a trained model is at hand. docs/guards.md lists them; `vitest run test/models/mutations.test.ts -u` writes it anew.
import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../src/checkpoint/types.ts';
import { ConversionError } from '../../src/contract/failures.ts';
import { markdownTable } from '../../src/models/markdown-table.ts';
import { FAMILIES } from '../../src/models/registry.ts';
import type { Family, ModelConfig, Rule } from '../../src/models/types.ts';
import { chooseSources } from '../../src/plan/choose-sources.ts';
import { indexSources } from '../../src/plan/index-sources.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { layOutKeys } from '../support/family-axes.ts';
import { shardModel } from '../support/family-sharding.ts';
import { numberTensors, shareCopies } from '../support/family-sharding/sharding.ts';
import { makeCheckpoint, type MemoryCheckpoint } from '../support/plan-checkpoint.ts';
import { executeNumbers } from '../support/plan-execute.ts';
import { mutateTable, type Mutation } from '../support/table-mutations.ts';
import { TYPICAL_CONFIGS } from '../support/typical-configs.ts';

/** Who sees a mistake. */
type Seen = 'books' | 'shapes' | 'recorded' | 'digests';

interface Outcome extends Pick<Mutation, 'kind' | 'what'> {
  readonly seen: Seen;
}

const OUTCOMES = new Map(FAMILIES.map((family) => [family.name, damageAll(family)]));

describe.each([...OUTCOMES])('%s', (_, outcomes) => {
  it('is damaged in many ways, and none goes unseen', () => {
    expect(outcomes.length).toBeGreaterThan(10);
    expect(outcomes.filter(({ seen }) => seen === undefined)).toEqual([]);
  });

  it('never loses a row without a refusal', () => {
    const lost = outcomes.filter(({ kind }) => kind === 'row forgotten');
    expect(lost.filter(({ seen }) => seen !== 'books')).toEqual([]);
  });
});

it('docs/guards.md says what only digests or a smoke test see', async () => {
  await expect(describeGuards()).toMatchFileSnapshot('../../docs/guards.md');
});

function damageAll(family: Family): Outcome[] {
  const config = TYPICAL_CONFIGS[family.name];
  if (!config) throw new Error(`${family.name}: no typical config in test/support/typical-configs.ts`);
  const hf = shareCopies(numberTensors(family.expected(family.dimensions(config), config)));
  const axes = { layers: false, experts: true, halves: false, separateNorms: false, vocabMultiple: 8, prefix: '' };
  const memory = makeCheckpoint(layOutKeys(shardModel(family.name, hf, config), axes));
  const right = execute(family, config, memory);
  for (const [name, data] of Object.entries(right)) expect(data, name).toEqual(hf.get(name)?.data);
  const index = indexSources(memory.checkpoint);
  const dimensions = family.dimensions(config);
  const used = (rule: Rule): boolean => chooseSources(rule, index, dimensions).length > 0;
  return mutateTable(family, used).flatMap(({ kind, what, family: damaged }): Outcome[] => {
    const seen = judge(damaged, config, memory, right);
    return seen === null ? [] : [{ kind, what, seen }];
  });
}

/** Null where the damage changes nothing: a number that the family does not have. */
function judge(
  family: Family,
  config: ModelConfig,
  memory: MemoryCheckpoint,
  right: Record<string, readonly number[]>,
): Seen | null {
  try {
    const got = execute(family, config, memory);
    if (JSON.stringify(got) === JSON.stringify(right)) return null;
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    if (error.type === 'BooksNotClosed') return 'books';
    if (error.type === 'ReferenceMismatch') return 'shapes';
    throw error;
  }
  try {
    execute(family, config, memory, recordedBy(config));
    return 'digests';
  } catch (error) {
    if (error instanceof ConversionError && error.type === 'ReferenceMismatch') return 'recorded';
    throw error;
  }
}

/** What a training run of the right model records about itself. */
function recordedBy(config: ModelConfig): TrainingConfig {
  return {
    source: 'run_config.yaml',
    values: { vocab_size: config['vocab_size'], num_layers: config['num_hidden_layers'] },
  };
}

function execute(
  family: Family,
  config: ModelConfig,
  { checkpoint, stat, payloads }: MemoryCheckpoint,
  training: TrainingConfig | null = null,
): Record<string, readonly number[]> {
  const input = { strict: true, dtype: 'source', max_shard_size: '5GB' } as const;
  const plan = makePlan({ checkpoint, checkpointStat: stat, family, config, training, input });
  const tensors = plan.files.flatMap((file) => [...executeNumbers(file, ({ offset }) => payloads.get(offset) ?? [])]);
  return Object.fromEntries(tensors.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const INTRODUCTION = `# What stands between a wrong table and its users

A test damages the table of each family, one mistake at a time, and plans a checkpoint of a small model with it. _Books_: a tensor is left over,
missing, or filled twice. _Shapes_: rows or columns do not fit \`config.json\`. _Recorded_: what the run recorded about itself does not. _Digests_: the plan is
accepted and the bytes are wrong; only a comparison with known tensors shows it, or the smoke test: with a trained Llama it refuses swapped
gate and up rows, moved or interleaved query heads and dropped norms (\`test/smoke\`). Two norms that are swapped and lie close to one it cannot
see. So no family is supported without a fixture whose every tensor is compared
byte for byte (\`test/engines/families-*.test.ts\`).

This file is made by a test, which keeps it current.
`;

function count(outcomes: readonly Outcome[], seen: Seen): string {
  return String(outcomes.filter((outcome) => outcome.seen === seen).length);
}

function describeGuards(): string {
  const rows = [...OUTCOMES].map(([name, outcomes]) => [
    name,
    String(outcomes.length),
    count(outcomes, 'books'),
    count(outcomes, 'shapes'),
    count(outcomes, 'recorded'),
    count(outcomes, 'digests'),
  ]);
  const lists = [...OUTCOMES].map(([name, outcomes]) => {
    const silent = outcomes.filter(({ seen }) => seen === 'digests');
    return `## ${name}\n\n${silent.map(({ kind, what }) => `- ${kind}: \`${what}\``).join('\n')}\n`;
  });
  return [
    INTRODUCTION,
    markdownTable([['family', 'mistakes', 'books', 'shapes', 'recorded', 'digests or smoke alone'], ...rows]),
    '# Mistakes that only digests or a smoke test see\n',
    ...lists,
  ].join('\n');
}
