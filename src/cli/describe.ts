// `describe`: what this conversion consumes, produces, takes and how it can fail; from the schemas that are in force.
import { configuredDefaults } from '../config/configured-defaults.ts';
import { requestOptions } from '../config/load-config.ts';
import { STEP_ID, STEP_PARAMETERS } from '../config/step-parameters.ts';
import { ARTIFACTS, FAILURES, WORKFLOW_TYPE } from '../contract/index.ts';
import type { DescribeFlags } from './commands/describe.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { renderDescription } from './render-description.ts';

export interface Description {
  readonly name: string;
  readonly workflow: string;
  readonly consumes: readonly Artifact[];
  readonly produces: readonly Artifact[];
  readonly parameters: readonly Parameter[];
  readonly failures: readonly Failure[];
  readonly exit_codes: readonly { readonly code: number; readonly meaning: string }[];
}

interface Artifact {
  /** As in the artifact types of the step. */
  readonly type: string;
  readonly parameter: string;
  readonly meaning: string;
}

interface Parameter {
  readonly name: string;
  readonly type: string;
  /** A program that starts the workflow must give it. On the command line only where nothing is configured either. */
  readonly required: boolean;
  /** What the schema fills in; null: nothing. */
  readonly default: unknown;
  /** What `config/default.yaml` says on top, with its interpolations; null: nothing. */
  readonly configured: unknown;
  readonly meaning: string;
  /** Other spellings, of the step. */
  readonly aliases: readonly string[];
  /** What is done differently from the step, empty for nothing; null where the step has no such parameter. */
  readonly step: string | null;
}

interface Failure {
  readonly type: string;
  readonly retried: boolean;
  readonly exit_code: number;
  readonly meaning: string;
  readonly advice: string;
}

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
