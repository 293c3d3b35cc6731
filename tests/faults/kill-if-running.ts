import type { TestExtension } from '../browser/driver/test-browser.ts';

/** What the drivers say when there is nothing to stop; Firefox names its state. */
const NOT_RUNNING = /Cannot stop the background: it is (not running|stopped|starting|suspending)(?![\w ])/;

/** Stops the background. Between two ports there may be none: returns whether there was. */
export async function killIfRunning(extension: TestExtension): Promise<boolean> {
  try {
    await extension.killBackground();
    return true;
  } catch (error) {
    if (error instanceof Error && NOT_RUNNING.test(error.message)) return false;
    throw error;
  }
}
