import type { ReactNode } from 'react';
import { CheckProof } from './check-proof.tsx';
import { MakeCheckpoint } from './make-checkpoint.tsx';
import { VerifyDatabase } from './verify-database.tsx';
import './verification.css';

/** Verifies the database, makes checkpoints, and checks proofs. */
export function Verification(): ReactNode {
  return (
    <>
      <VerifyDatabase />
      <p className="muted">
        A checkpoint is the size of the change log and a hash of all of it. Kept elsewhere, it shows later
        that nothing before it was changed or cut off. Each record has its proof in its details.
      </p>
      <MakeCheckpoint />
      <CheckProof />
    </>
  );
}
