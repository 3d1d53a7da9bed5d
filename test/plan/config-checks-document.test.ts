// docs/config-checks.md is what the tables say. Write it anew with `vitest run test/plan/config-checks-document.test.ts -u`.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeRecordedSettings } from '../../src/plan/describe-recorded-settings.ts';

it('docs/config-checks.md is current', async () => {
  await expect(describeRecordedSettings()).toMatchFileSnapshot(
    join(import.meta.dirname, '../../docs/config-checks.md'),
  );
});
