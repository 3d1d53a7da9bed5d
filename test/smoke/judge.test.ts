import { describe, expect, it } from 'vitest';
import type { SmokeEvent } from '../../src/smoke/events.ts';
import { parseSmokeEvent } from '../../src/smoke/events.ts';
import { judgeSmoke } from '../../src/smoke/judge.ts';

type Load = Extract<SmokeEvent, { event: 'load' }>;
type Perplexity = Extract<SmokeEvent, { event: 'perplexity' }>;

const OPTIONS = { min_perplexity_ratio: 30, min_context_gain: 0.12 };
const TEXT = ' God created the heaven and the earth, and the earth was without form, and void; and darkness was there.';

const load = (change: Partial<Load> = {}): Load => ({
  event: 'load',
  seconds: 1,
  device: 'cpu',
  dtype: 'float32',
  parameters: 100,
  vocabulary: 10,
  tokenizer_vocabulary: 10,
  versions: { torch: '2' },
  errors: [],
  missing: [],
  unexpected: [],
  mismatched: [],
  counts: { missing: 0, unexpected: 0, mismatched: 0 },
  ...change,
});
const passage = (change: Partial<Perplexity> = {}): Perplexity => ({
  event: 'perplexity',
  passage: 'Ruth 1',
  tokens: 200,
  finite: true,
  perplexity: 10,
  shuffled_perplexity: 1000,
  context_gain: 0.5,
  ...change,
});
const sample = (text = TEXT, tokens = 24): SmokeEvent => ({
  event: 'sample',
  prompt: 'In the beginning',
  text,
  tokens,
});
const reasonsOf = (events: SmokeEvent[], options: Parameters<typeof judgeSmoke>[1] = OPTIONS): readonly string[] =>
  judgeSmoke(events, options).reasons;

describe('judgeSmoke', () => {
  it('passes a sound model and reports its figures', () => {
    const events: SmokeEvent[] = [
      load(),
      passage(),
      passage({ passage: 'Psalm 23', perplexity: 1000, shuffled_perplexity: 100_000, context_gain: 0.3 }),
      sample(),
      { event: 'end', seconds: 7 },
    ];
    const { reasons, result } = judgeSmoke(events, OPTIONS);
    expect(reasons).toEqual([]);
    expect(result).toMatchObject({ validated: true, device: 'cpu', seconds: 7, warnings: [] });
    expect(result.perplexity).toBeCloseTo(100);
    expect(result.ratio).toBeCloseTo(100);
    expect(result.context_gain).toBeCloseTo(0.4);
    expect(result.passages?.map(({ name }) => name)).toEqual(['Ruth 1', 'Psalm 23']);
  });

  it.each<[string, SmokeEvent[], RegExp]>([
    [
      'missing keys',
      [load({ missing: ['a'], counts: { missing: 30, unexpected: 0, mismatched: 0 } }), passage(), sample()],
      /30 missing keys: a/,
    ],
    ['a loading error', [load({ errors: ['size'] }), passage(), sample()], /error while loading: size/],
    ['no load event', [passage(), sample()], /was not loaded/],
    ['infinite logits', [load(), passage({ finite: false }), passage(), sample()], /not finite/],
    ['an overflowing perplexity', [load(), passage({ perplexity: null }), passage(), sample()], /not finite/],
    ['no passage', [load(), sample()], /no passage was measured/],
    ['no sample', [load(), passage()], /nothing was generated/],
    ['no tokens', [load(), passage(), sample('', 0)], /no text was generated/],
    ['blank text', [load(), passage(), sample('  \n', 9)], /no text was generated/],
    [
      'a low ratio',
      [load(), passage({ shuffled_perplexity: 290 }), sample()],
      /hardly better.*ratio 29\.0.*min_perplexity_ratio/,
    ],
    ['no context gain', [load(), passage({ context_gain: 0.11 }), sample()], /distant context.*min_context_gain/],
  ])('fails for %s, for one reason', (_, events, pattern) => {
    const reasons = reasonsOf(events);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(pattern);
  });

  it('fails above max_perplexity when it is set', () => {
    expect(reasonsOf([load(), passage(), sample()], { ...OPTIONS, max_perplexity: 9 })).toEqual([
      'perplexity 10.0 is above 9 (smoke.max_perplexity)',
    ]);
  });

  it('lists all reasons at once', () => {
    expect(reasonsOf([load({ errors: ['x'] }), passage({ perplexity: 900, context_gain: 0 })])).toHaveLength(4);
  });

  it('only warns of repetition, and of a tokenizer larger than the embedding', () => {
    const { reasons, result } = judgeSmoke(
      [load({ tokenizer_vocabulary: 12 }), passage(), sample('and he said '.repeat(20))],
      OPTIONS,
    );
    expect(reasons).toEqual([]);
    expect(result.warnings).toEqual([
      expect.stringContaining('repeats itself'),
      expect.stringContaining('12 tokens, the embedding only 10 rows'),
    ]);
  });
});

describe('parseSmokeEvent', () => {
  it('takes events and passes over everything else', () => {
    expect(parseSmokeEvent('{"event":"end","seconds":1}')).toEqual({ event: 'end', seconds: 1 });
    for (const line of ['', 'Loading weights', '{"event":"unknown"}', '{"event":"end"}', '{broken']) {
      expect(parseSmokeEvent(line)).toBeNull();
    }
  });
});
