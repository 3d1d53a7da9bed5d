// The generated tables of the documentation are current; `vitest -u` renews them.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { renderExitCodeTable, renderFailureTable } from '../../src/cli/failure-table.ts';
import { renderOptionsTable, renderWorkerTable, replaceBetweenMarkers } from '../../src/config/options-table.ts';

const docs = new URL('../../docs/', import.meta.url);

test.each([
  ['configuration.md', async () => ({ options: await renderOptionsTable(), worker: renderWorkerTable() })],
  ['exit-codes.md', () => ({ 'exit-codes': renderExitCodeTable(), failures: renderFailureTable() })],
] as const)('the tables of docs/%s are current', async (file, render) => {
  const path = new URL(file, docs);
  let document = await readFile(path, 'utf8');
  for (const [name, table] of Object.entries(await render())) document = replaceBetweenMarkers(document, name, table);
  await expect(document).toMatchFileSnapshot(path.pathname);
});
