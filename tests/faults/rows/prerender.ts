import assert from 'node:assert/strict';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { startPrerenderServer } from '../prerender-server.ts';
import type { FaultRow } from '../row.ts';

/** The row of a page that is loaded before anybody sees it. */
export const PRERENDER_ROWS: FaultRow[] = [
  {
    number: 13,
    fault: 'prerender',
    holds: 'no stream before activation, one after',
    browsers: {
      chromium: {
        how: 'speculation rules on a page of the test; the prerendered page tells its server, nobody attaches to it',
      },
      firefox: { cannot: 'Firefox does not prerender' },
    },
    runs: { short: 1, long: 20 },
    async induce(world, runs) {
      const server = await startPrerenderServer();
      try {
        const counter = await world.watch({ perSecond: 20 });
        for (const _ of runs) {
          server.forget();
          const seen = (what: string, prerendering: boolean): boolean =>
            server.reports.some(
              (report) => report.path === '/second' && report.what === what && report.prerendering === prerendering,
            );
          const close = await world.browser.openUnattached(server.firstUrl);
          await waitFor('the second page to be prerendered', () => seen('script', true));
          await waitFor('the first page to stream', () =>
            server.reports.some(({ path, what }) => path === '/first' && what === 'applied'),
          );
          await world.told(40);
          assert.ok(!seen('applied', true), 'something was applied before anybody saw the page');
          server.go();
          await waitFor('the second page to be shown', () => seen('activated', false));
          await waitFor('the second page to stream', () => seen('applied', false));
          assert.equal(server.reports.filter(({ what }) => what === 'script').length, 2, 'documents');
          await close();
        }
        await counter.page.bringToFront();
        await world.streams(counter.page, 1);
        await counter.settle();
      } finally {
        server.close();
      }
    },
  },
];
