// The parameters in `--help`, from the same schema that checks them.
import { configuredDefaults } from '../config/configured-defaults.ts';
import { requestOptions } from '../config/load-config.ts';

/** One line a parameter: name, meaning, and the default that it has without a configuration of one's own. */
export async function renderOptionsHelp(): Promise<string> {
  const configured = await configuredDefaults();
  const rows = requestOptions().map(({ path, meaning, type, fallback, required }) => {
    const value = configured.get(path) ?? fallback;
    const hint = value !== undefined ? ` [${asText(value)}]` : required ? ' (required)' : '';
    return [path, `${meaning || type}${hint}`] as const;
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return `Parameters, with the default of each; -c with a file of your own starts from \`defaults: default\` to keep them:\n${lines.join('\n')}\n`;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
