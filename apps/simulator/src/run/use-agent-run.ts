import type { AgentType, InputsOf, RunOf, UnrecordedRun } from '@ggen-sim/agents';
import { useCallback, useEffect, useRef, useState } from 'react';
import { agents } from '../agents/agents.ts';
import { reportDatabaseFailure } from '../database/database.ts';
import { failureOf, type Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { Session } from '../session/session.ts';
import { inputsOf } from './inputs-of.ts';

/** State of a session's latest run. */
export interface RunState<Type extends AgentType> {
  readonly running: boolean;
  /** Receipt of the latest run: of one in this tab, or the stored one. */
  readonly receipt: RunOf<Type>['receipt'] | undefined;
  /** The latest run with all its results and its documents, where this tab started it. */
  readonly latest: { readonly run: RunOf<Type>; readonly inputs: InputsOf<Type> } | undefined;
  /** The run before the latest one, where this tab started that. */
  readonly before: { readonly receipt: RunOf<Type>['receipt']; readonly receiptId: string } | undefined;
  readonly receiptId: string | undefined;
  /** Reason why a run left no receipt in the database. */
  readonly failure: Failure | undefined;
}

/** State of a session's latest run, and functions to start and cancel one. */
export interface AgentRunControl<Type extends AgentType> extends RunState<Type> {
  readonly start: () => Promise<void>;
  readonly cancel: () => void;
}

/** Runs an agent on a session's documents. The session keeps the receipt id of its latest run. */
export function useAgentRun<Type extends AgentType>(
  type: Type,
  store: SessionStore,
  session: Session,
): AgentRunControl<Type> {
  type Receipt = RunOf<Type>['receipt'];
  const persistence = usePersistence();
  const [state, setState] = useState<RunState<Type>>({
    running: false,
    receipt: undefined,
    receiptId: undefined,
    latest: undefined,
    before: undefined,
    failure: undefined,
  });
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
        setState({
          running: false,
          receipt: JSON.parse(json) as Receipt,
          receiptId: lastReceiptId,
          latest: undefined,
          before: undefined,
          failure: undefined,
        });
      } catch (error) {
        // The receipt may have been deleted by a cleanup. Then no latest run is shown.
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
    setState((shown) => ({ ...shown, running: true, failure: undefined }));
    try {
      await store.flush();
      const { current } = store.state();
      if (!current) return;
      const inputs = inputsOf(current.documents) as InputsOf<Type>;
      const run = await agents.run(type, persistence, inputs, {
        agentId: current.agentId,
        executionId: `${current.id}-run-${crypto.randomUUID().slice(0, 8)}`,
        signal: controller.signal,
      });
      shownReceiptId.current = run.receiptId ?? undefined;
      setState(({ receipt, receiptId }) => ({
        running: false,
        receipt: run.receipt,
        receiptId: run.receiptId ?? undefined,
        latest: { run, inputs },
        before: receipt === undefined || receiptId === undefined ? undefined : { receipt, receiptId },
        failure: undefined,
      }));
      store.edit((edited) =>
        edited.id === current.id ? { ...edited, lastReceiptId: run.receiptId } : edited,
      );
      await store.flush();
    } catch (error) {
      const unrecorded = unrecordedRunOf<Type>(error);
      if (unrecorded === undefined) {
        const failure = reportDatabaseFailure(error);
        setState({
          running: false,
          receipt: undefined,
          receiptId: undefined,
          latest: undefined,
          before: undefined,
          failure,
        });
      } else {
        // The result stays readable, unless the database itself is gone and every later edit would be lost with it.
        const { code, hint } = reportDatabaseFailure(unrecorded.cause);
        setState({
          running: false,
          receipt: unrecorded.run.receipt,
          receiptId: undefined,
          latest: undefined,
          before: undefined,
          failure: { code, message: unrecorded.message, hint },
        });
      }
    } finally {
      running.current = undefined;
    }
  }, [type, persistence, store]);

  const cancel = useCallback(() => running.current?.abort(), []);
  return { ...state, start, cancel };
}

/** Returns the error of a run that has ended but could not be recorded. Its class is loaded with the agents only. */
function unrecordedRunOf<Type extends AgentType>(
  error: unknown,
): (UnrecordedRun & { readonly run: RunOf<Type> }) | undefined {
  const isUnrecorded = failureOf(error).code === 'NOT_RECORDED';
  return isUnrecorded ? (error as UnrecordedRun & { readonly run: RunOf<Type> }) : undefined;
}
