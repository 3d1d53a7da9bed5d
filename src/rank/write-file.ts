// One output file, from its plan to its done record.
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import type { FilePlan } from '../plan/types.ts';
import { encodeHeader } from '../safetensors/build-header.ts';
import type { Buffers } from './buffers.ts';
import { finishFile } from './finish-file.ts';
import { ItemStore } from './item-store.ts';
import { OutputFile } from './output-file.ts';
import type { SourceFiles } from './source-files.ts';
import { attemptDirectory } from '../files/staging.ts';
import type { DoneRecord } from './types.ts';
import { writeTensor } from './write-tensor.ts';

export interface FileJob {
  readonly staging: string;
  readonly byteDigest: string;
  readonly rank: number;
  readonly attempt: number;
}

/**
 * Writes the file under the attempt's own directory, checks every source byte, flushes, moves it into `export/`, and records it.
 * @throws ConversionError CorruptData and others of the source; InsufficientSpace, TargetRefused, RankFailed of the target.
 */
export function writeFile(
  plan: FilePlan,
  job: FileJob,
  sources: SourceFiles,
  buffers: Buffers,
  onBytes: (bytes: number) => void,
): DoneRecord {
  const started = performance.now();
  const items = new ItemStore(plan, sources, buffers.staging());
  const output = new OutputFile(join(attemptDirectory(job.staging, job.attempt), plan.name), plan.bytes, onBytes);
  try {
    const tensors = writeContent(plan, items, buffers, output);
    const record: DoneRecord = {
      name: plan.name,
      byteDigest: job.byteDigest,
      bytes: plan.bytes,
      sha256: output.flush(),
      tensors,
      bytesRead: items.bytesRead,
      unchecked: items.unchecked,
      rank: job.rank,
      attempt: job.attempt,
      seconds: (performance.now() - started) / 1000,
    };
    output.guard(() => {
      finishFile(job.staging, output.path, record);
    });
    return record;
  } catch (error) {
    output.discard();
    throw error;
  }
}

/** Returns the CRC-32 of each tensor. */
function writeContent(plan: FilePlan, items: ItemStore, buffers: Buffers, output: OutputFile): Record<string, number> {
  const header = encodeHeader(plan.header);
  output.write(header);
  const checksums: Record<string, number> = {};
  for (const [index, tensor] of plan.tensors.entries()) {
    expectPosition(plan, tensor.name, output.position, header.length + tensor.begin);
    checksums[tensor.name] = writeTensor(
      tensor,
      (item) => items.get(item, tensor.name),
      buffers,
      (block) => {
        output.write(block);
      },
    );
    items.finishUpTo(index);
  }
  expectPosition(plan, 'the end', output.position, plan.bytes);
  return checksums;
}

/** A plan that contradicts itself is a defect of this program; the file is not finished then. */
function expectPosition(plan: FilePlan, what: string, found: number, expected: number): void {
  if (found === expected) return;
  const message = `${plan.name}: ${what} is at byte ${found}, the plan says ${expected}.`;
  throw new ConversionError('BooksNotClosed', message, { problems: [message] });
}
