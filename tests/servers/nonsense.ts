/** What a source can send that a reader should survive. */
export const NONSENSE_KINDS = [
  'broken-json',
  'wrong-types',
  'bom',
  'long-line',
  'markup',
  'deep-json',
  'huge-numbers',
  // Last, as a stream can carry nothing else until the other half is sent.
  'split-utf8',
] as const;
export type NonsenseKind = (typeof NONSENSE_KINDS)[number];

/** Length of the line of `long-line`, in bytes: ten times what a reader should hold. */
export const LONG_LINE_BYTES = 10 * 1024 * 1024;

/** A log line whose characters take 2, 3 and 4 bytes of UTF-8. */
export const SPLIT_LINE = 'größer 雪 🚀 done';

const deep = (levels: number): string => `${'{"queue":'.repeat(levels)}0${'}'.repeat(levels)}`;

/** One line of each kind, and of `split-utf8` its whole line: where to cut is for the sender to say. */
export function nonsenseLine(kind: NonsenseKind, lineBytes = LONG_LINE_BYTES): string {
  switch (kind) {
    case 'broken-json':
      return '{"queue": {"depth": 12, "builds": [';
    case 'wrong-types':
      return '{"n":"one","queue":["deep"],"builds":null,"running":{},"errors":false,"errorRate":"high","line":7,"at":-1}';
    case 'bom':
      return '\uFEFF{"n":0,"queue":{"depth":1},"line":"after a byte order mark"}';
    case 'split-utf8':
      return JSON.stringify({ n: 0, queue: { depth: 1 }, line: SPLIT_LINE });
    case 'long-line':
      return `{"line":"${'x'.repeat(Math.max(0, lineBytes - '{"line":""}'.length))}"}`;
    case 'markup':
      return '{"n":0,"queue":"<img src=x onerror=alert(1)>","line":"<script>alert(1)</script><b>bold</b>"}';
    case 'deep-json':
      return deep(5000);
    case 'huge-numbers':
      return `{"n":1e999,"queue":{"depth":${'9'.repeat(400)}},"running":-1e308,"errorRate":1e-320}`;
  }
}

/** Cuts text in two in the middle of its last character of more than one byte; text of ASCII only stays in one piece. */
export function splitInCharacter(text: string): [Buffer, Buffer] {
  const bytes = Buffer.from(text);
  const at = bytes.findLastIndex((byte) => (byte & 0xc0) === 0x80);
  return at < 0 ? [bytes, Buffer.alloc(0)] : [bytes.subarray(0, at), bytes.subarray(at)];
}
