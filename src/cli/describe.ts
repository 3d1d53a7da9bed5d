// `describe`: what this conversion consumes, produces, takes and how it can fail; from the schemas that are in force.
import { configuredDefaults } from '../config/configured-defaults.ts';
import { requestOptions } from '../config/load-config.ts';
import { STEP_ID, STEP_PARAMETERS } from '../config/step-parameters.ts';
import { ARTIFACTS, FAILURES, WORKFLOW_TYPE } from '../contract/index.ts';
import type { DescribeFlags } from './flags.ts';
import { EXIT_CODES } from './exit-codes.ts';
import type { Description } from './description.ts';
import { renderDescription } from './render-description.ts';

export async function describe(flags: DescribeFlags): Promise<number> {
  const description = await composeDescription();
  process.stdout.write(flags.json ? `${JSON.stringify(description)}\n` : renderDescription(description));
  return EXIT_CODES.done.code;
}

export async function composeDescription(): Promise<Description> {
  const configured = await configuredDefaults();
  return {
    name: STEP_ID,
    workflow: WORKFLOW_TYPE,
    consumes: [ARTIFACTS.consumes],
    produces: [ARTIFACTS.produces],
    parameters: requestOptions().map((option) => ({
      name: option.path,
      type: option.type,
      required: option.required,
      default: option.fallback ?? null,
      configured: configured.get(option.path) ?? null,
      meaning: option.meaning,
      aliases: STEP_PARAMETERS.filter(({ name, ours }) => ours === option.path && name !== ours).map(
        ({ name }) => name,
      ),
      step: STEP_PARAMETERS.find(({ name }) => name === option.path)?.difference ?? null,
    })),
    failures: Object.entries(FAILURES).map(([type, row]) => ({
      type,
      retried: row.retryable,
      exit_code: row.exitCode,
      meaning: row.meaning,
      advice: row.advice,
    })),
    exit_codes: Object.values(EXIT_CODES).map(({ code, meaning }) => ({ code, meaning })),
  };
}
