/** The name of the package that holds Node for a platform, or `null` where there is none. Default: this one. */
export function nodePackage(platform?: string, arch?: string): string | null;
/** Whether the bytes are those that a lock file means. Only SHA-512 counts. */
export function isIntact(bytes: Uint8Array, integrity: string | undefined): boolean;
/** Downloads a pinned package into `folder` and unpacks it if its hash is that of the lock; before that nothing of it is run. */
export function unpackPinned(options: {
  name: string;
  pin: { version: string; integrity?: string };
  folder: string;
  runNpm: (args: string[]) => Promise<{ code: number | null; output: string }>;
}): Promise<{ bin: string } | { failure: string }>;
