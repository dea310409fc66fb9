/** Files of the keys that sign or cosign checkpoints: the private one, which only its owner may read, and `.pub` beside it. */
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import type { NoteSigner } from '@ggen-sim/core';
import { CommandFailure, reasonOf } from './failures.ts';

/** Bits of a mode that let others read or write a file. */
const OTHERS = 0o077;

const PUBLIC_MODE = 0o644;

/** Returns the path of the public key beside a private one. */
export function publicKeyFile(keyFile: string): string {
  return `${keyFile}.pub`;
}

/**
 * Reads a private key, or makes one where there is no file.
 * @param name - name of a new key
 * @param cosigns - true for a key that cosigns checkpoints of others
 * @returns the signer, and whether its key is new
 * @throws {CommandFailure} INVALID_ARGUMENT when others can read the file
 */
export async function openSigningKey(
  keyFile: string,
  name: string,
  cosigns = false,
): Promise<{ readonly signer: NoteSigner; readonly isNew: boolean }> {
  const core = await import('@ggen-sim/core');
  const [generate, read, publicKeyOf] = cosigns
    ? ([core.generateCosignerKeys, core.cosignerOf, core.cosignerKeyOf] as const)
    : ([core.generateNoteKeys, core.signerOf, core.verifierKeyOf] as const);
  const stored = readPrivate(keyFile);
  const publicFile = publicKeyFile(keyFile);
  if (stored !== undefined) {
    const signer = await read(stored);
    // It was killed before it wrote both.
    if (!existsSync(publicFile)) createFile(publicFile, publicKeyOf(signer), PUBLIC_MODE, true);
    return { signer, isNew: false };
  }
  if (existsSync(publicFile)) {
    throw new CommandFailure('INVALID_ARGUMENT', `There is ${publicFile}, and no private key ${keyFile}`, {
      hint: 'Give the name of its private key, or another one to make new keys',
    });
  }
  const { signerKey, verifierKey } = await generate(name);
  createFile(keyFile, signerKey, 0o600);
  createFile(publicFile, verifierKey, PUBLIC_MODE);
  return { signer: await read(signerKey), isNew: true };
}

/** Reads a file of text. @throws {CommandFailure} NOT_FOUND, IO_ERROR */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw fileFailure(file, cause);
  }
}

function readPrivate(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileFailure(file, cause);
  }
  try {
    if (process.platform !== 'win32' && (fstatSync(descriptor).mode & OTHERS) !== 0) {
      throw new CommandFailure('INVALID_ARGUMENT', `Others can read the private key ${file}`, {
        hint: "Make it yours alone with 'chmod 600', and make a new one if somebody may have read it",
      });
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Creates a file; one that exists is not replaced. @param isOptional - true to go on in a folder that is not to be written */
function createFile(file: string, text: string, mode: number, isOptional = false): void {
  try {
    const descriptor = openSync(file, 'wx', mode);
    try {
      if (process.platform !== 'win32') fchmodSync(descriptor, mode);
      writeSync(descriptor, `${text}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (!isOptional) throw fileFailure(file, cause);
  }
}

function fileFailure(file: string, cause: unknown): CommandFailure {
  const code = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'NOT_FOUND' : 'IO_ERROR';
  return new CommandFailure(code, `${file}: ${reasonOf(cause)}`, { cause });
}
