import { parseArgs } from 'node:util';
import { startDemo } from './demo.ts';

/** Reads `--port`, 4100 by default; throws a sentence for the person when it is no port. */
function readPort(): number {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4100' } } });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new Error(`Cannot use port "${values.port}": it is not a number from 0 to 65535`);
  }
  return port;
}

try {
  const demo = await startDemo({ port: readPort() });
  process.stdout.write(`Build pipeline: ${demo.url}/\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => demo.close());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
