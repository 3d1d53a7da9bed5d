// Does the exported model work? Pure: events in, reasons out.
//
// Two figures are judged, and any sound language model is beyond both limits. The perplexity of shuffled tokens over that of the
// passages says that the model reads at all: swapped gate and up, or a lost first norm, ruin it. The context gain says that attention
// works over a distance: permuted heads keep most of the ratio, since neighbours and frequencies give it, but lose this. Figures that
// the limits were chosen by (ratio, gain): SmolLM2-135M 70, 3.0, with gate and up swapped 5, with q heads permuted 2, 0.3. The fixture
// of 2 million parameters 247, 0.63; gate and up swapped 8; q heads moved a group further 77, -0.3, interleaved 189, 0.44; norms lost:
// first 1.5, final 22, 0.41.
import type { SmokeOptions } from '../contract/input.ts';
import type { SmokeResult } from '../contract/results.ts';
import type { z } from 'zod';
import type { SmokeEvent } from './events.ts';

export type JudgeOptions = Pick<
  z.output<typeof SmokeOptions>,
  'min_perplexity_ratio' | 'min_context_gain' | 'max_perplexity'
>;

export interface Verdict {
  /** Empty when the model works. */
  readonly reasons: readonly string[];
  readonly result: SmokeResult;
}

type EventOf<Name extends SmokeEvent['event']> = Extract<SmokeEvent, { event: Name }>;
type Passage = NonNullable<SmokeResult['passages']>[number];

/** Distinct word triples over all: ordinary English has nearly 1, a loop of ten words 0.2. */
const REPETITIVE = 0.5;

export function judgeSmoke(events: readonly SmokeEvent[], options: JudgeOptions): Verdict {
  const load = events.find((event) => event.event === 'load') ?? null;
  const samples = select(events, 'sample');
  const measured = select(events, 'perplexity');
  const passages = measured.flatMap((event) => finitePassage(event) ?? []);
  const figures = averageFigures(passages);
  const reasons = [
    ...loadReasons(load),
    ...measured
      .filter((event) => !finitePassage(event))
      .map((event) => `the logits over "${event.passage}" are not finite`),
    ...sampleReasons(samples),
    ...(figures ? figureReasons(figures, options) : ['no passage was measured']),
  ];
  const result: SmokeResult = {
    validated: reasons.length === 0,
    samples: samples.map(({ prompt, text, tokens }) => ({ prompt, text, tokens })),
    perplexity: figures?.perplexity ?? null,
    shuffled_perplexity: figures?.shuffled ?? null,
    ratio: figures?.ratio ?? null,
    context_gain: figures?.contextGain ?? null,
    passages,
    device: load?.device ?? null,
    dtype: load?.dtype ?? null,
    versions: load?.versions ?? {},
    seconds: events.find((event) => event.event === 'end')?.seconds ?? 0,
    warnings: [...samples.flatMap(repetitionWarning), ...vocabularyWarning(load)],
  };
  return { reasons, result };
}

export interface Figures {
  readonly perplexity: number;
  readonly shuffled: number;
  readonly ratio: number;
  readonly contextGain: number;
}

/** Means of the logarithms over the passages, each passage counting alike. */
function averageFigures(passages: readonly Passage[]): Figures | null {
  if (passages.length === 0) return null;
  const mean = (value: (passage: Passage) => number): number =>
    passages.reduce((sum, passage) => sum + value(passage), 0) / passages.length;
  const perplexity = Math.exp(mean((passage) => Math.log(passage.perplexity)));
  const shuffled = Math.exp(mean((passage) => Math.log(passage.shuffled_perplexity)));
  return { perplexity, shuffled, ratio: shuffled / perplexity, contextGain: mean((passage) => passage.context_gain) };
}

function finitePassage(event: EventOf<'perplexity'>): Passage | null {
  const { perplexity, shuffled_perplexity, context_gain, finite } = event;
  if (!finite || perplexity === null || shuffled_perplexity === null || context_gain === null) return null;
  return { name: event.passage, tokens: event.tokens, perplexity, shuffled_perplexity, context_gain };
}

function loadReasons(load: EventOf<'load'> | null): string[] {
  if (!load) return ['the model was not loaded'];
  const kinds = ['missing', 'unexpected', 'mismatched'] as const;
  const keys = kinds.filter((kind) => load.counts[kind] > 0);
  return [
    ...keys.map((kind) => `transformers reports ${load.counts[kind]} ${kind} keys: ${load[kind].join(', ')}`),
    ...load.errors.map((error) => `transformers reports an error while loading: ${error}`),
  ];
}

function sampleReasons(samples: readonly EventOf<'sample'>[]): string[] {
  if (samples.length === 0) return ['nothing was generated'];
  return samples
    .filter(({ tokens, text }) => tokens === 0 || text.trim() === '')
    .map(({ prompt }) => `no text was generated for the prompt ${JSON.stringify(prompt)}`);
}

/** What of the figures is beyond a limit, a sentence each. */
export function figureReasons({ perplexity, shuffled, ratio, contextGain }: Figures, options: JudgeOptions): string[] {
  const reasons: string[] = [];
  if (!(ratio >= options.min_perplexity_ratio)) {
    reasons.push(
      `the model reads English hardly better than shuffled tokens: perplexity ${show(perplexity)} against ${show(shuffled)}, ` +
        `ratio ${show(ratio)}, expected at least ${options.min_perplexity_ratio} (smoke.min_perplexity_ratio)`,
    );
  }
  if (!(contextGain >= options.min_context_gain)) {
    reasons.push(
      `the model makes no use of distant context: ${show(contextGain)} nats a token, ` +
        `expected at least ${options.min_context_gain} (smoke.min_context_gain)`,
    );
  }
  const limit = options.max_perplexity ?? Number.POSITIVE_INFINITY;
  if (!(perplexity <= limit)) {
    reasons.push(`perplexity ${show(perplexity)} is above ${limit} (smoke.max_perplexity)`);
  }
  return reasons;
}

function repetitionWarning({ prompt, text }: EventOf<'sample'>): string[] {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length < 12) return [];
  const triples = words.slice(2).map((word, index) => `${words[index]} ${words[index + 1]} ${word}`);
  const distinct = new Set(triples).size / triples.length;
  return distinct < REPETITIVE ? [`the text for the prompt ${JSON.stringify(prompt)} repeats itself`] : [];
}

function vocabularyWarning(load: EventOf<'load'> | null): string[] {
  if (!load || load.tokenizer_vocabulary <= load.vocabulary) return [];
  return [`the tokenizer has ${load.tokenizer_vocabulary} tokens, the embedding only ${load.vocabulary} rows`];
}

function select<Name extends SmokeEvent['event']>(events: readonly SmokeEvent[], name: Name): EventOf<Name>[] {
  return events.filter((event): event is EventOf<Name> => event.event === name);
}

function show(value: number): string {
  return value.toPrecision(3);
}
