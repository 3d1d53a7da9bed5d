// The version of this package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from '../config/package-root.ts';

export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(findPackageRoot(), 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
