// The table of statuses in docs/inspect-and-diff.md is current; `vitest -u` renews it.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { STATUSES } from '../../src/compare/types.ts';
import { renderTable, replaceBetweenMarkers } from '../../src/config/options-table.ts';

test('every status of a tensor is documented', async () => {
  const path = new URL('../../docs/inspect-and-diff.md', import.meta.url);
  const rows = Object.entries(STATUSES).map(([status, meaning]) => [`\`${status}\``, meaning]);
  const table = renderTable(['status of a tensor', 'meaning'], rows);
  const document = replaceBetweenMarkers(await readFile(path, 'utf8'), 'statuses', table);
  await expect(document).toMatchFileSnapshot(path.pathname);
});
