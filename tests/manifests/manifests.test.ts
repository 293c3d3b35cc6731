/** What the builds ask of the person and of the browser: the manifests as WXT wrote them, not as they were meant. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readBuild } from './read-build.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src http: https: ws: wss:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";
const ICON_EDGES = [16, 32, 48, 128];

/** The permissions that README's table gives for a browser. */
function permissionsInReadme(browser: string): string[] {
  const section = readFileSync('README.md', 'utf8').split('## Permissions')[1]?.split('\n## ')[0] ?? '';
  const rows = section.matchAll(/^\| `(\w+)`\s*\|([^|]*)\|/gm);
  return [...rows]
    .filter(([, , asked = '']) => browser !== 'firefox' || !asked.includes('Chrome and Edge'))
    .map(([, name = '']) => name);
}

/** Format and edges in px of an image, read from the place where a PNG has them. */
function readPngHeader(png: Buffer): { type: string; width: number; height: number } {
  return { type: png.toString('latin1', 1, 4), width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

describe.each(['chrome', 'edge', 'firefox'])('the build for the store of %s', (browser) => {
  const { manifest, files, read } = readBuild(`${browser}-mv3`);

  test('asks for no host at install', () => {
    expect(manifest['host_permissions'] ?? []).toEqual([]);
    expect(manifest['optional_host_permissions']).toEqual(['*://*/*']);
  });

  test("asks for the permissions of README's table", () => {
    expect(manifest['permissions']).toEqual(permissionsInReadme(browser));
    expect(manifest['optional_permissions'] ?? []).toEqual([]);
  });

  test('has a square icon of each size', () => {
    expect(manifest['icons']).toEqual(Object.fromEntries(ICON_EDGES.map((edge) => [edge, `icon/${edge}.png`])));
    expect(ICON_EDGES.map((edge) => readPngHeader(read(`icon/${edge}.png`)))).toEqual(
      ICON_EDGES.map((edge) => ({ type: 'PNG', width: edge, height: edge })),
    );
  });

  test('lets its pages load their own scripts and styles, and reach sources, also by ws:// on this machine', () => {
    expect(manifest['content_security_policy']).toEqual({ extension_pages: POLICY });
    expect(POLICY).not.toContain('upgrade-insecure-requests');
  });

  test('is on no page by itself and shows no file to pages', () => {
    expect(manifest).not.toHaveProperty('content_scripts');
    expect(manifest).not.toHaveProperty('web_accessible_resources');
    expect(manifest).not.toHaveProperty('externally_connectable');
  });

  test('does not touch storage in pages', () => {
    const script = read('content-scripts/updates.js').toString();
    expect(script).toContain('START_UPDATES');
    expect(script.match(/.{20}\.\s*(storage|indexedDB)\b.{20}/g)).toBeNull();
  });

  test('holds no recorder of the browser tests', () => {
    const code = files.filter((path) => path.endsWith('.js'));
    expect(code).toContain('content-scripts/updates.js');
    expect(code.filter((path) => read(path).includes('tidings-applied'))).toEqual([]);
  });
});

describe('the build for the store of firefox', () => {
  const { manifest } = readBuild('firefox-mv3');

  test('says its id, the oldest Firefox it runs in, and that it collects nothing', () => {
    expect(manifest['browser_specific_settings']).toEqual({
      gecko: {
        id: 'tidings@tidings.example',
        strict_min_version: '140.0',
        data_collection_permissions: { required: ['none'] },
      },
    });
  });

  test('leaves the sidebar closed at install', () => {
    expect(manifest['sidebar_action']).toMatchObject({ default_panel: 'sidepanel.html', open_at_install: false });
  });
});

describe.each(['chrome', 'firefox'])('the development build for %s', (browser) => {
  test('may show the demo, and differs in nothing else that it asks for', () => {
    const { host_permissions: hosts, ...development } = readBuild(`${browser}-mv3-dev`).manifest;
    const { host_permissions: _, ...store } = readBuild(`${browser}-mv3`).manifest;
    expect(hosts).toEqual(['*://*.example.com/*', 'http://localhost/*']);
    expect(development).toEqual(store);
  });
});

test('the builds of the browser tests alone tell the page what was applied', () => {
  expect(readBuild('chrome-mv3-test').read('content-scripts/updates.js').includes('tidings-applied')).toBe(true);
});
