import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What a page tells of itself: that its panel came, that something was applied or that it was shown, whether it was being
 * prerendered, and how many ports its content script had opened by then. `connects`: that number is known, or another.
 */
export interface Report {
  path: string;
  what: 'script' | 'panel' | 'applied' | 'activated' | 'connects';
  prerendering: boolean;
  /** Needs `COUNT_CONNECTS`; `null` before that ran. */
  connects: number | null;
}

/** Two pages, of which the first has the browser prerender the second. They tell the server: nobody attaches to them. */
export interface PrerenderServer {
  readonly firstUrl: string;
  readonly secondUrl: string;
  readonly reports: readonly Report[];
  /** Has the first page go to the second. */
  go(): void;
  forget(): void;
  close(): void;
}

const RULES = '<script type="speculationrules">{"prerender":[{"urls":["/second"],"eagerness":"immediate"}]}</script>';

const GO = `<script>fetch('/go').then(() => { location.href = '/second'; });</script>`;

const REPORT = `<script>
  const { documentElement } = document;
  const connects = () => JSON.parse(documentElement.dataset.connects ?? 'null')?.length ?? null;
  const tell = (what) => fetch('/report', {
    method: 'POST',
    keepalive: true,
    body: JSON.stringify({
      path: location.pathname,
      what,
      prerendering: document.prerendering,
      connects: connects(),
    }),
  });
  tell('script');
  if (connects() !== null) tell('connects');
  new MutationObserver(() => tell('connects')).observe(documentElement, { attributeFilter: ['data-connects'] });
  document.addEventListener('prerenderingchange', () => tell('activated'));
  document.addEventListener('tidings-applied', () => tell('applied'), { once: true });
  new MutationObserver((_, observer) => {
    if (!document.querySelector('[data-tidings-panel]')) return;
    observer.disconnect();
    tell('panel');
  }).observe(document.documentElement, { childList: true });
</script>`;

export async function startPrerenderServer(): Promise<PrerenderServer> {
  let reports: Report[] = [];
  const waiting = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.url === '/report') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        reports.push(JSON.parse(body) as Report);
        response.end();
      });
      return;
    }
    if (request.url === '/go') {
      waiting.add(response);
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>${request.url}</title>${request.url === '/first' ? RULES + GO : ''}${REPORT}`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    firstUrl: `${origin}/first`,
    secondUrl: `${origin}/second`,
    get reports() {
      return reports;
    },
    go() {
      for (const response of waiting) response.end();
      waiting.clear();
    },
    forget() {
      reports = [];
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
