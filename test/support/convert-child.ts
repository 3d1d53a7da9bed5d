// A worker in its own process for tests: converts what its argument says, so that a test can kill it.
import { readFileSync } from 'node:fs';
import { ConversionInput, PreflightResult } from '../../src/contract/index.ts';
import { convert } from '../../src/engines/convert.ts';
import { surroundingsFor } from './rank-conversion.ts';

const [requestFile = ''] = process.argv.slice(2);
const { input, preflight } = JSON.parse(readFileSync(requestFile, 'utf8')) as { input: unknown; preflight: unknown };
await convert(ConversionInput.parse(input), PreflightResult.parse(preflight), surroundingsFor());
