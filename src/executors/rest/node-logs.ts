// What the nodes of a cloud job left in its folder: output and exit codes.
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../files/error-code.ts';
import { exitName, logName } from './node-script.ts';

/** Bytes that are read from the end of a log. */
const TAIL_BYTES = 64 * 1024;

/** The last lines of every node, the first node's last; of several nodes each with a heading. Empty where nothing was written. */
export async function readNodeLogs(folder: string, lines: number): Promise<string[]> {
  const nodes = await listNodes(folder, logName('(\\d+)'));
  const share = Math.max(1, Math.floor(lines / Math.max(1, nodes.length)));
  const tails: string[] = [];
  for (const node of nodes.toSorted((a, b) => b - a)) {
    const tail = await readTail(join(folder, logName(String(node))), nodes.length > 1 ? share - 1 : share);
    tails.push(...(nodes.length > 1 ? [`node ${node}:`] : []), ...tail);
  }
  return tails;
}

/** The code of the first node that did not end with 0; 0 where all that ended did; null where none has ended. */
export async function readExitCode(folder: string): Promise<number | null> {
  let worst: number | null = null;
  for (const node of (await listNodes(folder, exitName('(\\d+)'))).toSorted((a, b) => a - b)) {
    const code = Number((await readFile(join(folder, exitName(String(node))), 'utf8')).trim());
    if (Number.isSafeInteger(code) && (worst === null || worst === 0)) worst = code;
  }
  return worst;
}

async function listNodes(folder: string, pattern: string): Promise<number[]> {
  const name = new RegExp(`^${pattern.replace('.', '\\.')}$`);
  try {
    return (await readdir(folder)).flatMap((entry) => {
      const number = name.exec(entry)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function readTail(path: string, lines: number): Promise<string[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return lastLines(buffer.toString('utf8', 0, bytesRead), lines);
  } finally {
    await file.close();
  }
}

/** The last `lines` lines of a text, without the empty one after the last line feed. */
export function lastLines(text: string, lines: number): string[] {
  const whole = text.replace(/\r?\n$/, '');
  return lines <= 0 || whole === '' ? [] : whole.split(/\r?\n/).slice(-lines);
}
