/**
 * Makes functions of JavaScript callable by SQLite. Emscripten's `addFunction` compiles a WebAssembly module for each, and
 * opening would take a tenth of its time for that; here one module has all of them.
 */
import type { SqlJs } from './load-sqljs.ts';

/** A function, and its type in Emscripten's letters: the result, then the parameters; `i` has 32 bits, `j` 64. */
export type TypedFunction = readonly [signature: string, callback: (...args: never[]) => number];

const VALUE_TYPES: Readonly<Record<string, number>> = { i: 0x7f, j: 0x7e };
const FUNCTION_TYPE = 0x60;
/** A function, among the kinds of imports and exports. */
const FUNCTION = 0x00;
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const Section = { types: 1, imports: 2, exports: 7 } as const;

/** Adds functions to SQLite's table. @returns the index of each there, which is a function pointer in C */
export function addFunctions({ module }: SqlJs, functions: readonly TypedFunction[]): number[] {
  const callbacks = Object.fromEntries(functions.map(([, callback], index) => [`f${index}`, callback]));
  const compiled = new WebAssembly.Module(passThroughModule(functions.map(([signature]) => signature)));
  const { exports } = new WebAssembly.Instance(compiled, { e: callbacks });
  return functions.map(([signature], index) =>
    module.addFunction(exports[`f${index}`] as TypedFunction[1], signature),
  );
}

/**
 * Encodes a module that exports each function that it imports, under the same name
 * (https://www.w3.org/TR/wasm-core-1/#binary-format).
 */
function passThroughModule(signatures: readonly string[]): Uint8Array<ArrayBuffer> {
  const types = signatures.map(([result = '', ...parameters]) => [
    FUNCTION_TYPE,
    ...vector(parameters.map(valueType)),
    ...vector([valueType(result)]),
  ]);
  const imports = signatures.map((_, index) => [
    ...text('e'),
    ...text(`f${index}`),
    FUNCTION,
    ...size(index),
  ]);
  const exports = signatures.map((_, index) => [...text(`f${index}`), FUNCTION, ...size(index)]);
  return new Uint8Array([
    ...MAGIC_AND_VERSION,
    ...section(Section.types, types),
    ...section(Section.imports, imports),
    ...section(Section.exports, exports),
  ]);
}

function valueType(letter: string): number[] {
  return [VALUE_TYPES[letter] as number];
}

function section(id: number, entries: readonly number[][]): number[] {
  const content = vector(entries);
  return [id, ...size(content.length), ...content];
}

function vector(entries: readonly number[][]): number[] {
  return [...size(entries.length), ...entries.flat()];
}

function text(ascii: string): number[] {
  return vector(Array.from(ascii, (char) => [char.codePointAt(0) as number]));
}

/** Encodes a number as unsigned LEB128. */
function size(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...size(value >>> 7)];
}
