import type { ValidationReceipt } from '@ggen-sim/agents';
import { useCallback, useEffect, useRef, useState } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { Session } from '../session/session.ts';
import { agents } from '../agents/agents.ts';

/** State of the session's latest run. */
export interface RunState {
  readonly running: boolean;
  /** Receipt of the latest run; after a reload, the stored receipt. */
  readonly receipt: ValidationReceipt | undefined;
  /** The error that left the run without a receipt. */
  readonly failure: Failure | undefined;
}

/** {@link RunState} with the functions that start and cancel a run. */
export interface ValidationRunControl extends RunState {
  readonly start: () => Promise<void>;
  readonly cancel: () => void;
}

/** Runs the validation agent on the session's documents and keeps the receipt's id in the session. */
export function useValidationRun(store: SessionStore, session: Session): ValidationRunControl {
  const persistence = usePersistence();
  const [state, setState] = useState<RunState>({ running: false, receipt: undefined, failure: undefined });
  const running = useRef<AbortController>(undefined);
  const shownReceiptId = useRef<string>(undefined);
  const { lastReceiptId } = session;

  useEffect(() => {
    if (lastReceiptId === null || shownReceiptId.current === lastReceiptId) return undefined;
    let wanted = true;
    const showStored = async (): Promise<void> => {
      try {
        const json = await persistence.getReceipt(lastReceiptId);
        if (!wanted || running.current) return;
        shownReceiptId.current = lastReceiptId;
        setState({ running: false, receipt: JSON.parse(json) as ValidationReceipt, failure: undefined });
      } catch (error) {
        // The receipt may have been deleted by a cleanup; then there is no latest run to show.
        reportDatabaseFailure(error);
      }
    };
    void showStored();
    return () => {
      wanted = false;
    };
  }, [persistence, lastReceiptId]);

  const start = useCallback(async () => {
    if (running.current) return;
    const controller = new AbortController();
    running.current = controller;
    setState(({ receipt }) => ({ running: true, receipt, failure: undefined }));
    try {
      await store.flush();
      const { current } = store.state();
      if (!current) return;
      const inputs = (role: 'spec' | 'shapes') =>
        current.documents
          .filter((document) => document.role === role)
          .map(({ name, content }) => ({ name, content }));
      const shapes = inputs('shapes');
      const run = await agents.runValidation(persistence, {
        specs: inputs('spec'),
        ...(shapes.length > 0 ? { shapes } : {}),
        agentId: current.agentId,
        executionId: `${current.id}-run-${crypto.randomUUID().slice(0, 8)}`,
        signal: controller.signal,
      });
      shownReceiptId.current = run.receiptId ?? undefined;
      setState({ running: false, receipt: run.receipt, failure: undefined });
      store.edit((edited) =>
        edited.id === current.id ? { ...edited, lastReceiptId: run.receiptId } : edited,
      );
      await store.flush();
    } catch (error) {
      setState({ running: false, receipt: undefined, failure: reportDatabaseFailure(error) });
    } finally {
      running.current = undefined;
    }
  }, [persistence, store]);

  const cancel = useCallback(() => running.current?.abort(), []);
  return { ...state, start, cancel };
}
