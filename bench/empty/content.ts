/** A content script that does nothing, with the polyfill imported as the product does: the least that one can cost. */
import browser from 'webextension-polyfill';

// Named, or the import would be left out with what it takes.
void browser.runtime.id;
