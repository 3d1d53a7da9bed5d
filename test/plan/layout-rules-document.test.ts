// docs/layout-rules.md is what the table says. Write it anew with `vitest run test/plan/layout-rules-document.test.ts -u`.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeLayoutRules } from '../../src/plan/describe-layout-rules.ts';

it('docs/layout-rules.md is current', async () => {
  await expect(describeLayoutRules()).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/layout-rules.md'));
});
