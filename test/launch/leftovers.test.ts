import { expect, it } from 'vitest';
import { endProcesses, findProcesses, markOf } from '../../src/launch/find-processes.ts';
import { runProcess } from '../../src/launch/run-process.ts';

const signal = new AbortController().signal;
const MARK = ['--staging', `/tmp/leftovers-${process.pid}`];

it('a child in a session of its own holds nobody up by its open pipes, and is found by the mark it inherited', async () => {
  const command = ['sh', '-c', 'setsid sleep 300 & echo "last words"'] as const;
  const result = await runProcess({ command: [...command], signal, env: markOf(MARK) });
  expect(result).toMatchObject({ exitCode: 0, tail: ['last words'] });
  expect(result.seconds).toBeLessThan(20);
  expect(await findProcesses(MARK)).toHaveLength(1);
  await endProcesses(MARK, 10);
  expect(await findProcesses(MARK)).toEqual([]);
});

it('what a process writes at its very end is read, however much it is', async () => {
  const lines: string[] = [];
  const script = 'i=0; while [ $i -lt 20000 ]; do echo "line $i of a long report"; i=$((i+1)); done';
  const result = await runProcess({ command: ['sh', '-c', script], signal, onLine: (line) => lines.push(line) });
  expect(result.exitCode).toBe(0);
  expect(lines).toHaveLength(20_000);
});
