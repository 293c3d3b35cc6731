import { defineConfig, type WxtDevServer } from 'wxt';

/**
 * Reloads the extension where WXT would register a changed content script again and reload the tabs that its `matches`
 * name: ours name none, and [firefox] runs the old text of a script until the extension is reloaded. The background that
 * starts then puts the new script into the open pages.
 */
function reloadWholeExtension(server: WxtDevServer): void {
  const { reloadExtension } = server;
  let loaded: WxtDevServer['currentOutput'];
  server.reloadExtension = () => {
    loaded = server.currentOutput;
    reloadExtension();
  };
  // Called for a change and for every background that starts. The first one runs what is built by then; a later one was
  // reloaded for `loaded`, and another change may have been built meanwhile.
  server.reloadContentScript = () => {
    loaded ??= server.currentOutput;
    if (loaded !== server.currentOutput) server.reloadExtension();
  };
}

/** Makes an ES module of the polyfill: what else it could be, and what calls CommonJS from a module, costs every page 300 bytes. */
const polyfillAsModule = {
  name: 'polyfill-as-module',
  transform(code: string, id: string): string | undefined {
    if (!/[\\/]browser-polyfill(?:\.min)?\.js$/.test(id)) return undefined;
    const common = code.replace('typeof define', '"undefined"').replace('typeof exports', '"object"');
    return `const module = {};\n${common}\nexport default module.exports;`;
  },
};

/**
 * What pages of the extension may load: their own scripts and styles, and, for the background, what a person's sources
 * answer. Not `upgrade-insecure-requests`, which is in the default of Firefox and makes every `ws://` fail.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'connect-src http: https: ws: wss:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
];

/** [firefox] From 148; before that it says once that it does not know it. */
const TRUSTED_TYPES = "require-trusted-types-for 'script'";

/** The development server serves style sheets, puts them into the page as text, and its messages as markup. */
const policyOf = (isServed: boolean): string =>
  (isServed
    ? POLICY.map((part) => (part.startsWith('style-src') ? `${part} 'unsafe-inline' http://localhost:*` : part))
    : [...POLICY, TRUSTED_TYPES]
  ).join('; ');

export default defineConfig({
  modules: ['@wxt-dev/webextension-polyfill', '@wxt-dev/i18n/module'],
  manifestVersion: 3,
  imports: false,
  vite: () => ({
    // What both understand is not written in an older way. Chrome 122 lacks only `light-dark()` of it, which nothing uses.
    build: { cssTarget: ['chrome123', 'firefox140'] },
    plugins: [polyfillAsModule],
  }),
  hooks: {
    'config:resolved': ({ config }) => {
      // A folder of its own: builds of mode development are made and loaded while the server runs.
      if (config.command === 'serve') config.outDir += '-server';
    },
    'server:created': (_, server) => reloadWholeExtension(server),
  },
  manifest: ({ browser, mode, command }) => ({
    name: '__MSG_extension_name__',
    description: '__MSG_extension_description__',
    default_locale: 'en',
    minimum_chrome_version: '122',
    permissions: ['storage', 'scripting', 'activeTab', ...(browser === 'firefox' ? [] : ['sidePanel'])],
    host_permissions: mode === 'production' ? [] : ['*://*.example.com/*', 'http://localhost/*'],
    optional_host_permissions: ['*://*/*'],
    content_security_policy: { extension_pages: policyOf(command === 'serve') },
    ...(browser === 'firefox' && {
      browser_specific_settings: {
        gecko: {
          id: 'tidings@tidings.example',
          strict_min_version: '140.0',
          data_collection_permissions: { required: ['none'] },
        },
      },
    }),
  }),
});
