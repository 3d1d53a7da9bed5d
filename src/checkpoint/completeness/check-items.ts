// The deep part of a look: every stored item is a whole archive and holds the tensor that `.metadata` promises. Data is not read.
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ConversionError } from '../../contract/failures.ts';
import { checkObjectItem, readItemHeader } from '../item-header.ts';
import { openFile } from '../open-file.ts';
import type { Checkpoint, Chunk, ItemLocation, TensorEntry } from '../types.ts';

/** Milliseconds of work between two turns of the event loop. */
const TURN = 25;
/** Problems after which no more items are read: the verdict is clear. */
const MAX_PROBLEMS = 20;

interface Task {
  readonly item: ItemLocation;
  readonly key: string;
  /** Null for a byte entry. */
  readonly tensor: { readonly entry: TensorEntry; readonly chunk: Chunk } | null;
}

/**
 * @param onChecked items checked so far, of how many.
 * @returns what does not agree, at most 20 sentences.
 */
export async function checkItems(
  checkpoint: Checkpoint,
  signal: AbortSignal,
  onChecked: (done: number, total: number) => void,
): Promise<string[]> {
  const byFile = groupByFile(checkpoint);
  const total = [...byFile.values()].reduce((sum, tasks) => sum + tasks.length, 0);
  const problems: string[] = [];
  let done = 0;
  let turn = performance.now();
  for (const [name, tasks] of byFile) {
    const file = await openFile(join(checkpoint.path, name));
    if (file === null) {
      if (problems.push(`${name} has vanished`) >= MAX_PROBLEMS) return problems;
      continue;
    }
    try {
      for (const task of tasks.sort((a, b) => a.item.offset - b.item.offset)) {
        const problem = checkItem(file.handle.fd, task);
        if (problem !== null && problems.push(problem) >= MAX_PROBLEMS) return problems;
        done += 1;
        if (performance.now() - turn < TURN) continue;
        onChecked(done, total);
        await setImmediate();
        signal.throwIfAborted();
        turn = performance.now();
      }
    } finally {
      await file.handle.close();
    }
  }
  return problems;
}

function groupByFile(checkpoint: Checkpoint): Map<string, Task[]> {
  const byFile = new Map<string, Task[]>();
  const add = (task: Task): void => {
    const tasks = byFile.get(task.item.file);
    if (tasks === undefined) byFile.set(task.item.file, [task]);
    else tasks.push(task);
  };
  for (const entry of checkpoint.tensors.values()) {
    for (const chunk of entry.chunks) add({ item: chunk, key: entry.key, tensor: { entry, chunk } });
  }
  for (const object of checkpoint.objects.values()) add({ item: object, key: object.key, tensor: null });
  return byFile;
}

function checkItem(file: number, { item, key, tensor }: Task): string | null {
  try {
    if (tensor !== null) return compareHeader(file, tensor.entry, tensor.chunk);
    // An object may be empty; nothing reads it unless it is the common state.
    if (item.length > 0) checkObjectItem(file, item);
    return null;
  } catch (error) {
    if (error instanceof ConversionError) return `${key}: ${error.message}`;
    throw error;
  }
}

function compareHeader(file: number, entry: TensorEntry, chunk: Chunk): string | null {
  const header = readItemHeader(file, chunk);
  const found = `${header.dtype} [${header.shape.join(', ')}]`;
  const expected = `${entry.dtype} [${chunk.sizes.join(', ')}]`;
  if (found === expected) return null;
  return `${entry.key}: ${chunk.file}, item at byte ${chunk.offset}: holds ${found}, .metadata says ${expected}`;
}
