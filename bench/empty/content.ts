/** A content script that does nothing, with the polyfill that the product has: the least that one can cost. */
import 'webextension-polyfill';
