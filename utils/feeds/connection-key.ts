import type { SourceDefinition } from './feed';

/** What of a source decides which data arrive. What is sent to it and how long it may be silent does not. */
function identityOf(source: SourceDefinition): Record<string, unknown> {
  switch (source.type) {
    case 'pulse':
      return { type: source.type };
    case 'poll':
      return { type: source.type, address: source.address };
    case 'sse': {
      const { type, address, event, consecutiveIds } = source;
      return { type, address, event, consecutiveIds };
    }
    case 'websocket': {
      const { type, address, format } = source;
      return { type, address, format };
    }
  }
}

/** Names the connection of a source: feeds that name one address and read it in one way share it, and what is kept of it. */
export const connectionKey = (source: SourceDefinition): string => JSON.stringify(identityOf(source));

/**
 * Names the line of a feed within its connection. Feeds that send something else when a WebSocket opens have each a line of
 * their own, for what answers the one is not meant for the other.
 */
export const lineKey = (source: SourceDefinition): string =>
  source.type === 'websocket' ? JSON.stringify(source.onConnect) : '';
