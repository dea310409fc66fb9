import { TABLE_NAMES, type Persistence } from '@ggen-sim/core';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Address } from '../address/address.ts';
import { currentAddress, navigate, useAddress } from '../address/navigation.ts';
import { StoredText } from '../components/stored-text.tsx';
import { useLiveQuery } from '../database/use-live-query.ts';
import { useTableProblems } from '../database/use-table-problems.ts';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatDuration, formatPlural } from '../components/format.ts';
import { errorPlace } from './error-place.ts';
import { EXAMPLE_QUERIES } from './example-queries.ts';
import { QueryInput, type GivenText } from './query-input.tsx';
import { queryOf, resultViewOf, ROW_LIMITS, TIME_LIMITS_S } from './query-options.ts';
import { ResultChart } from './result-chart.tsx';
import { ResultDownload } from './result-download.tsx';
import { ResultTable } from './result-table.tsx';
import { useSqlQuery, type QueryOutcome } from './use-sql-query.ts';
import './sql-panel.css';

/** The text that was typed and not run, while another view is shown; and the query of the address beside it. */
let draft: { readonly sql: string | undefined; readonly text: string } | undefined;

/** Runs queries that only read, and shows their rows. The query and its limits are in the address. */
export function SqlPanel(): ReactNode {
  const address = useOwnAddress();
  const query = queryOf(address);
  const { sql } = query;
  const [repetition, setRepetition] = useState(0);
  const outcome = useSqlQuery(query, repetition);
  const [given, setGiven] = useState<GivenText>({
    text: draft?.sql === sql ? (draft?.text ?? '') : (sql ?? ''),
  });
  const [text, setText] = useState(given.text);
  // A click may come before what was typed is rendered.
  const typed = useRef(text);
  const edit = (edited: string): void => {
    typed.current = edited;
    setText(edited);
  };
  const [shownSql, setShownSql] = useState(sql);
  const ranSql = useRef(sql);
  if (shownSql !== sql) {
    setShownSql(sql);
    // Back, or a link, leads to another query. What was run here may have been edited since.
    if (ranSql.current !== sql) {
      setGiven({ text: sql ?? '' });
      edit(sql ?? '');
    }
    ranSql.current = sql;
  }
  useEffect(() => {
    draft = { sql, text };
  }, [sql, text]);

  const change = (changed: Partial<Address>): void => navigate({ ...currentAddress(), ...changed });
  const run = (wanted: string): void => {
    if (wanted.trim() === '') return;
    if (wanted === currentAddress().sql) {
      setRepetition((count) => count + 1);
      return;
    }
    ranSql.current = wanted;
    change({ sql: wanted });
  };
  const { failure } = outcome;
  const error = useMemo(() => {
    const place = failure && errorPlace(outcome.query?.sql ?? '', failure.message);
    return place && { place, message: failure.message };
  }, [failure, outcome.query]);

  return (
    <section className="sql-panel" aria-label="SQL">
      <QueryInput given={given} error={text === sql ? error : undefined} onEdit={edit} onRun={run} />
      <div className="sql-panel__bar">
        <button
          type="button"
          className="button button--primary"
          aria-keyshortcuts="Control+Enter Meta+Enter"
          disabled={text.trim() === '' || outcome.running}
          onClick={() => run(typed.current)}
        >
          {outcome.running ? 'Running…' : 'Run query'}
        </button>
        <Limit
          label="Rows"
          choices={ROW_LIMITS}
          value={query.limit}
          nameOf={(rows) => `at most ${formatCount(rows)}`}
          onChange={(limit) => change({ limit: limit === 1000 ? undefined : String(limit) })}
        />
        <Limit
          label="Time"
          choices={TIME_LIMITS_S}
          value={query.timeoutS}
          nameOf={(seconds) => `at most ${seconds} s`}
          onChange={(seconds) => change({ timeout: seconds === 10 ? undefined : String(seconds) })}
        />
        <span className="muted sql-panel__hint">
          Read-only. <kbd>Ctrl</kbd> or <kbd>⌘</kbd> + <kbd>Enter</kbd> runs.
        </span>
      </div>
      {failure ? (
        <div className="sql-panel__failure">
          <FailureNotice failure={failure} />
        </div>
      ) : null}
      {outcome.query === undefined ? (
        <Examples onChoose={(chosen) => change(chosen)} />
      ) : (
        <FailureBoundary key={outcome.query.sql}>
          <QueryResult
            outcome={outcome}
            view={resultViewOf(address)}
            onView={(view) => change({ show: view === 'chart' ? view : undefined })}
          />
        </FailureBoundary>
      )}
    </section>
  );
}

