// Safetensors files as a side: one file, or a directory with or without an index.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DTYPE_BYTES } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import { errorCode } from '../files/error-code.ts';
import { SourceFiles } from '../rank/source-files.ts';
import { readHeader } from '../safetensors/read-header.ts';
import { HeaderError, type TensorInfo } from '../safetensors/types.ts';
import type { ExportFiles } from './list-files.ts';
import { nameFew } from '../contract/name-few.ts';
import type { Side } from './types.ts';

/** A tensor and where its bytes begin. */
interface Located extends TensorInfo {
  readonly file: string;
  /** Position in the file, in bytes. */
  readonly position: number;
}

/** @throws ConversionError InvalidInput with every defect of every file. */
export async function openExport({ path, directory, files, weightMap }: ExportFiles): Promise<Side> {
  const problems: string[] = [];
  const found = new Map<string, Located>();
  const extra: string[] = [];
  for (const file of files) {
    for (const [name, tensor] of await locateTensors(directory, file, problems)) {
      const other = found.get(name);
      if (weightMap !== null && weightMap[name] !== file) extra.push(`${name} (${file})`);
      else if (other === undefined) found.set(name, tensor);
      else problems.push(`${name} is in ${other.file} and in ${file}`);
    }
  }
  const lost = Object.entries(weightMap ?? {}).filter(([name]) => !found.has(name));
  // A file that cannot be read explains its tensors.
  if (problems.length === 0)
    problems.push(...lost.map(([name, file]) => `the index says that ${name} is in ${file}, which does not hold it`));
  if (problems.length > 0) throw new ConversionError('InvalidInput', problems.join('; '), { problems });
  return {
    path,
    kind: 'export',
    family: null,
    tensors: new Map([...found].map(([name, { dtype, shape }]) => [name, { dtype, shape }])),
    notes:
      extra.length === 0 ? [] : [`${extra.length} tensor(s) are not in the index and take no part: ${nameFew(extra)}`],
    leftOut: extra,
    ...readLocated(directory, found),
  };
}

async function locateTensors(directory: string, file: string, problems: string[]): Promise<[string, Located][]> {
  const path = join(directory, file);
  try {
    // Opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) throw new HeaderError('InvalidHeader', 'this is not a regular file');
    const { tensors, dataOffset } = await readHeader(path);
    return [...tensors].map(([name, info]) => [name, { ...info, file, position: dataOffset + info.begin }]);
  } catch (error) {
    if (error instanceof HeaderError) problems.push(`${path}: ${error.message}`);
    else if (errorCode(error) !== null) problems.push(`${path} cannot be read: ${errorCode(error)}`);
    else throw error;
    return [];
  }
}

function readLocated(directory: string, found: ReadonlyMap<string, Located>): Pick<Side, 'read' | 'finish' | 'close'> {
  const sources = new SourceFiles(directory);
  return {
    read: (name, begin, count, block) => {
      const tensor = found.get(name);
      if (tensor === undefined) throw new RangeError(`${directory} has no tensor ${name}`);
      const elementBytes = DTYPE_BYTES[tensor.dtype];
      const bytes = count * elementBytes;
      const read = sources.read(tensor.file, block, 0, bytes, tensor.position + begin * elementBytes);
      if (read === bytes) return;
      const message = `${join(directory, tensor.file)} ended inside ${name}: it was longer when its header was read. Compare again once nothing writes to it.`;
      throw new ConversionError('SourceChanged', message, { problems: [message] });
    },
    finish: () => undefined,
    close: () => {
      sources.close();
    },
  };
}
