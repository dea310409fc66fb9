/**
 * Requests of OTLP in protobuf as their JSON form, and answers to them. The fields are those of
 * https://github.com/open-telemetry/opentelemetry-proto/tree/v1.7.0 as far as rows are made of them. The library reads and
 * writes the wire format with its bounds; tables in place of generated code keep it at the fields that are used.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** How a field is read, and which wire type it has. Others of its number are skipped, as protobuf asks for. */
type Kind = 'text' | 'id' | 'bytes' | 'enum' | 'bool' | 'fixed64' | 'int64' | 'double';

/** A field of a message: its name in JSON, and its kind or the message that it holds. */
interface Field {
  readonly name: string;
  readonly holds: Kind | (() => Message);
  readonly isList?: true;
}

/** Fields of a message by their numbers. */
type Message = ReadonlyMap<number, Field>;

const field = (number: number, name: string, holds: Field['holds']): [number, Field] => [
  number,
  { name, holds },
];
const list = (number: number, name: string, holds: () => Message): [number, Field] => [
  number,
  { name, holds, isList: true },
];

/** Lists and maps of values are left out, as they are in JSON. */
const ANY_VALUE: Message = new Map([
  field(1, 'stringValue', 'text'),
  field(2, 'boolValue', 'bool'),
  field(3, 'intValue', 'int64'),
  field(4, 'doubleValue', 'double'),
  field(7, 'bytesValue', 'bytes'),
]);
const KEY_VALUE: Message = new Map([field(1, 'key', 'text'), field(2, 'value', () => ANY_VALUE)]);
const RESOURCE: Message = new Map([list(1, 'attributes', () => KEY_VALUE)]);
const STATUS: Message = new Map([field(2, 'message', 'text'), field(3, 'code', 'enum')]);
const SPAN: Message = new Map([
  field(1, 'traceId', 'id'),
  field(2, 'spanId', 'id'),
  field(4, 'parentSpanId', 'id'),
  field(5, 'name', 'text'),
  field(7, 'startTimeUnixNano', 'fixed64'),
  field(8, 'endTimeUnixNano', 'fixed64'),
  list(9, 'attributes', () => KEY_VALUE),
  field(15, 'status', () => STATUS),
]);
const SCOPE_SPANS: Message = new Map([list(2, 'spans', () => SPAN)]);
const RESOURCE_SPANS: Message = new Map([
  field(1, 'resource', () => RESOURCE),
  list(2, 'scopeSpans', () => SCOPE_SPANS),
]);
const LOG_RECORD: Message = new Map([
  field(1, 'timeUnixNano', 'fixed64'),
  field(2, 'severityNumber', 'enum'),
  field(5, 'body', () => ANY_VALUE),
  list(6, 'attributes', () => KEY_VALUE),
  field(9, 'traceId', 'id'),
  field(10, 'spanId', 'id'),
  field(11, 'observedTimeUnixNano', 'fixed64'),
  field(12, 'eventName', 'text'),
]);
const SCOPE_LOGS: Message = new Map([list(2, 'logRecords', () => LOG_RECORD)]);
const RESOURCE_LOGS: Message = new Map([
  field(1, 'resource', () => RESOURCE),
  list(2, 'scopeLogs', () => SCOPE_LOGS),
]);

/** The request of each signal. */
export const EXPORT_REQUESTS: Readonly<Record<'traces' | 'logs', Message>> = {
  traces: new Map([list(1, 'resourceSpans', () => RESOURCE_SPANS)]),
  logs: new Map([list(1, 'resourceLogs', () => RESOURCE_LOGS)]),
};

/** Wire type of each kind, and how its value is read. */
const KINDS: Readonly<
  Record<
    Kind,
    { readonly wireType: WireType; readonly read: (reader: BinaryReader) => string | number | boolean }
  >
> = {
  text: { wireType: WireType.LengthDelimited, read: (reader) => reader.string() },
  id: { wireType: WireType.LengthDelimited, read: (reader) => Buffer.from(reader.bytes()).toString('hex') },
  bytes: {
    wireType: WireType.LengthDelimited,
    read: (reader) => Buffer.from(reader.bytes()).toString('base64'),
  },
  enum: { wireType: WireType.Varint, read: (reader) => reader.int32() },
  bool: { wireType: WireType.Varint, read: (reader) => reader.bool() },
  int64: { wireType: WireType.Varint, read: (reader) => String(reader.int64()) },
  fixed64: { wireType: WireType.Bit64, read: (reader) => String(reader.fixed64()) },
  double: { wireType: WireType.Bit64, read: (reader) => reader.double() },
};

/** Reads a message to the object that its JSON form would be. @throws {Error} for what is no such message */
export function decodeMessage(message: Message, bytes: Uint8Array): Record<string, unknown> {
  const reader = new BinaryReader(bytes);
  const found: Record<string, unknown> = {};
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const known = message.get(number);
    const expected =
      typeof known?.holds === 'string' ? KINDS[known.holds].wireType : WireType.LengthDelimited;
    if (known === undefined || wireType !== expected) {
      reader.skip(wireType, number);
      continue;
    }
    const { name, holds, isList } = known;
    const value =
      typeof holds === 'string' ? KINDS[holds].read(reader) : decodeMessage(holds(), reader.bytes());
    if (isList !== true) found[name] = value;
    else if (Array.isArray(found[name])) found[name].push(value);
    else found[name] = [value];
  }
  return found;
}

/** Makes the answer to a request of either signal: empty, or with its field 1, the partial success. */
export function encodeAnswer(rejected: number, reason: string | undefined): Uint8Array {
  const writer = new BinaryWriter();
  if (rejected === 0) return writer.finish();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(rejected);
  writer.tag(2, WireType.LengthDelimited).string(reason ?? '');
  return writer.join().finish();
}

/** Makes the `google.rpc.Status` that a refused request is answered with. */
export function encodeStatus(code: number, message: string): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(code);
  return writer.tag(2, WireType.LengthDelimited).string(message).finish();
}
