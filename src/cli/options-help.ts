// The parameters in `--help`, from the same schema that checks them.
import { requestOptions } from '../config/load-config.ts';

/** One line a parameter: name, default, meaning. */
export function renderOptionsHelp(): string {
  const rows = requestOptions().map((option) => {
    const fallback = option.required ? ' (required)' : describeDefault(option.fallback);
    return [option.path, `${option.meaning || option.type}${fallback}`] as const;
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  return `\nParameters:\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n')}\n`;
}

function describeDefault(value: unknown): string {
  if (value === undefined) return '';
  return ` [${typeof value === 'string' ? value : JSON.stringify(value)}]`;
}
