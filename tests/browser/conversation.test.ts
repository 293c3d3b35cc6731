import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { BROWSERS, demoSettings, startTidings, type Tidings } from './tidings.ts';

interface Shown {
  connected: boolean;
  fieldIsDisabled: boolean;
  sendIsDisabled: boolean;
  status: string;
  texts: string[];
}

const look = (page: TestPage): Promise<Shown> =>
  page.evaluate(() => {
    const find = <Type extends Element>(selector: string): Type | null => document.querySelector<Type>(selector);
    return {
      connected: find<HTMLButtonElement>('.disconnect')?.disabled === false,
      fieldIsDisabled: find<HTMLInputElement>('#conversation-text')?.disabled ?? false,
      sendIsDisabled: find<HTMLButtonElement>('.send')?.disabled ?? false,
      status: find<HTMLElement>('.status .said')?.innerText ?? '',
      texts: [...document.querySelectorAll<HTMLElement>('.entry .text')].map(({ textContent }) => textContent ?? ''),
    };
  });

const until = (page: TestPage, what: string, fits: (shown: Shown) => boolean): Promise<Shown> =>
  waitFor(what, async () => {
    const shown = await look(page);
    if (!fits(shown)) throw new Error(JSON.stringify(shown));
    return shown;
  });

const hasTexts =
  (...texts: string[]) =>
  (shown: Shown): boolean =>
    JSON.stringify(shown.texts.slice(-texts.length)) === JSON.stringify(texts);

