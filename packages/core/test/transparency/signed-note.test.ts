/** Signed notes and checkpoints: the examples of the specifications, and what is refused. */
import { expect, it } from 'vitest';
import {
  generateNoteKeys,
  parseCheckpoint,
  signerOf,
  signNote,
  verifierKeyOf,
  verifyNote,
} from '../../src/index.ts';

/** The example of https://pkg.go.dev/golang.org/x/mod/sumdb/note. */
const SIGNER_KEY = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const VERIFIER_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

it('signs and verifies the example of the Go package', async () => {
  const signer = await signerOf(`${SIGNER_KEY}\n`);
  expect(verifierKeyOf(signer)).toBe(VERIFIER_KEY);
  expect(await signNote(TEXT, signer)).toBe(NOTE);
  expect(await verifyNote(NOTE, VERIFIER_KEY)).toBe(TEXT);
});

it('reads the example of https://c2sp.org/tlog-checkpoint', () => {
  const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
  const note = `${text}
— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;
  const checkpoint = {
    origin: 'example.com/behind-the-sofa',
    size: 20_852_163,
    rootHash: 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
    text,
  };
  expect(parseCheckpoint(note)).toEqual(checkpoint);
  expect(parseCheckpoint(text)).toEqual(checkpoint);
  expect(parseCheckpoint(`${text}an extension\n`)).toMatchObject({ size: 20_852_163 });
});

it('makes keys that verify what they sign, and nothing else', async () => {
  const { signerKey, verifierKey } = await generateNoteKeys('example.com/log');
  const signer = await signerOf(signerKey);
  expect(verifierKeyOf(signer)).toBe(verifierKey);
  const note = await signNote('a\n\nb\n', signer);
  expect(await verifyNote(note, verifierKey)).toBe('a\n\nb\n');
  const wrong = { code: 'PROOF_INVALID' };
  await expect(verifyNote(note.replace('a\n', 'c\n'), verifierKey)).rejects.toMatchObject(wrong);
  await expect(verifyNote(NOTE, verifierKey)).rejects.toMatchObject(wrong);
  const { verifierKey: other } = await generateNoteKeys('example.com/log');
  await expect(verifyNote(note, other)).rejects.toMatchObject(wrong);
  // A signature of another key beside it is ignored.
  const twice = `${note}${NOTE.split('\n').at(-2)}\n`;
  expect(await verifyNote(twice, verifierKey)).toBe('a\n\nb\n');
});

it.each([
  ['', 'no text'],
  ['a\n', 'no signature'],
  ['a\n\n', 'an empty one'],
  ['a\n\n— name\n', 'a name alone'],
  ['a\n\n— name AAAA\n', 'a short one'],
  ['a\n\n- name AAAAAAAAAAAA\n', 'a hyphen'],
  ['a\u0001\n\n— name AAAAAAAAAAAA\n', 'a control character'],
  [NOTE.slice(0, -1), 'no last newline'],
])('refuses what is no note: %j (%s)', async (note) => {
  await expect(verifyNote(note, VERIFIER_KEY)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

it('refuses wrong keys and names, without showing a key', async () => {
  const refused = { code: 'INVALID_ARGUMENT' };
  for (const key of ['', 'x', SIGNER_KEY, VERIFIER_KEY.replace('c74f20a3', 'c74f20a4'), undefined as never]) {
    await expect(verifyNote(NOTE, key)).rejects.toMatchObject(refused);
  }
  const forged = SIGNER_KEY.replace('c74f20a3', 'c74f20a4');
  await expect(signerOf(forged)).rejects.toMatchObject(refused);
  await expect(signerOf(forged)).rejects.not.toThrow(/AYEK/);
  await expect(generateNoteKeys('a b')).rejects.toMatchObject(refused);
  await expect(generateNoteKeys('a+b')).rejects.toMatchObject(refused);
  await expect(generateNoteKeys('')).rejects.toMatchObject(refused);
  for (const text of [
    '',
    'a\n1\n',
    'a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    'a\n1\nAAAA\n',
  ]) {
    expect(() => parseCheckpoint(text)).toThrow(/no checkpoint/);
  }
});
