import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../src/engines/choose-engine.ts';
import { bridgePolicy } from '../support/bridge-worker.ts';

const reference = (architecture: string) => ({ id: 'org/model', config: { architectures: [architecture] } });
const KNOWN = reference('LlamaForCausalLM');
const UNKNOWN = reference('HomegrownForCausalLM');
const OFF = { bridge: null };
const ON = { bridge: bridgePolicy() };

describe('chooseEngine', () => {
  it('auto: stream where a table knows the model, whatever the worker has', () => {
    for (const policy of [OFF, ON]) expect(chooseEngine({ engine: 'auto' }, KNOWN, policy).engine).toBe('stream');
  });

  it('auto: else bridge, where the worker offers it', () => {
    expect(chooseEngine({ engine: 'auto' }, UNKNOWN, ON)).toEqual({ engine: 'bridge', family: null });
  });

  it('auto: else a refusal with the families, and with what the operator could set', () => {
    expect(() => chooseEngine({ engine: 'auto' }, UNKNOWN, OFF)).toThrow(
      /names the architecture HomegrownForCausalLM; engine stream knows .*LlamaForCausalLM.* bridge\.enabled: true/s,
    );
  });

  it('stream does not fall back', () => {
    expect(() => chooseEngine({ engine: 'stream' }, UNKNOWN, ON)).toThrow('engine stream knows');
  });

  it('bridge for a model that stream knows too, with its table; a refusal where it is off', () => {
    expect(chooseEngine({ engine: 'bridge' }, KNOWN, ON)).toMatchObject({
      engine: 'bridge',
      family: { name: 'llama' },
    });
    expect(() => chooseEngine({ engine: 'bridge' }, KNOWN, OFF)).toThrow(
      'engine=bridge: this worker does not offer it.',
    );
  });
});