describe.each(BROWSERS)('conversation in %s', (name) => {
  let tidings: Tidings;
  let popup: TestPage;
  let sidePanel: TestPage;

  beforeAll(async () => {
    tidings = await startTidings(name, { build: 'development' });
  });
  afterAll(() => tidings?.close());
  beforeEach(async () => {
    await popup?.close();
    await sidePanel?.close();
    sidePanel = await tidings.browser.extension.openPage('sidepanel.html');
    popup = await tidings.browser.extension.openPage('popup.html');
  });

  const say = async (page: TestPage, text: string): Promise<void> => {
    await page.bringToFront();
    await page.click('#conversation-text');
    await page.type(text);
    await page.press('Enter');
  };
  const address = async (page: TestPage, feed: string): Promise<void> => {
    await page.waitFor(
      'the feed to choose',
      (id: string) => {
        const choice = document.querySelector<HTMLSelectElement>('#conversation-to');
        if (choice) choice.value = id;
        return choice?.value === id;
      },
      { args: [feed] },
    );
  };
  const connectBoth = async (): Promise<void> => {
    for (const page of [sidePanel, popup]) {
      await page.bringToFront();
      await page.click('.connect');
      await until(page, 'the connection', ({ fieldIsDisabled }) => !fieldIsDisabled);
    }
  };

  test('begins without a connection, with field and Send disabled and the reason in sight', async () => {
    const shown = await until(popup, 'the start', ({ status }) => status !== '');
    expect(shown).toMatchObject({ connected: false, fieldIsDisabled: true, sendIsDisabled: true });
  });

  test('answers at once, and shows it in the other panel too', async () => {
    await connectBoth();
    await say(popup, 'hello "you" <b>there</b>');
    const texts = ['hello "you" <b>there</b>', 'Background received: "hello "you" <b>there</b>"'];
    await until(popup, 'the answer', hasTexts(...texts));
    await until(sidePanel, 'the same transcript', hasTexts(...texts));
    expect(await popup.evaluate(() => document.querySelectorAll('.entry b').length)).toBe(0);
  });

  test('disconnects when told to', async () => {
    await connectBoth();
    await popup.click('.disconnect');
    await until(popup, 'the end', ({ connected, sendIsDisabled }) => !connected && sendIsDisabled);
    expect((await look(sidePanel)).connected).toBe(true);
  });

  test('the buttons follow when the background ends the connection, and the transcript outlives it', async () => {
    await connectBoth();
    await say(popup, 'before');
    const { texts } = await until(popup, 'the answer', hasTexts('before', 'Background received: "before"'));
    await tidings.browser.extension.killBackground();
    await until(popup, 'the end', ({ connected, fieldIsDisabled }) => !connected && fieldIsDisabled);
    await popup.click('.connect');
    await until(popup, 'the same transcript', (shown) => shown.connected && shown.texts.join() === texts.join());
  });

  test('messages sent while the worker starts arrive in order', async () => {
    await tidings.browser.extension.killBackground();
    await popup.bringToFront();
    await popup.click('.connect');
    for (const text of ['one', 'two', 'three']) {
      await popup.type(text);
      await popup.press('Enter');
    }
    const shown = await until(popup, 'all answers', hasTexts('three', 'Background received: "three"'));
    expect(shown.texts.filter((text) => !text.startsWith('Background')).slice(-3)).toEqual(['one', 'two', 'three']);
  });

  test('passes a text on to a WebSocket and says what became of it', async () => {
    await connectBoth();
    const watched = await tidings.open();
    await waitFor('the socket to be open', () => tidings.demo.state.socket.connections.now === 1);
    await address(popup, 'running-builds');
    await say(popup, 'deploy');
    await waitFor('the text upstream', () => tidings.demo.socket.received.includes('deploy'));
    await popup.waitFor(
      'its acceptance',
      () => document.querySelector<HTMLElement>('.entry:last-child')?.dataset['outcome'] === 'accepted',
    );
    await watched.close();
  });

  test('a text for a WebSocket goes there right after the background started', async () => {
    await connectBoth();
    const watched = await tidings.open();
    await address(popup, 'running-builds');
    // From here it would take so long that the background has started: the page itself connects and sends at the end.
    await popup.evaluate(() => {
      const find = <Type extends Element>(selector: string): Type | null => document.querySelector<Type>(selector);
      const connect = find<HTMLButtonElement>('.connect');
      const field = find<HTMLInputElement>('#conversation-text');
      const atEnd = new MutationObserver(() => {
        atEnd.disconnect();
        setTimeout(() => {
          connect?.click();
          if (field) field.value = 'redeploy';
          field?.form?.requestSubmit();
        });
      });
      if (connect) atEnd.observe(connect, { attributeFilter: ['disabled'] });
    });
    await tidings.browser.extension.killBackground();
    await until(popup, 'its acceptance', hasTexts('redeploy', 'Accepted by Running builds'));
    expect(tidings.demo.socket.received.filter((text) => text === 'redeploy')).toHaveLength(1);
    await watched.close();
  });

  test('says in words why a WebSocket did not take a text', async () => {
    await connectBoth();
    tidings.demo.control('socket', 'stop');
    await waitFor('the socket to be closed', () => tidings.demo.state.socket.connections.now === 0);
    await address(popup, 'running-builds');
    await say(popup, 'roll back');
    const words = 'Not accepted by Running builds: there is no connection to it.';
    await until(popup, 'the refusal', hasTexts('roll back', words));
    await until(sidePanel, 'the refusal', hasTexts('roll back', words));
    tidings.demo.control('socket', 'return');
    expect(tidings.demo.socket.received).not.toContain('roll back');
  });

  test('refuses a text over 4 KiB in words', async () => {
    await connectBoth();
    const before = await look(popup);
    await popup.evaluate(() => {
      const field = document.querySelector<HTMLInputElement>('#conversation-text');
      if (field) field.value = 'x'.repeat(4_097);
    });
    await popup.click('.send');
    const shown = await until(popup, 'a refusal', ({ status }) => status !== before.status);
    expect(shown.texts).toEqual(before.texts);
  });

  test('refuses the 21st message of a second in words, and gives its text back', async () => {
    await connectBoth();
    const before = (await until(popup, 'the transcript', ({ status }) => status === 'Connected')).texts;
    await popup.evaluate(() => {
      const field = document.querySelector<HTMLInputElement>('#conversation-text');
      for (let n = 1; n <= 21; n += 1) {
        if (field) field.value = `message ${n}`;
        field?.form?.requestSubmit();
      }
    });
    const shown = await until(popup, 'a refusal', ({ status }) => status.startsWith('Not sent: more than 20 messages'));
    expect(shown.texts.slice(before.length).filter((text) => text.startsWith('message'))).toHaveLength(20);
    expect(shown.texts).not.toContain('message 21');
    expect(await popup.evaluate(() => document.querySelector<HTMLInputElement>('#conversation-text')?.value)).toBe(
      'message 21',
    );
  });

  test('shows the values of all feeds below', async () => {
    await popup.waitFor('a live value', () =>
      [...document.querySelectorAll<HTMLElement>('.feed')].some(
        (row) => row.dataset['state'] === 'live' && row.textContent?.includes('Background uptime'),
      ),
    );
  });

  test('the popup opens the side panel', async () => {
    await popup.bringToFront();
    await popup.click('.side-panel');
    // The side panel is open as a tab too, but hidden, so that its stream is paused.
    await popup.waitFor('another stream, of the side panel', () =>
      [...document.querySelectorAll<HTMLElement>('.feed')].some(
        (row) => row.textContent?.includes('Open streams') && row.querySelector('.value')?.textContent === '2',
      ),
    );
  });

  const siteLine = async (url: string): Promise<{ text: string; shown: string }> => {
    // What is in front counts, and a popup in a tab would be that itself: it is loaded again behind the page.
    const page = await tidings.browser.open(url);
    await popup.reload();
    const line = await popup.waitFor('the line of the site', () => {
      const found = document.querySelector<HTMLElement>('.site');
      return found && { text: found.innerText, shown: found.dataset['shown'] ?? '' };
    });
    await page.close();
    return line ?? { text: '', shown: '' };
  };

  test('the popup says that the panel is shown on a page of a site', async () => {
    const { host } = new URL(tidings.demo.url);
    expect(await siteLine(tidings.demo.url)).toEqual({ text: `${host} shown here`, shown: 'true' });
  });

  test('the popup says that the panel is not shown where there is no site', async () => {
    const settings = demoSettings(tidings.demo);
    await tidings.configure({ ...settings, sites: [] });
    const { host } = new URL(tidings.demo.url);
    expect(await siteLine(tidings.demo.url)).toEqual({ text: `${host} not shown here`, shown: 'false' });
    await tidings.configure(settings);
  });

  test.each(['about:blank', 'a host it may not read'])('the popup says that nothing is shown on %s', async (where) => {
    const url = where === 'about:blank' ? where : tidings.demo.url.replace('localhost', '127.0.0.1');
    expect(await siteLine(url)).toEqual({ text: 'Tidings cannot be shown on this page', shown: '' });
  });

  test('reported no error', async () => {
    // The browser reports each try to open the socket that was stopped.
    const errors = (await tidings.errors()).filter((text) => !text.includes(`:${tidings.demo.port}/socket`));
    expect(errors).toEqual([]);
  });
});
