import type { DsseEnvelope } from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CommandFailure } from '../failures.ts';
import { reportJson } from '../output/reports.ts';
import { requiredPath } from '../parameters.ts';
import { findReceiptRow } from '../receipt-row.ts';
import { readTextFile } from '../signing-key.ts';
import { readStandardInput } from '../standard-input.ts';

export const verifyAttestation: Command = defineCommand({
  name: 'db verify-attestation',
  summary: 'Verify a signed receipt of db attest, without a database or against one',
  notes:
    'Checks that the key signed the envelope, that it holds the statement of a receipt, and that its subject is the receipt in ' +
    'its predicate. With --db, also that the receipt in that database is the same; of one that was redacted since, the hash. ' +
    'Prints what was verified.',
  database: 'existing',
  positionals: {
    attestation: requiredPath({
      placeholder: 'FILE',
      completes: 'files',
      description: 'the envelope, or - for standard input',
    }),
  },
  options: {
    key: requiredPath({ placeholder: 'KEY_FILE', completes: 'files', description: 'file of the public key' }),
  },
  ownExitCodes: {
    [EXIT_CODES.failed]: 'the attestation is wrong or of another receipt, or the operation failed',
  },
  examples: [
    'ggen-sim db verify-attestation attestation.json --key ggen.key.pub',
    'ggen-sim db verify-attestation attestation.json --key ggen.key.pub --db .ggen/ggen.db',
  ],
  async run({ attestation: file, key }, context) {
    const envelope = parseEnvelope(file === '-' ? await readStandardInput() : readTextFile(file));
    const { compareStatement, parseRedacted, verifyAttestation: verify } = await import('@ggen-sim/core');
    const verifierKey = readTextFile(key);
    const statement = await verify(envelope, verifierKey);
    const { subject, predicateType, predicate } = statement;
    let database: 'not compared' | 'same' | 'redacted' = 'not compared';
    if (context.locations.dbOption !== undefined) {
      await using opened = await context.openDatabase();
      const row = await findReceiptRow(opened, predicate.receiptId);
      const columns = compareStatement(statement, row);
      if (columns.length > 0) {
        throw new CommandFailure(
          'PROOF_INVALID',
          `The receipt in the database differs in ${columns.join(', ')}`,
        );
      }
      database = parseRedacted(row.receiptJson) === undefined ? 'same' : 'redacted';
    }
    const [{ name, digest }] = subject;
    const signer = verifierKey.split('+')[0] ?? '';
    const report = {
      verified: true,
      signer,
      receiptId: name,
      sha256: digest.sha256,
      predicateType,
      database,
    };
    await context.stdout.writeLine(reportJson({ ...report, predicate }));
  },
});

function parseEnvelope(text: string): DsseEnvelope {
  try {
    return JSON.parse(text) as DsseEnvelope;
  } catch (cause) {
    throw new CommandFailure('INVALID_JSON', 'The attestation is not JSON', { cause });
  }
}
