// docs/families.md is what the tables say. Write it anew with `vitest run test/models/families-document.test.ts -u`.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeFamilies } from '../../src/models/describe-families.ts';

it('docs/families.md is current', async () => {
  await expect(describeFamilies()).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/families.md'));
});
