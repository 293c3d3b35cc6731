import { describe, expect, test, vi } from 'vitest';
import { NO_SANDBOX_NOTE, sandboxArgs } from '../../browser/driver/sandbox-args.ts';

describe('the sandbox of Chromium', () => {
  test('is given up as root alone, and the person is told why', () => {
    const say = vi.fn<(line: string) => void>();
    expect(sandboxArgs(0, say)).toEqual(['--no-sandbox']);
    expect(say.mock.calls).toEqual([[NO_SANDBOX_NOTE]]);
    expect(NO_SANDBOX_NOTE).toMatch(/without its sandbox: this is root/);
  });

  test('stays for any other user, and nothing is said', () => {
    const say = vi.fn<(line: string) => void>();
    expect(sandboxArgs(1_000, say)).toEqual([]);
    expect(say).not.toHaveBeenCalled();
  });

  test('is told of once in a process', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    sandboxArgs(0);
    sandboxArgs(0);
    expect(warn.mock.calls).toEqual([[NO_SANDBOX_NOTE]]);
  });
});