/** Returns the address while it is of this view; later, until the panel has gone, the one before. */
function useOwnAddress(): Address {
  const address = useAddress();
  const own = useRef(address);
  if (address.view === 'sql') own.current = address;
  return own.current;
}

/** A choice of a limit. */
function Limit({
  label,
  choices,
  value,
  nameOf,
  onChange,
}: {
  label: string;
  choices: readonly number[];
  value: number;
  nameOf: (choice: number) => string;
  onChange: (choice: number) => void;
}): ReactNode {
  return (
    <label className="labelled">
      {label}
      <select className="field" value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {nameOf(choice)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Tables of another program that a query is offered for. */
const OFFERED_TABLES = 12;

const readOtherTables = async (persistence: Persistence): Promise<readonly string[]> =>
  (await persistence.info()).otherTables.slice(0, OFFERED_TABLES);

/** Makes a query for the rows of a table of any name. */
function rowsOf(table: string): string {
  return `SELECT * FROM "${table.replaceAll('"', '""')}"`;
}

const LIST = new Intl.ListFormat('en-GB');

function Examples({ onChoose }: { onChoose: (query: Pick<Address, 'sql' | 'show'>) => void }): ReactNode {
  const isWithout = useTableProblems().map(({ table }) => table);
  const { value: otherTables = [] } = useLiveQuery(readOtherTables, TABLE_NAMES);
  const examples = [
    ...EXAMPLE_QUERIES.filter(({ sql }) => !isWithout.some((table) => sql.includes(table))),
    ...otherTables.map((table) => ({ name: `Rows of ${table}`, sql: rowsOf(table), show: undefined })),
  ];
  const ownTables = TABLE_NAMES.filter((table) => !isWithout.includes(table));
  return (
    <div className="sql-panel__examples">
      <h3>Begin with an example</h3>
      <ul>
        {examples.map(({ name, sql, show }) => (
          <li key={name}>
            <button type="button" className="link-button" onClick={() => onChoose({ sql, show })}>
              <StoredText text={name} />
            </button>
          </li>
        ))}
      </ul>
      <p className="muted">
        {ownTables.length > 0 ? `The tables of ggen-sim are ${LIST.format(ownTables)}. ` : ''}Table and column
        names are completed as you type. The address of the page holds the query, so a link shares it.
      </p>
    </div>
  );
}

function QueryResult({
  outcome,
  view,
  onView,
}: {
  outcome: QueryOutcome;
  view: 'table' | 'chart';
  onView: (view: 'table' | 'chart') => void;
}): ReactNode {
  const { result, running, durationMs, query } = outcome;
  return (
    <div className="sql-panel__result" aria-busy={running}>
      <div className="sql-panel__result-head">
        <span role="status">
          {running ? `Running, for ${query?.timeoutS ?? 0} s at most…` : ''}
          {!running && result ? (
            <>
              <strong>{formatPlural(result.rows.length, 'row')}</strong> in{' '}
              {formatDuration(Math.round(durationMs))}
              {result.hasMore ? '; there are more' : ''}
            </>
          ) : null}
        </span>
        {result && result.rows.length > 0 ? (
          <>
            <div className="sql-panel__views" role="group" aria-label="Show as">
              {(['table', 'chart'] as const).map((name) => (
                <button
                  key={name}
                  type="button"
                  className="button"
                  aria-pressed={view === name}
                  onClick={() => onView(name)}
                >
                  {name === 'table' ? 'Table' : 'Chart'}
                </button>
              ))}
            </div>
            <ResultDownload result={result} />
          </>
        ) : null}
      </div>
      {result && result.rows.length === 0 ? (
        <div className="empty">
          <strong>No rows</strong>
          <span>The query is valid, and nothing matches it.</span>
        </div>
      ) : null}
      {result && result.rows.length > 0 ? (
        view === 'chart' ? (
          <ResultChart result={result} />
        ) : (
          <ResultTable result={result} />
        )
      ) : null}
    </div>
  );
}
