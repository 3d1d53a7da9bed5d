// Where a run stands, phase by phase: the answer of the status query and the table in the Temporal UI. Plain data, no Temporal.
import { type ConversionInput, type ConversionStatus, formatSeconds, PHASES, type Phase } from '../contract/index.ts';

type PhaseRow = ConversionStatus['phases'][number];

export interface PhaseBoard {
  /** `now` is in milliseconds since the epoch: workflow time, the same on replay. */
  readonly begin: (phase: Phase, now: number, summary: string) => void;
  readonly end: (phase: Phase, state: 'done' | 'failed' | 'skipped', now: number, summary: string) => void;
  readonly finish: () => void;
  readonly status: () => ConversionStatus;
  /** Seconds between begin and end; 0 for a phase that did not run. */
  readonly seconds: (phase: Phase) => number;
}

export function createPhaseBoard(input: Pick<ConversionInput, 'megatron_path' | 'hf_path'>): PhaseBoard {
  const rows = new Map<Phase, PhaseRow>(
    PHASES.map((phase) => [phase, { phase, state: 'pending', started: null, ended: null, summary: null }]),
  );
  let current: ConversionStatus['phase'] = PHASES[0];
  const change = (phase: Phase, values: Partial<PhaseRow>): void => {
    const row = rows.get(phase);
    if (row !== undefined) rows.set(phase, { ...row, ...values });
  };
  return {
    begin(phase, now, summary) {
      current = phase;
      change(phase, { state: 'running', started: new Date(now).toISOString(), summary });
    },
    end(phase, state, now, summary) {
      if (state === 'failed') current = 'failed';
      change(phase, { state, ended: new Date(now).toISOString(), summary });
    },
    finish() {
      current = 'done';
    },
    status: () => ({
      phase: current,
      phases: [...rows.values()],
      megatron_path: input.megatron_path,
      hf_path: input.hf_path,
    }),
    seconds: (phase) => elapsed(rows.get(phase)),
  };
}

/** The Markdown that the UI shows as the workflow's current details. */
export function renderBoard(status: ConversionStatus, notes: readonly string[] = []): string {
  const lines = status.phases.map((row) => {
    const took = row.ended !== null && row.state !== 'skipped' ? formatSeconds(elapsed(row)) : '';
    return `| ${row.phase} | ${row.state} | ${clock(row.started)} | ${took} | ${cell(row.summary ?? '')} |`;
  });
  return [
    `\`${status.megatron_path}\` → \`${status.hf_path}\``,
    '',
    '| phase | state | since (UTC) | took | figures |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    ...notes.flatMap((note) => ['', note]),
  ].join('\n');
}

function elapsed(row: PhaseRow | undefined): number {
  if (row === undefined || row.started === null || row.ended === null) return 0;
  return (Date.parse(row.ended) - Date.parse(row.started)) / 1000;
}

const clock = (iso: string | null): string => (iso === null ? '' : iso.slice(0, 19).replace('T', ' '));

/** A cell must stay on its line and in its column. */
const cell = (value: string): string => value.replaceAll('\n', ' ').replaceAll('|', '\\|').slice(0, 500);
