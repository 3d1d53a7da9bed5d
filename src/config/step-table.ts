// The generated table of docs/step-parameters.md: each parameter of the Nemotron step beside ours.
import { requestOptions } from './load-config.ts';
import { renderTable } from './options-table.ts';
import { join } from 'node:path';
import { packageConfigFolder } from './package-root.ts';
import { readYaml } from './read-yaml.ts';
import { STEP_PARAMETERS, type StepParameter } from './step-parameters.ts';

/** One row a parameter of the step. Our default is that of `config/default.yaml`, else that of the schema. */
export async function renderStepTable(): Promise<string> {
  const { leaves } = await readYaml(join(packageConfigFolder(), 'default.yaml'), 'package');
  const schema = new Map(requestOptions().map((option) => [option.path, option]));
  const ourDefault = (path: string): string => {
    const leaf = leaves.get(path);
    if (leaf !== undefined) return code(leaf.text ?? JSON.stringify(leaf.value));
    const option = schema.get(path);
    if (option === undefined) throw new Error(`${path} in step-parameters.ts is no parameter`);
    return option.fallback === undefined ? '' : code(asText(option.fallback));
  };
  const rows = STEP_PARAMETERS.map((row) => [
    code(row.name),
    stepDefault(row),
    row.only !== undefined
      ? `\`${row.only}\` only`
      : row.ours === null
        ? 'refused'
        : row.ours === row.name
          ? ''
          : code(row.ours),
    row.ours === null ? '' : ourDefault(row.ours),
    row.instead === undefined ? row.difference : `${row.instead}. Why: ${row.difference}`,
  ]);
  return renderTable(
    ['parameter of the step', 'its default', 'here', 'our default', 'what is different, and why'],
    rows,
  );
}

function stepDefault({ fallback, variable }: StepParameter): string {
  if (fallback === null) return '';
  return variable === undefined ? code(asText(fallback)) : code(`\${oc.env:${variable},${asText(fallback)}}`);
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const code = (text: string): string => `\`${text}\``;
