import type { Action } from './action.ts';

/** What a source does with its connections. `refusing` carries what a new one is answered. */
export type Mode =
  { name: 'normal' } | { name: 'silent' } | { name: 'refusing'; status: number; headers: Record<string, string> };

/** The mode after `action`. Only stop, fail, silent, return and restart change it. */
export function nextMode(mode: Mode, action: Action): Mode {
  switch (action.action) {
    case 'stop':
      return { name: 'refusing', status: 503, headers: headersOf(action) };
    case 'fail':
      return { name: 'refusing', status: action.status, headers: headersOf(action) };
    case 'silent':
      return { name: 'silent' };
    case 'return':
    case 'restart':
      return { name: 'normal' };
    default:
      return mode;
  }
}

function headersOf({ retryAfterS, location }: { retryAfterS?: number; location?: string }): Record<string, string> {
  return {
    ...(retryAfterS !== undefined && { 'Retry-After': String(retryAfterS) }),
    ...(location !== undefined && { Location: location }),
  };
}
