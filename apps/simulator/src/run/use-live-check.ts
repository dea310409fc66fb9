import { useEffect, useMemo, useRef, useState } from 'react';
import type { ValidationReceipt } from '@ggen-sim/agents';
import { agents } from '../agents/agents.ts';
import { coalesce } from '../database/coalesce.ts';
import type { SessionDocument } from '../session/session.ts';
import type { CheckedDocuments } from './document-problems.ts';
import { inputsOf } from './inputs-of.ts';

/** Pause in typing after which the documents are checked. */
const TYPING_PAUSE_MS = 400;
/** Larger documents are checked by a run only: parsing them at each pause would keep a core busy. */
const MAX_CHARACTERS = 500_000;
const TIME_LIMIT_MS = 10_000;

/**
 * Validates the documents when typing pauses, in the agents' worker, and records nothing. One check runs at a time, so a
 * slow one delays the next instead of piling up.
 *
 * @param given - the session's documents
 * @param receipt - of the latest run: its documents need no check until they are edited
 * @returns undefined while the documents are as they were opened or run, and while a first check runs
 */
export function useLiveCheck(
  given: readonly SessionDocument[],
  receipt: ValidationReceipt | undefined,
): CheckedDocuments | undefined {
  const [check, setCheck] = useState<CheckedDocuments>();
  // A commit of another tab makes a new list of the same documents, which needs no new check.
  const stable = useRef(given);
  if (!haveSameText(stable.current, given)) stable.current = given;
  const documents = stable.current;
  const known = useRef({ receipt, documents });
  if (known.current.receipt !== receipt) known.current = { receipt, documents };
  const isKnown = haveSameText(documents, known.current.documents);
  const latest = useRef(documents);
  latest.current = documents;
  const checkLatest = useMemo(
    () =>
      coalesce(async () => {
        const checked = latest.current;
        try {
          const run = await agents.run('validation', null, inputsOf(checked) as { spec: [] }, {
            timeLimitMs: TIME_LIMIT_MS,
          });
          // Places in a text that has been edited since would be wrong; its own check follows.
          if (haveSameText(checked, latest.current)) setCheck({ receipt: run.receipt, documents: checked });
        } catch {
          // A run of the same documents tells what is wrong.
          setCheck(undefined);
        }
      }),
    [],
  );
  useEffect(() => {
    if (isKnown || !isCheckable(documents)) {
      setCheck(undefined);
      return undefined;
    }
    const pause = setTimeout(checkLatest, TYPING_PAUSE_MS);
    return () => clearTimeout(pause);
  }, [documents, isKnown, checkLatest]);
  return isKnown || !isCheckable(documents) ? undefined : check;
}

function isCheckable(documents: readonly SessionDocument[]): boolean {
  const characters = documents.reduce((sum, { content }) => sum + content.length, 0);
  return documents.some(({ role }) => role === 'spec') && characters <= MAX_CHARACTERS;
}

function haveSameText(one: readonly SessionDocument[], other: readonly SessionDocument[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ name, role, content }, index) => {
      const before = other[index];
      return name === before?.name && role === before.role && content === before.content;
    })
  );
}
