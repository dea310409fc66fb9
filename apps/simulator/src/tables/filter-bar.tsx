import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import type { FilterName, Filters } from '../address/address.ts';
import { currentAddress, navigate, setFilter } from '../address/navigation.ts';
import { formatCount } from '../components/format.ts';
import './filter-bar.css';

/** The filters that a table offers. */
export interface FilterChoice {
  /** Those beyond agent, status and text are behind a button. */
  readonly names: readonly FilterName[];
  readonly statuses: readonly string[];
}

/** Pause after the latest letter before the rows are queried, so that not every letter is a query. */
const TYPING_PAUSE_MS = 250;

const PERIODS: readonly (readonly [since: string, name: string])[] = [
  ['', 'all time'],
  ['1h', 'last hour'],
  ['1d', 'last 24 hours'],
  ['7d', 'last 7 days'],
  ['30d', 'last 30 days'],
];

const LABELS: Readonly<Record<FilterName, string>> = {
  agent: 'Agent',
  status: 'Status',
  type: 'Type',
  execution: 'Execution',
  operation: 'Operation',
  since: 'From (UTC)',
  until: 'Before (UTC)',
  text: 'Contains',
};

const PLACEHOLDERS: Readonly<Partial<Record<FilterName, string>>> = {
  agent: 'e.g. validator-*',
  since: '2026-01-31, 2h',
  until: '2026-01-31',
  text: 'any text',
  type: 'begins with',
  execution: 'begins with',
  operation: 'begins with',
};

const ALWAYS_SHOWN: ReadonlySet<FilterName> = new Set(['agent', 'status', 'text']);

/**
 * Shows the filters of a table and how many rows pass them. The filters are in the address.
 *
 * @param title - the rows' name for screen readers
 * @param matching - number of rows that pass; undefined while they are counted
 * @param total - number of rows without a filter
 */
export function FilterBar({
  title,
  filters,
  choice,
  matching,
  total,
}: {
  title: string;
  filters: Filters;
  choice: FilterChoice;
  matching: number | undefined;
  total: number | undefined;
}): ReactNode {
  const more = choice.names.filter((name) => !ALWAYS_SHOWN.has(name));
  const hidden = more.filter((name) => name !== 'since' || !isPeriod(filters.since));
  const [opened, setOpened] = useState(false);
  const isOpen = opened || hidden.some((name) => filters[name] !== undefined);
  const isFiltered = Object.keys(filters).length > 0;
  const moreId = useId();
  const bar = useRef<HTMLDivElement>(null);
  return (
    <div ref={bar} className="filter-bar" role="search" aria-label={`Filters of ${title.toLowerCase()}`}>
      <TextFilter
        name="agent"
        value={filters.agent}
        label={`Filter ${title.toLowerCase()} by agent; * matches any text`}
      />
      {choice.statuses.length === 0 ? null : (
        <label className="labelled">
          Status
          <select
            className="field"
            value={filters.status ?? ''}
            onChange={(event) => setFilter('status', event.target.value)}
          >
            <option value="">any</option>
            {withCurrent(choice.statuses, filters.status).map((status) => (
              <option key={status}>{status}</option>
            ))}
          </select>
        </label>
      )}
      <label className="labelled">
        Period
        <select
          className="field"
          value={isPeriod(filters.since) ? (filters.since ?? '') : 'custom'}
          onChange={(event) => {
            if (event.target.value === 'custom') setOpened(true);
            else setFilter('since', event.target.value);
          }}
        >
          {PERIODS.map(([since, name]) => (
            <option key={name} value={since}>
              {name}
            </option>
          ))}
          <option value="custom">from … to …</option>
        </select>
      </label>
      <TextFilter name="text" value={filters.text} label={`Filter ${title.toLowerCase()} by text`} />
      <button
        type="button"
        className="button"
        aria-expanded={isOpen}
        aria-controls={moreId}
        onClick={() => setOpened(!isOpen)}
      >
        {isOpen ? 'Fewer filters' : 'More filters'}
      </button>
      <div id={moreId} className="filter-bar__more" hidden={!isOpen}>
        {isOpen ? more.map((name) => <TextFilter key={name} name={name} value={filters[name]} />) : null}
      </div>
      {isFiltered ? (
        <button
          type="button"
          className="button"
          onClick={() => {
            navigate({ ...currentAddress(), filters: {} });
            // This button goes away with the filters, and the focus must not.
            bar.current?.querySelector('input')?.focus();
          }}
        >
          Clear filters
        </button>
      ) : null}
      {isFiltered ? (
        <span className="filter-bar__count" role="status">
          {matching === undefined ? (
            'Counting…'
          ) : (
            <>
              <strong>{formatCount(matching)}</strong>
              {total === undefined ? '' : ` of ${formatCount(total)}`}
            </>
          )}
        </span>
      ) : null}
    </div>
  );
}

/** A filter that is typed. The rows follow when typing pauses. */
function TextFilter({
  name,
  value = '',
  label,
}: {
  name: FilterName;
  value: string | undefined;
  label?: string;
}): ReactNode {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // The address changed otherwise, as by Back: what is being typed stays.
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(pause.current), []);
  const send = (next: string): void => {
    clearTimeout(pause.current);
    if (next === sent.current) return;
    sent.current = next;
    setFilter(name, next, true);
  };
  const isTime = name === 'since' || name === 'until';
  return (
    <label className={`labelled ${isTime ? 'filter-bar__time' : 'filter-bar__text'}`}>
      {LABELS[name]}
      <input
        className="field"
        type="search"
        value={text}
        placeholder={PLACEHOLDERS[name]}
        aria-label={label}
        spellCheck={false}
        onChange={(event) => {
          const next = event.target.value;
          setText(next);
          clearTimeout(pause.current);
          pause.current = setTimeout(() => send(trimmed(name, next)), TYPING_PAUSE_MS);
        }}
        onBlur={() => send(trimmed(name, text))}
        onKeyDown={(event) => {
          if (event.key === 'Enter') send(trimmed(name, text));
        }}
      />
    </label>
  );
}

/** Spaces around a name are a slip; in a text they may be meant. */
function trimmed(name: FilterName, text: string): string {
  return name === 'text' ? text : text.trim();
}

function isPeriod(since: string | undefined): boolean {
  return PERIODS.some(([period]) => period === (since ?? ''));
}

/** Keeps a status of an address that is none of the choices, such as one that another program stored. */
function withCurrent(statuses: readonly string[], current: string | undefined): readonly string[] {
  return current === undefined || statuses.includes(current) ? statuses : [...statuses, current];
}
