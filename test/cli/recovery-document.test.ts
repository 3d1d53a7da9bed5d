// docs/recovery.md is what the tables say, and every note's advice is in the failure itself. `vitest run <this file> -u` renews it.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { RECOVERY_NOTES, renderRecoveryTable } from '../../src/cli/recovery-table.ts';
import { replaceBetweenMarkers } from '../../src/config/options-table.ts';
import { FAILURES } from '../../src/contract/index.ts';
import { createProgram } from '../../src/cli/program.ts';

it('docs/recovery.md is current', async () => {
  const path = new URL('../../docs/recovery.md', import.meta.url).pathname;
  const document = replaceBetweenMarkers(await readFile(path, 'utf8'), 'recovery', renderRecoveryTable());
  await expect(document).toMatchFileSnapshot(path);
});

it('its commands exist', () => {
  const retry = createProgram('').commands.find((command) => command.name() === 'retry');
  const from = retry?.options.find(({ long }) => long === '--from');
  for (const { command } of RECOVERY_NOTES) {
    expect(command).toMatch(/^megatron-to-hf retry ID/);
    const place = /--from (\w+)/.exec(command)?.[1];
    if (place) expect(from?.argChoices).toContain(place);
  }
});

it('gives the advice of the step in the words of the failures', () => {
  expect(FAILURES.CheckpointIncomplete.advice).toContain('Wait for the asynchronous save to finish');
  expect(FAILURES.WaitTimedOut.advice).toContain('retry from a complete iter_* directory');
  expect(FAILURES.ReferenceUnavailable.advice).toContain(
    'Set hf_model_id to the original base model or a local config source',
  );
  expect(FAILURES.SmokeFailed.advice).toContain('Inspect the generated text');
});
