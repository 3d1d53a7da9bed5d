// What stands at the target counts as published only while a loader makes the published model of it.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseDamaged } from '../../src/publish/refuse-damaged.ts';
import { FILES, makeFolder, manifestOf } from '../support/publish-staging.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  folder = await makeFolder();
  for (const [name, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), content);
  }
});
afterEach(() => folder.remove());

const look = (added: readonly string[] = []) => {
  const entries = [...Object.keys(FILES).filter((name) => !name.includes('/')), 'additional_chat_templates/', ...added];
  return refuseDamaged(folder.path, manifestOf(folder.path), entries, new AbortController().signal);
};

it('lets pass what people keep beside a model', async () => {
  await look(['README.md', 'eval_results.json', 'training_args.bin', 'original/', '.gitattributes']);
});

it.each([
  'model.safetensors',
  'model-00003-of-00003.safetensors',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'adapter_config.json',
  'generation_config.json',
  'tokenizer.model',
  'chat_template.jinja',
])('refuses %s, which a loader would read', async (name) => {
  await expect(look([name])).rejects.toMatchObject({
    type: 'TargetRefused',
    message: expect.stringContaining(`${name} was added since`),
  });
});

it('names every file of other bytes and every added one at once', async () => {
  await writeFile(join(folder.path, 'config.json'), '{"model_type": "other"}');
  await expect(look(['vocab.txt'])).rejects.toThrow(
    /config.json no longer has the bytes that were published; vocab.txt was added/,
  );
});
