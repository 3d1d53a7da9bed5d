// One exported file against its line in the plan: record, size, header.
import { readHeader } from '../safetensors/read-header.ts';
import { HeaderError } from '../safetensors/types.ts';
import { sizeIfThere } from '../files/if-there.ts';
import { readDoneRecord } from '../rank/done-record.ts';
import { exportedFile } from '../files/staging.ts';
import type { PlanSummary } from '../plan/types.ts';

export interface FileFinding {
  readonly name: string;
  readonly problems: readonly string[];
  /** What its header holds; 0 where it is not readable. */
  readonly tensors: number;
  readonly parameters: number;
}

type PlannedFile = PlanSummary['files'][number];

/** Reads the header and the record, not the data. System errors other than a missing file pass through. */
export async function verifyFile(staging: string, byteDigest: string, planned: PlannedFile): Promise<FileFinding> {
  const { name, bytes } = planned;
  const finding = (problem: string): FileFinding => ({
    name,
    problems: [`${name}: ${problem}`],
    tensors: 0,
    parameters: 0,
  });
  const path = exportedFile(staging, name);
  const size = await sizeIfThere(path);
  if (size === null) return finding(`missing, expected ${bytes} bytes`);
  if (size !== bytes) return finding(`has ${size} bytes, expected ${bytes}`);
  const record = readDoneRecord(staging, name);
  if (record === null) return finding('has no readable done record');
  if (record.byteDigest !== byteDigest || record.bytes !== bytes || record.name !== name)
    return finding(
      `its done record is of ${record.name}, ${record.bytes} bytes, conversion ${record.byteDigest.slice(0, 12)}`,
    );
  try {
    const header = await readHeader(path);
    if (header.text !== planned.header)
      return finding(`its header is not the planned one: ${difference(header.text, planned.header)}`);
    const shapes = [...header.tensors.values()].map(({ shape }) =>
      shape.reduce((product, length) => product * length, 1),
    );
    const unrecorded = [...header.tensors.keys()].filter((tensor) => record.tensors[tensor] === undefined);
    if (unrecorded.length > 0) return finding(`its done record does not know ${unrecorded.slice(0, 5).join(', ')}`);
    return { name, problems: [], tensors: shapes.length, parameters: shapes.reduce((sum, count) => sum + count, 0) };
  } catch (error) {
    if (error instanceof HeaderError) return finding(error.message);
    throw error;
  }
}

function difference(found: string, expected: string): string {
  let at = 0;
  while (at < found.length && found[at] === expected[at]) at++;
  const excerpt = (text: string): string => JSON.stringify(text.slice(at, at + 40));
  return `at character ${at} it has ${excerpt(found)}, expected ${excerpt(expected)}`;
}
