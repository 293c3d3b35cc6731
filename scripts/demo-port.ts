import { type Demo, startDemo } from '../tests/servers/demo.ts';

/** Port of the demo page. The demo feeds of the development build name it too. */
const DEMO_PORT = 4100;

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Starts the demo sources on port 4100. `null` if that port is in use, which the person is told in one sentence. */
export async function startDemoSources(): Promise<Demo | null> {
  try {
    return await startDemo({ port: DEMO_PORT });
  } catch (error) {
    if (!(error instanceof Error && isCode(error.cause, 'EADDRINUSE'))) throw error;
    console.error(`${error.message}, perhaps another npm start or npm run dev; end it and try again`);
    return null;
  }
}
