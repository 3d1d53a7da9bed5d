import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConversionError } from '../../../src/contract/failures.ts';
import { explainFailure } from '../../../src/engines/bridge/explain-failure.ts';
import { makeFolder } from '../../config/config-folder.ts';

const FAILED = new ConversionError('RankFailed', 'A rank ended with code 1 without saying why.', {
  problems: ['A rank ended with code 1 without saying why.'],
  facts: { exitCode: 1 },
});

async function explain(logs: Readonly<Record<string, string>>, error: unknown = FAILED): Promise<ConversionError> {
  const folder = await makeFolder({});
  for (const [name, text] of Object.entries(logs)) await writeFile(join(folder, name), text);
  return (await explainFailure(error, folder)) as ConversionError;
}

describe('explainFailure', () => {
  it('quotes what was raised, and the log of the first rank that raised it', async () => {
    const error = await explain({
      'rank-0.log': 'Loading\n',
      'rank-2.log': 'Traceback (most recent call last):\n  File "x.py", line 1\n[rank2]: ValueError: 7 is not 8\n',
      'rank-10.log': 'KeyError: 1\n',
    });
    expect(error.problems).toEqual(['rank-2: [rank2]: ValueError: 7 is not 8', 'rank-10: KeyError: 1']);
    expect(error.message).toContain('Last lines of rank-2:\nTraceback');
    expect(error.facts).toEqual({ exitCode: 1 });
  });

  it.each([
    ['RuntimeError: CUBLAS_STATUS_ALLOC_FAILED when calling', 'RankFailed', 'ran out of memory', undefined],
    ["ModuleNotFoundError: No module named 'megatron.bridge'", 'RankFailed', 'bridge.python', true],
    ['ValueError: Tensor exists on more than one PP rank. Found on ranks 0 and 1.', 'RankFailed', '=first', true],
    [
      "KeyError: Tensor 'x' from generator not found in the original model structure",
      'BooksNotClosed',
      'strict=false',
      true,
    ],
    ['Distributed conversion script not found: /opt/x.py.', 'RankFailed', 'bridge.script', true],
  ])('%s', async (line, type, advice, isFinal) => {
    const error = await explain({ 'rank-0.log': `loading\r 50%\r 100%\n${line}\n` });
    expect(error.type).toBe(type);
    expect(error.message).toContain(line);
    expect(error.message).toContain(advice);
    expect(error.facts['final']).toBe(isFinal);
  });

  it('takes a warning for no cause', async () => {
    const log =
      "UserWarning: No module named 'transformer_engine'. Falling back\nthe launcher does not know why\nRuntimeError: NCCL error\n";
    const error = await explain({ 'rank-0.log': log });
    expect(error.problems).toEqual(['rank-0: RuntimeError: NCCL error']);
    expect(error.facts['final']).toBeUndefined();
  });

  it('leaves other failures, and ones without a log, as they are', async () => {
    const stalled = new ConversionError('ConversionStalled', 'stalled');
    expect(await explain({ 'rank-0.log': 'ValueError: x\n' }, stalled)).toBe(stalled);
    expect(await explain({})).toBe(FAILED);
    expect(await explainFailure(FAILED, '/nowhere')).toBe(FAILED);
  });
});
