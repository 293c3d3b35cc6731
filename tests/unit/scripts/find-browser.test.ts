import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { explainMissing, findBrowser } from '../../../scripts/find-browser.mjs';
import { findProgram } from '../../browser/driver/find-program.ts';

describe('the browser that set-up and tests start', () => {
  let folder: string;
  const program = (name: string, says: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\necho "${says}"\n`);
    chmodSync(path, 0o755);
    return path;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidings-find-browser-'));
    vi.stubEnv('PATH', folder);
    vi.stubEnv('TIDINGS_CHROMIUM', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  test('is the first known name on the PATH', () => {
    program('google-chrome', 'Google Chrome 156.0');
    const chromium = program('chromium', 'Chromium 156.0');
    expect(findBrowser('chromium')).toBe(chromium);
    expect(findProgram('chromium')).toBe(chromium);
  });

  test('is no script that only says how to install it', () => {
    program('chromium-browser', 'run snap install chromium');
    const chrome = program('google-chrome', 'Google Chrome 156.0');
    expect(findBrowser('chromium')).toBe(chrome);
  });

  test('is what the variable names', () => {
    program('chromium', 'Chromium 156.0');
    const own = program('my-chromium', 'Chromium 157.0');
    vi.stubEnv('TIDINGS_CHROMIUM', own);
    expect(findProgram('chromium')).toBe(own);
  });

  test.each(['false', '/', '/nowhere/chromium'])('is not another one when the variable is "%s"', (value) => {
    program('chromium', 'Chromium 156.0');
    vi.stubEnv('TIDINGS_CHROMIUM', value);
    expect(findBrowser('chromium')).toBeNull();
    expect(explainMissing('chromium')).toBe(
      `Cannot start Chromium: TIDINGS_CHROMIUM is "${value}", which is not a program`,
    );
  });

  test('is asked for by name, package and variable when there is none', () => {
    expect(() => findProgram('chromium')).toThrow(
      'Cannot find Chromium: install it (on Debian "apt-get install chromium"), or set TIDINGS_CHROMIUM to its path',
    );
  });
});
