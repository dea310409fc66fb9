import type { TableProblem } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { viewAddress } from '../address/address.ts';
import { linkTo } from '../address/navigation.ts';
import { StoredText } from '../components/stored-text.tsx';
import './missing-tables.css';

/** Tells what a database of another program lacks for a view, and where its own tables are shown. */
export function MissingTables({ problems }: { problems: readonly TableProblem[] }): ReactNode {
  return (
    <div className="missing-tables">
      <p>
        <strong>This file lacks what this view shows.</strong>
      </p>
      <ul>
        {problems.map(({ table, reason }) => (
          <li key={table}>
            <StoredText text={`${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`} />
          </li>
        ))}
      </ul>
      <p>
        Query the tables that it has in <a href={linkTo(viewAddress('sql'))}>SQL</a>. Nothing in the file is
        changed.
      </p>
    </div>
  );
}
