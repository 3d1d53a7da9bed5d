// The generated tables of the documentation are current; `vitest -u` renews them.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { renderExitCodeTable, renderFailureTable } from '../../src/cli/failure-table.ts';
import { renderStepTable } from '../../src/config/step-table.ts';
import {
  renderOptionsTable,
  renderProfileTable,
  renderWorkerTable,
  replaceBetweenMarkers,
} from '../../src/config/options-table.ts';

const docs = new URL('../../docs/', import.meta.url);

test.each([
  ['configuration.md', async () => ({ options: await renderOptionsTable(), worker: renderWorkerTable() })],
  ['exit-codes.md', () => ({ 'exit-codes': renderExitCodeTable(), failures: renderFailureTable() })],
  ['step-parameters.md', async () => ({ 'step-parameters': await renderStepTable() })],
  [
    'profiles.md',
    () => ({
      local: renderProfileTable('local'),
      slurm: renderProfileTable('slurm'),
      lepton: renderProfileTable('lepton'),
      dgxcloud: renderProfileTable('dgxcloud'),
    }),
  ],
] as const)('the tables of docs/%s are current', async (file, render) => {
  const path = new URL(file, docs);
  let document = await readFile(path, 'utf8');
  for (const [name, table] of Object.entries(await render())) document = replaceBetweenMarkers(document, name, table);
  await expect(document).toMatchFileSnapshot(path.pathname);
});
