// A training configuration that cannot be read costs the cross-checks, never the export; and it is named.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { OP } from '../../src/checkpoint/pickle/opcodes.ts';
import { ConversionInput } from '../../src/contract/input.ts';
import { readBasis } from '../../src/engines/build-plan.ts';
import type { Surroundings } from '../../src/contract/surroundings.ts';
import { copyFixture, ROOT } from '../support/checkpoint-fixtures.ts';
import { call, globalOf, pickleOf, text } from '../support/checkpoint-pickle.ts';
import { archiveOf } from '../support/checkpoint-zip.ts';
import { READER_POLICY } from '../../src/cli/reader-surroundings.ts';

const surroundings: Surroundings = {
  signal: new AbortController().signal,
  onProgress: () => undefined,
  policy: READER_POLICY,
  worker: { kind: 'cli', workflowId: 'test', runId: 'test', attempt: 1, namespace: null, host: 'here', pid: 1 },
  previous: null,
  isOwnerAlive: () => Promise.resolve(false),
};

test('a class of a fork in common.pt becomes a warning that names it', async () => {
  const path = await copyFixture('core-0.16');
  const pickle = pickleOf(
    OP.EMPTY_DICT,
    text('args'),
    call(globalOf('our_fork.arguments', 'Namespace'), text('x')),
    OP.SETITEM,
  );
  await writeFile(join(path, 'common.pt'), archiveOf([{ name: 'common/data.pkl', data: pickle }]));
  const input = ConversionInput.parse({
    megatron_path: path,
    hf_model_id: join(ROOT, 'fixtures/core-0.16/reference'),
    hf_path: join(path, '../target'),
  });
  const basis = await readBasis(input, surroundings);
  expect(basis.training).toBeNull();
  expect(basis.trainingProblem).toMatch(/our_fork\.arguments/);
});
