// The browser's own scope, in which functions given to `inChrome` run. It has no types; only these names are used.
/* oxlint-disable typescript/no-explicit-any -- privileged objects, typed where they are used */
declare const Services: any;
declare const Ci: any;
declare const Cc: any;
declare const Cu: any;
declare const ChromeUtils: any;
declare const WebExtensionPolicy: any;
declare const Components: any;
