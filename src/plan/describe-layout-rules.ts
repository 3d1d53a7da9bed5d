// docs/layout-rules.md, made from the table of rules. `vitest run test/plan/layout-rules-document.test.ts -u` writes it anew.
import { markdownTable } from '../models/markdown-table.ts';
import { LAYOUT_RULES, type Severity } from './layout-rules.ts';

const WORDS: Readonly<Record<Severity, string>> = {
  error: 'error',
  strict: 'error if strict, else warning',
  warning: 'warning',
  note: 'note',
  silent: '-',
};

const INTRODUCTION = `# Rules of the parallel layout

\`validateParallelism\` holds the requested layout against the model, the ranks and what the training run recorded. What a broken
rule means depends on the engine, and on whether a person gave the value or a configuration default did (\`defaulted\` of the
request). Engine \`stream\` reads global tensors and needs no layout, so a default never fails it. All problems are reported at
once, each with what to set instead.

This file is made from \`src/plan/layout-rules.ts\`; a test keeps it current.
`;

export function describeLayoutRules(): string {
  const header = [
    'rule',
    'what must hold',
    'stream: given',
    'stream: default',
    'bridge: given',
    'bridge: default',
    'origin',
  ];
  const rows = LAYOUT_RULES.map(({ name, demands, severity: { stream, bridge }, origin }) => [
    name,
    demands,
    WORDS[stream.given],
    WORDS[stream.default],
    WORDS[bridge.given],
    WORDS[bridge.default],
    origin,
  ]);
  return `${INTRODUCTION}\n${markdownTable([header, ...rows])}`;
}
