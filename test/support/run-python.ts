// Runs a Python script of the tests that needs torch or transformers, in a fork of the one process that has imported both.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PythonAnswer, PythonRequest } from './python-request.ts';

/**
 * What `.venv/bin/python SCRIPT ARGS` prints, offline and with one thread.
 *
 * @throws Error with the end of its stderr when it does not end well
 */
export async function runPython(script: string, args: readonly string[], input = ''): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'm2hf-script-'));
  try {
    await writeFile(join(directory, 'stdin'), input);
    const { code } = await ask({ script, args: [...args], directory });
    if (code === 0) return await readFile(join(directory, 'stdout'), 'utf8');
    const stderr = await readFile(join(directory, 'stderr'), 'utf8').catch(
      () => 'the Python of the test run has ended',
    );
    throw new Error(`${script} ended with ${code}:\n${stderr.slice(-4000)}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function ask(request: PythonRequest): Promise<PythonAnswer> {
  const path = process.env['MEGATRON_TO_HF_TEST_PYTHON'];
  if (path === undefined)
    throw new Error('no Python: test/support/python-forks.ts is not the global set-up of this run');
  const socket = connect(path);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(`${JSON.stringify(request)}\n`);
  await once(socket, 'close');
  if (text === '') throw new Error('the Python of the test run did not answer');
  return JSON.parse(text) as PythonAnswer;
}
