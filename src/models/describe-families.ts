// docs/families.md, made from the family tables and the general rules. `vitest run test/models/families-document.test.ts -u` writes it anew.
import { DROP_RULES } from './drops.ts';
import { markdownTable } from './markdown-table.ts';
import { FAMILIES } from './registry.ts';
import type { Family, Transform } from './types.ts';

const HOW: Readonly<Record<Transform, string>> = {
  direct: 'unchanged',
  vocabulary: 'first `vocab_size` rows; the padding is cut',
  qkv: 'split by query group',
  gated: 'first half gate, second half up',
};

const INTRODUCTION = `# Families that engine \`stream\` knows

One table a family. \`*\` is the layer: an index in the key, or the leading axis of a stack, whichever the checkpoint has. Where a row
names several Megatron keys, the first that exists is taken. A prefix such as \`model.\` or \`module.\` before all keys is found by
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
  const rows = rules.map(({ from, to, transform }) => [code(from), code(to), HOW[transform]]);
  return `## ${name}: ${code(architectures)}\n\n${markdownTable([['Megatron', 'Hugging Face', 'how'], ...rows])}`;
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function escapePipes(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
