// Bytes of a pipe to lines, with a bound: a program that never ends its line must not fill the memory.
import { StringDecoder } from 'node:string_decoder';

const LONGEST_LINE = 1 << 20;

/** Feeds chunks in, gives whole lines out (without `\n` or `\r\n`). A line over 1 MiB is cut into pieces. */
export function splitLines(onLine: (line: string) => void): { write: (chunk: Buffer) => void; end: () => void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (rest.length > LONGEST_LINE) {
      onLine(rest);
      rest = '';
    }
  };
  return {
    write: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
