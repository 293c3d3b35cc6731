/** Runs `work` while no other process of this working copy holds the lock `name`; `onWait` is called once if it has to wait. */
export function withLock<Result>(
  name: string,
  work: () => Result | Promise<Result>,
  onWait?: () => void,
): Promise<Result>;
