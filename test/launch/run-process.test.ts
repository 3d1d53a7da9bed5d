import { describe, expect, it, vi } from 'vitest';
import { runProcess } from '../../src/launch/run-process.ts';
import { isAlive, waitFor } from '../support/launch-processes.ts';

const never = new AbortController().signal;

describe('runProcess', () => {
  it('gives lines of both streams, the exit code and the tail', async () => {
    const lines: string[] = [];
    const result = await runProcess({
      command: ['sh', '-c', 'echo one; echo two >&2; printf three; exit 3'],
      signal: never,
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    expect(lines.sort()).toEqual(['stderr two', 'stdout one', 'stdout three']);
    expect(result).toMatchObject({ exitCode: 3, signalName: null, aborted: false, timedOut: false, startError: null });
    expect(result.tail).toHaveLength(3);
  });

  it('keeps the last 50 lines only', async () => {
    const result = await runProcess({ command: ['seq', '1', '1000'], signal: never });
    expect(result.tail).toHaveLength(50);
    expect(result.tail.at(-1)).toBe('1000');
  });

  it('says why a program cannot be started', async () => {
    const result = await runProcess({ command: ['/no/such/program'], signal: never });
    expect(result.startError).toMatch(/no such file/i);
  });

  it('passes an allow-list of the environment, and no secrets or outer ranks', async () => {
    vi.stubEnv('HF_TOKEN', 'secret');
    vi.stubEnv('RANK', '3');
    vi.stubEnv('MASTER_ADDR', 'elsewhere');
    vi.stubEnv('TORCHELASTIC_RUN_ID', 'outer');
    vi.stubEnv('HF_HOME', '/somewhere');
    const result = await runProcess({ command: ['env'], signal: never, env: { EXTRA: 'yes' } });
    vi.unstubAllEnvs();
    const names = result.tail.map((line) => line.split('=')[0]);
    expect(names).toEqual(expect.arrayContaining(['PATH', 'HF_HOME', 'EXTRA']));
    for (const name of ['HF_TOKEN', 'RANK', 'MASTER_ADDR', 'TORCHELASTIC_RUN_ID']) expect(names).not.toContain(name);
  });

  it('ends by SIGTERM when aborted', async () => {
    const controller = new AbortController();
    const running = runProcess({
      command: ['sh', '-c', 'echo ready; exec sleep 60'],
      signal: controller.signal,
      onLine: () => {
        controller.abort();
      },
    });
    expect(await running).toMatchObject({ aborted: true, signalName: 'SIGTERM', exitCode: null });
  });

  it('kills what ignores SIGTERM, and its children', async () => {
    const controller = new AbortController();
    let child = 0;
    const result = await runProcess({
      command: ['sh', '-c', 'trap "" TERM; sleep 60 & echo $!; while :; do wait; done'],
      signal: controller.signal,
      killAfterSeconds: 0.3,
      onLine: (line) => {
        child = Number(line);
        controller.abort();
      },
    });
    expect(result).toMatchObject({ aborted: true, signalName: 'SIGKILL' });
    await waitFor(() => !isAlive(child));
  });

  it('ends a program at its time limit', async () => {
    const result = await runProcess({ command: ['sleep', '60'], signal: never, timeoutSeconds: 0.2 });
    expect(result).toMatchObject({ timedOut: true, aborted: false });
  });

  it('holds stdin open as a lifeline, and closes it otherwise', async () => {
    const held = await runProcess({ command: ['cat'], signal: never, lifeline: true, timeoutSeconds: 0.3 });
    expect(held.timedOut).toBe(true);
    const closed = await runProcess({ command: ['cat'], signal: never, timeoutSeconds: 30 });
    expect(closed).toMatchObject({ exitCode: 0, timedOut: false });
  });
});
