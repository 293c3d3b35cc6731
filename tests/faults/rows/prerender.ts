import assert from 'node:assert/strict';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { COUNT_CONNECTS } from '../count-connects.ts';
import { type Report, startPrerenderServer } from '../prerender-server.ts';
import type { FaultRow } from '../row.ts';

/** The row of a page that is loaded before anybody sees it. */
export const PRERENDER_ROWS: FaultRow[] = [
  {
    number: 13,
    fault: 'prerender',
    holds: 'no stream before activation, one after',
    browsers: {
      chromium: {
        how: 'speculation rules on a page of the test; the prerendered page tells its server what was applied and how many ports were opened, nobody attaches to it',
      },
      firefox: { cannot: 'Firefox does not prerender' },
    },
    runs: { short: 1, long: 20 },
    own: { instruments: () => ({ content: COUNT_CONNECTS }) },
    async induce(world, runs) {
      const server = await startPrerenderServer();
      try {
        const counter = await world.watch({ perSecond: 20 });
        for (const _ of runs) {
          server.forget();
          const reportsOf = (wanted: string): Report[] => server.reports.filter(({ path }) => path === wanted);
          const seen = (what: Report['what'], prerendering: boolean): boolean =>
            reportsOf('/second').some((report) => report.what === what && report.prerendering === prerendering);
          const mostConnects = (path: string): number =>
            Math.max(...reportsOf(path).map(({ connects }) => connects ?? -1));
          const close = await world.browser.openUnattached(server.firstUrl);
          await waitFor('the second page to be prerendered', () => seen('script', true));
          await waitFor('the content script of the second page', () => seen('connects', true));
          await waitFor('the first page to stream', () => reportsOf('/first').some(({ what }) => what === 'applied'));
          await world.told(40);
          assert.equal(mostConnects('/first'), 1, 'ports of the page that is shown');
          assert.equal(mostConnects('/second'), 0, 'ports before anybody saw the page');
          assert.ok(!seen('applied', true), 'something was applied before anybody saw the page');
          server.go();
          await waitFor('the second page to be shown', () => seen('activated', false));
          await waitFor('the second page to stream', () => seen('applied', false));
          await world.told(40);
          assert.equal(mostConnects('/second'), 1, 'ports after it was shown');
          assert.ok(!seen('applied', true), 'something was applied before anybody saw the page');
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
