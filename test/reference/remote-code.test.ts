import { describe, expect, it } from 'vitest';
import { isRemoteCodeAllowed } from '../../src/reference/remote-code.ts';

const code = { id: 'org/model', revision: 'a1', digest: 'd1', remoteCode: ['modeling'] };
const allowed = (
  remoteCode: readonly string[],
  trust_remote_code = true,
  identity: Omit<typeof code, 'revision'> & { revision: string | null } = code,
): boolean => isRemoteCodeAllowed({ trust_remote_code }, { remoteCode }, identity);

describe('isRemoteCodeAllowed', () => {
  it('needs the request and the policy', () => {
    expect(allowed(['org/model@a1'])).toBe(true);
    expect(allowed(['d1'])).toBe(true);
    expect(allowed(['*'])).toBe(true);
    expect(allowed([])).toBe(false);
    expect(allowed(['*'], false)).toBe(false);
  });

  it('does not take a name without its commit, nor another commit', () => {
    expect(allowed(['org/model', 'org/model@main', 'org/model@a2'])).toBe(false);
    expect(allowed(['org/model@null'], true, { ...code, revision: null })).toBe(false);
  });

  it('does not take code of another repository, which no commit pins', () => {
    const foreign = { ...code, remoteCode: ['modeling', 'other/code--modeling.Model'] };
    expect(allowed(['org/model@a1', 'd1', 'other/code@b2'], true, foreign)).toBe(false);
    expect(allowed(['*'], true, foreign)).toBe(true);
  });
});
