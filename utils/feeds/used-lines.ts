/** A whole line with a field that readers of event streams use, or an empty one. */
const USED_LINE = /(?:(?:data|event|id)?[:\n]|retry: ?\d{1,50}\n)/y;

/** The start of a line that may still become one of {@link USED_LINE}, and does not say yet. */
const OPEN_LINE = /^(?:d|da|dat|data|e|ev|eve|even|event|i|id|r|re|ret|retr|retry|retry: ?\d{0,50})$/;

const isUsed = (text: string, at: number): boolean => {
  USED_LINE.lastIndex = at;
  return USED_LINE.test(text);
};

/**
 * Makes a filter for the text of an event stream, cut anywhere. It gives the same text with `\n` at the end of each line,
 * without the lines of fields that nobody reads: `eventsource-parser` makes an `Error`, with its stack, for each of them.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function createUsedLines(): (text: string) => string {
  /** The start of a line, as long as its field is open. */
  let held = '';
  /** A line whose end has not come: its rest is taken, or is not. */
  let line: 'used' | 'unused' | null = null;
  let endsInReturn = false;

  const withoutReturns = (text: string): string => {
    // The second half of a line end that was cut in two.
    const rest = endsInReturn && text.startsWith('\n') ? text.slice(1) : text;
    endsInReturn = text.endsWith('\r');
    return rest.includes('\r') ? rest.replaceAll(/\r\n?/g, '\n') : rest;
  };

  return (piece) => {
    if (piece === '') return '';
    let text = withoutReturns(piece);
    let taken = '';
    if (line !== null) {
      const end = text.indexOf('\n') + 1;
      if (end === 0) return line === 'used' ? text : '';
      if (line === 'used') taken = text.slice(0, end);
      text = text.slice(end);
      line = null;
    }
    text = held + text;
    held = '';
    let from = 0;
    let at = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', at)) {
      if (!isUsed(text, at)) {
        taken += text.slice(from, at);
        from = end + 1;
      }
      at = end + 1;
    }
    const open = text.slice(at);
    if (OPEN_LINE.test(open)) held = open;
    else if (open !== '') line = isUsed(text, at) ? 'used' : 'unused';
    return taken + text.slice(from, line === 'used' ? text.length : at);
  };
}
