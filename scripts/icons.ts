/**
 * Renders public/icon/*.png from scripts/icon/icon.svg in the real Chromium, so that the build itself needs no image tool.
 * The PNGs are committed; run this after a change of the SVG.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { findProgram } from '../tests/browser/driver/find-program.ts';
import { sandboxArgs } from '../tests/browser/driver/sandbox-args.ts';
import { ROOT } from './run-command.ts';

/** Edge of each icon and the free space around the drawing, in px. The Chrome Web Store asks for 96 px of drawing in 128. */
const ICONS = [
  { edge: 16, margin: 0 },
  { edge: 32, margin: 0 },
  { edge: 48, margin: 0 },
  { edge: 128, margin: 16 },
] as const;

const drawing = readFileSync(join(ROOT, 'scripts', 'icon', 'icon.svg')).toString('base64');
const browser = await puppeteer.launch({
  executablePath: findProgram('chromium'),
  args: [...sandboxArgs(), '--force-color-profile=srgb'],
});
try {
  const page = await browser.newPage();
  for (const { edge, margin } of ICONS) {
    await page.setViewport({ width: edge, height: edge });
    const inner = edge - 2 * margin;
    await page.setContent(
      `<body style="margin:${margin}px"><img src="data:image/svg+xml;base64,${drawing}" width="${inner}" style="display:block">`,
    );
    writeFileSync(join(ROOT, 'public', 'icon', `${edge}.png`), await page.screenshot({ omitBackground: true }));
  }
} finally {
  await browser.close();
}
