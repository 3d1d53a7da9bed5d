// Global set-up of the tests: one Python, started when the first test asks, runs the scripts of all test files (python_forks.py).
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawn, type ChildProcess } from 'node:child_process';
import { PythonRequest, type PythonAnswer } from './python-request.ts';

const ROOT = join(import.meta.dirname, '../..');
const ENVIRONMENT = {
  HF_HUB_OFFLINE: '1',
  OMP_NUM_THREADS: '1',
  OMP_WAIT_POLICY: 'PASSIVE',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** Test workers find the socket in `MEGATRON_TO_HF_TEST_PYTHON`. Returns the teardown, which ends Python by closing its input. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'm2hf-python-'));
  const waiting = new Map<string, Socket>();
  let python: ChildProcess | null = null;
  const start = (): ChildProcess => {
    const child = spawn(join(ROOT, '.venv/bin/python'), [join(import.meta.dirname, 'python_forks.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...ENVIRONMENT },
    });
    if (child.stdout) createInterface(child.stdout).on('line', (line) => answer(JSON.parse(line) as PythonAnswer));
    child.once('exit', (code) => {
      for (const id of waiting.keys()) answer({ id, code: code ?? -1 });
      python = null;
    });
    return child;
  };
  const answer = (ended: PythonAnswer): void => {
    waiting.get(ended.id)?.end(`${JSON.stringify(ended)}\n`);
    waiting.delete(ended.id);
  };
  const server = createServer((socket) => {
    createInterface(socket).once('line', (line) => {
      const request = PythonRequest.parse(JSON.parse(line));
      const id = randomUUID();
      waiting.set(id, socket);
      python ??= start();
      python.stdin?.write(`${JSON.stringify({ ...request, id })}\n`);
    });
    socket.on('error', () => undefined);
  });
  const path = join(folder, 'socket');
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  process.env['MEGATRON_TO_HF_TEST_PYTHON'] = path;
  return async () => {
    const child = python;
    const ended = child && new Promise((resolve) => child.once('exit', resolve));
    child?.stdin?.end();
    await ended;
    server.close();
    await rm(folder, { recursive: true, force: true });
  };
}
