/** Decimal number of any size: `digits` divided by 10 to the power of `scale`. */
export interface ExactNumber {
  readonly digits: bigint;
  readonly scale: number;
}

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?$/;

/** Parses the lexical form of `xsd:decimal`; `undefined` for anything else. */
export function parseExact(text: string): ExactNumber | undefined {
  const parts = DECIMAL.exec(text);
  if (parts === null) return undefined;
  const fraction = parts[3] ?? '';
  const magnitude = BigInt(`${parts[2] ?? ''}${fraction}` || '0');
  return { digits: parts[1] === '-' ? -magnitude : magnitude, scale: fraction.length };
}

export function compareExact(a: ExactNumber, b: ExactNumber): number {
  const { digits } = addExact(a, { digits: -b.digits, scale: b.scale });
  return digits < 0n ? -1 : digits > 0n ? 1 : 0;
}

export function addExact(a: ExactNumber, b: ExactNumber): ExactNumber {
  const scale = Math.max(a.scale, b.scale);
  return { digits: digitsAt(a, scale) + digitsAt(b, scale), scale };
}

/** Returns the nearest double. */
export function toDouble({ digits, scale }: ExactNumber): number {
  return Number(`${digits}e-${scale}`);
}

function digitsAt(value: ExactNumber, scale: number): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}
