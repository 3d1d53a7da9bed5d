// docs/families.md, made from the family tables and the general rules. `vitest run test/models/families-document.test.ts -u` writes it anew.
import { DROP_RULES } from './drops.ts';
import { markdownTable } from './markdown-table.ts';
import { FAMILIES } from './registry.ts';
import type { Family, Rule, Spelling, Transform } from './types.ts';

const HOW: Readonly<Record<Transform, string>> = {
  direct: 'unchanged',
  vocabulary: 'first `vocab_size` rows; the padding is cut',
  qkv: 'split by query group',
  'qkv with gate': 'split by query group; in q each head is followed by its gate',
  gated: 'first half gate, second half up',
  'gated, interleaved': 'gate rows at even, up rows at odd places',
  'gated, interleaved, transposed': 'gate rows become even, up rows odd columns',
  transposed: 'transposed',
  'delta net qkvz': 'by key head: its query, key, values and z',
  'delta net ba': 'by key head: its betas and alphas',
};

const INTRODUCTION = `# Families that engine \`stream\` knows

One table a family. \`*\` is the layer: an index in the key, or the leading axis of a stack, whichever the checkpoint has; \`{e}\` is the
expert in the same way. Where a row names several Megatron keys, the first that exists is taken; keys joined by + are joined along their
rows. A target without \`{e}\` of a source with experts holds them all on its leading axis. A prefix such as \`model.\` or \`module.\` before all keys is found by
looking for the word embedding. A row whose source is absent makes nothing; whether that is a loss is decided by the keys that
\`config.json\` calls for, with their shapes. Tied models have no \`lm_head.weight\`; biases follow \`config.json\`.

This file is made from \`src/models/\`; a test keeps it current.
`;

export function describeFamilies(): string {
  const drops = DROP_RULES.map(({ name, pattern, why }) => [name, code([escapePipes(pattern.source)]), why]);
  return [
    INTRODUCTION,
    ...FAMILIES.map(describeFamily),
    '## What is left out by name\n',
    'Tried after the table of the family. Anything else that no row takes fails a strict run (`BooksNotClosed`).\n',
    markdownTable([['rule', 'keys', 'why nothing is lost'], ...drops]),
  ].join('\n');
}

function describeFamily({ name, architectures, rules }: Family): string {
  const rows = rules.map((rule) => [rule.from.map(describeSpelling).join(', '), code(rule.to), describeHow(rule)]);
  return `## ${name}: ${code(architectures)}\n\n${markdownTable([['Megatron', 'Hugging Face', 'how'], ...rows])}`;
}

function describeSpelling(spelling: Spelling): string {
  return typeof spelling === 'string' ? code([spelling]) : spelling.map((part) => code([part])).join(' + ');
}

/** Several unchanged targets share the rows. */
function describeHow({ to, transform, arithmetic, place }: Rule): string {
  const split = transform === 'direct' && to.length > 1 ? 'consecutive rows' : HOW[transform];
  return [split, ...(arithmetic ? ['plus one'] : []), ...(place ? [`\`*\` is ${place.text}`] : [])].join('; ');
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function escapePipes(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
