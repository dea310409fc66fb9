import type { LongOperationOptions } from './options.ts';
import type { ReceiptRow } from './receipts.ts';
import type { TableName } from './tables.ts';

/** Signs notes, with a key that may stay where it is: in a file, a hardware token, or a `CryptoKey` of Web Crypto. */
export interface NoteSigner {
  /** Name of the signer, such as `example.com/log`; no spaces and no plus. */
  readonly name: string;
  /** The Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Returns the Ed25519 signature of a message, 64 bytes (RFC 8032). */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** The state of a change log: the root of the Merkle tree (RFC 9162) over its first entries. */
export interface Checkpoint {
  /** Names the database: `ggen-sim.dev/` and its {@link HistoryStatus.origin}. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** Root of the tree, in base64. */
  readonly rootHash: string;
  /** The three above as the text of a checkpoint (https://c2sp.org/tlog-checkpoint), to be signed. */
  readonly text: string;
  /** Only where it was verified with the key of a cosigner: time of its cosignature, ISO 8601. */
  readonly cosignedAt?: string;
}

/** What to prove: exactly one of `receiptId`, `agentId`, `auditId`, `seq` and `smallerSize`. */
export interface ProofRequest extends LongOperationOptions {
  /** A receipt, by its id. */
  readonly receiptId?: string;
  /** The current memory of an agent. */
  readonly agentId?: string;
  /** An audit entry, by its id. */
  readonly auditId?: string;
  /** An entry of the change log, by its number. */
  readonly seq?: number;
  /** That the log begins with its first entries, as an earlier checkpoint has them: their number. */
  readonly smallerSize?: number;
  /** Number of entries of the checkpoint that the proof is for. @default all */
  readonly size?: number;
}

/** Proves that an entry, and the row that it is of, is in the change log of a checkpoint. */
export interface InclusionProof {
  readonly type: 'inclusion';
  /** The database when the proof was made. It is not verified: the checkpoint names the one that it is about. */
  readonly origin: string;
  readonly size: number;
  readonly rootHash: string;
  /** Position of the entry in the tree, from 0. */
  readonly index: number;
  /** Number of the entry. It is not verified: the tree has its position alone, and a reset goes on counting. */
  readonly seq: number;
  /** Hash of the row, in base64. */
  readonly leaf: string;
  /** Table of the row; `null` for an entry of many rows, and for one whose row is no more. */
  readonly table: TableName | null;
  /** The row as a JSON object, by the names of its columns; `null` where `table` is. */
  readonly rowJson: string | null;
  /** Hashes from the leaf to the root, in base64. */
  readonly hashes: readonly string[];
}

/** Proves that the change log of a checkpoint begins with that of an earlier one. */
export interface ConsistencyProof {
  readonly type: 'consistency';
  readonly origin: string;
  readonly size: number;
  readonly rootHash: string;
  readonly smallerSize: number;
  readonly smallerRootHash: string;
  readonly hashes: readonly string[];
}

/** A proof that `verifyProof` verifies without the database. */
export type Proof = InclusionProof | ConsistencyProof;

/** What a proof is verified against. */
export interface ProofEvidence {
  /** The checkpoint that the proof is for. One that is not signed proves something to those who have kept it themselves. */
  readonly checkpoint: string;
  /** For a proof of consistency: the earlier one. */
  readonly smallerCheckpoint?: string;
  /**
   * Public key that must have signed or cosigned them, as `generateNoteKeys` or `generateCosignerKeys` writes it.
   * @default they need not be signed
   */
  readonly verifierKey?: string;
}

/** What a proof in a file is verified against. */
export interface WrittenProofEvidence {
  /** Checkpoints that were kept elsewhere. Each takes the place of the one of its size in the file. */
  readonly checkpoints?: readonly string[];
  /** Public key that must have signed or cosigned the checkpoints. @default they need not be signed */
  readonly verifierKey?: string;
}

/** What a proof in a file proves. */
export interface VerifiedProof {
  readonly proof: Proof;
  readonly checkpoint: Checkpoint;
}

/** A signed payload (https://github.com/secure-systems-lab/dsse/blob/master/envelope.md). */
export interface DsseEnvelope {
  readonly payloadType: string;
  /** In base64. */
  readonly payload: string;
  readonly signatures: readonly {
    /** Name and id of the key; a hint. */
    readonly keyid?: string;
    /** In base64. */
    readonly sig: string;
  }[];
}

/** A receipt as an in-toto statement (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md). */
export interface ReceiptStatement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  /** The receipt by its id, and the SHA-256 of its JSON in hexadecimal digits. */
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha256: string } }];
  readonly predicateType: 'https://ggen-sim.dev/receipt/v1';
  /** The whole row. */
  readonly predicate: ReceiptRow;
}

/** Options of {@link Persistence.verify}. */
export interface VerifyOptions extends LongOperationOptions {
  /**
   * Checkpoints that were kept elsewhere. The change log must begin with the entries of each; without one, nobody can tell
   * that its last entries were cut off, or that all of it was written anew.
   */
  readonly checkpoints?: readonly string[];
  /** Public key that must have signed or cosigned them. @default they need not be signed */
  readonly verifierKey?: string;
}
