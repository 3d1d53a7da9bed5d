import { expect, test } from 'vitest';
import { isSecretName, maskSecrets, maskWords } from '../../src/config/secrets.ts';

test.each([
  'hf_token',
  'HF_TOKEN',
  'api-key',
  'API_KEY',
  'wandb.api_key',
  'hfToken',
  'client_secret',
  'PASSWD',
  'password',
  'aws credentials',
  'apikey',
])('%s is a secret', (name) => expect(isSecretName(name)).toBe(true));

test.each([
  'tokenizer',
  'tokenizer_source',
  'max_new_tokens',
  'monkey',
  'keyboard',
  'keep',
  'secretary',
  'passwordless',
  'hf_path',
])('%s is none', (name) => expect(isSecretName(name)).toBe(false));

test('values under a secret name are masked, deep ones whole; null stays', () => {
  expect(maskSecrets({ a: [{ token: 'x', n: 1 }], credentials: { user: 'x' }, key: null, tokenizer: 'y' })).toEqual({
    a: [{ token: '******', n: 1 }],
    credentials: '******',
    key: null,
    tokenizer: 'y',
  });
});

test('words of a command line are masked', () => {
  expect(
    maskWords(['run', 'hf_token=a=b', 'tokenizer_source=x', '--api-key', 'abc', '--api-key=abc', '--tp', '4']),
  ).toEqual(['run', 'hf_token=******', 'tokenizer_source=x', '--api-key', '******', '--api-key=******', '--tp', '4']);
});
