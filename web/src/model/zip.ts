/** A folder as one zip file: nothing is packed tighter and nothing copied, the browser reads the files while it sends. */

export interface Entry {
  path: string;
  file: Blob;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const VERSION_64 = 45;
const UTF8 = 0x0800;
/** The first day that zip knows: so that the same files make the same zip, whenever. */
const DAY = 0x21;
const MOST_32 = 0xffffffff;
const MOST_16 = 0xffff;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** The zip of these files, in the order of their paths: the same bytes for the same files. */
export async function zipOf(entries: Entry[]): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let [offset, length] = [0, 0];
  const sorted = [...entries].sort((one, other) => (one.path < other.path ? -1 : 1));
  for (const { path, file } of sorted) {
    const name = new TextEncoder().encode(path);
    const said = { name, size: file.size, crc: await crcOf(file), offset };
    const head = localHeader(said);
    const line = directoryLine(said);
    parts.push(head, file);
    directory.push(line);
    offset += head.byteLength + file.size;
    length += line.byteLength;
  }
  return new Blob([...parts, ...directory, ending(sorted.length, length, offset)], { type: "application/zip" });
}

export async function crcOf(file: Blob): Promise<number> {
  let crc = MOST_32;
  const reader = file.stream().getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    for (const byte of piece.value) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
  return (crc ^ MOST_32) >>> 0;
}

interface Said {
  name: Uint8Array<ArrayBuffer>;
  size: number;
  crc: number;
  offset: number;
}

function localHeader({ name, size, crc }: Said): Uint8Array<ArrayBuffer> {
  const large = size >= MOST_32;
  const extra = large ? wide([size, size]) : new Uint8Array();
  return joined(
    numbers([4, LOCAL], [2, VERSION_64], [2, UTF8], [2, 0], [2, 0], [2, DAY], [4, crc]),
    numbers([4, large ? MOST_32 : size], [4, large ? MOST_32 : size], [2, name.length], [2, extra.length]),
    name,
    extra,
  );
}

function directoryLine({ name, size, crc, offset }: Said): Uint8Array<ArrayBuffer> {
  const large = size >= MOST_32;
  const far = offset >= MOST_32;
  const extra = wide([...(large ? [size, size] : []), ...(far ? [offset] : [])]);
  return joined(
    numbers([4, CENTRAL], [2, VERSION_64], [2, VERSION_64], [2, UTF8], [2, 0], [2, 0], [2, DAY], [4, crc]),
    numbers([4, large ? MOST_32 : size], [4, large ? MOST_32 : size], [2, name.length], [2, extra.length]),
    numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, far ? MOST_32 : offset]),
    name,
    extra,
  );
}

function ending(count: number, length: number, offset: number): Uint8Array<ArrayBuffer> {
  const plain = numbers(
    ...([[4, END], [2, 0], [2, 0]] as Sized[]),
    ...([[2, Math.min(count, MOST_16)], [2, Math.min(count, MOST_16)]] as Sized[]),
    ...([[4, Math.min(length, MOST_32)], [4, Math.min(offset, MOST_32)], [2, 0]] as Sized[]),
  );
  if (count < MOST_16 && length < MOST_32 && offset < MOST_32) return plain;
  const long = numbers(
    ...([[4, END_64], [8, 44], [2, VERSION_64], [2, VERSION_64], [4, 0], [4, 0]] as Sized[]),
    ...([[8, count], [8, count], [8, length], [8, offset]] as Sized[]),
  );
  return joined(long, numbers([4, LOCATOR_64], [4, 0], [8, offset + length], [4, 1]), plain);
}

/** The extra field for numbers that 32 bits do not hold. */
function wide(values: number[]): Uint8Array<ArrayBuffer> {
  if (!values.length) return new Uint8Array();
  return numbers([2, 1], [2, values.length * 8], ...values.map((value): Sized => [8, value]));
}

type Sized = [bytes: 2 | 4 | 8, value: number];

function numbers(...sized: Sized[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(sized.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of sized) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

function joined(...pieces: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
