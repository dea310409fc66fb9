import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { defaultKeymap, historyKeymap } from '@codemirror/commands';
import { sql, SQLite } from '@codemirror/lang-sql';
import { setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { COMMON_EXTENSIONS } from '../editor/common-extensions.ts';
import type { TextRange } from './error-place.ts';
import type { TableColumns } from './tables.ts';

/** Options of {@link createQueryEditor}. */
export interface QueryEditorOptions {
  /** Element that gets a shadow root for the editor. */
  readonly host: HTMLElement;
  readonly content: string;
  readonly onEdit: (content: string) => void;
  /** Called with the text at that moment, which those who are told of edits may not have yet. */
  readonly onRun: (content: string) => void;
}

/** A rendered editor of a query. */
export interface QueryEditor {
  /** Replaces the text. */
  show(content: string): void;
  /** Completes the names of these tables and their columns. */
  complete(tables: readonly TableColumns[]): void;
  /** Marks a part as wrong, instead of the one before; undefined marks none. */
  mark(place: TextRange | undefined, message: string): void;
  focus(): void;
  destroy(): void;
}

const QUERY_THEME = EditorView.theme({
  '.cm-content': { padding: '8px 10px' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--mono)',
    maxHeight: '14em',
    maxWidth: 'min(420px, 92vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 8px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--selected)',
    color: 'var(--text)',
  },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal' },
  '.cm-completionMatchedText': { color: 'var(--accent)' },
});

/** Creates an editor of a query in a shadow root, for the same reason as the editor of documents. */
export function createQueryEditor({ host, content, onEdit, onRun }: QueryEditorOptions): QueryEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const language = new Compartment();
  let showing = false;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: content,
      extensions: [
        closeBrackets(),
        autocompletion({ icons: false }),
        language.of(languageOf([])),
        EditorView.lineWrapping,
        placeholder('Type a query, or choose an example below'),
        // Before the common theme, whose padding it replaces.
        QUERY_THEME,
        COMMON_EXTENSIONS,
        EditorView.contentAttributes.of({ 'aria-label': 'Query in SQL', tabindex: '0' }),
        Prec.highest(
          keymap.of([
            {
              key: 'Mod-Enter',
              run: ({ state }) => {
                onRun(state.doc.toString());
                return true;
              },
            },
          ]),
        ),
        // Tab is not bound, so that keyboard users can leave the editor.
        keymap.of([...completionKeymap, ...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !showing) onEdit(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    show(next) {
      if (next === view.state.doc.toString()) return;
      showing = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
      showing = false;
    },
    complete: (tables) => view.dispatch({ effects: language.reconfigure(languageOf(tables)) }),
    mark(place, message) {
      const { length } = view.state.doc;
      const diagnostics =
        place === undefined || place.to > length ? [] : [{ ...place, message, severity: 'error' as const }];
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

function languageOf(tables: readonly TableColumns[]): Extension {
  const schema = Object.fromEntries(tables.map(({ table, columns }) => [table, columns]));
  return [
    sql({ dialect: SQLite, schema, upperCaseKeywords: true }),
    SQLite.language.data.of({ autocomplete: columnCompletion(tables) }),
  ];
}

/** The language completes a column after the name of its table only. This completes one anywhere. */
function columnCompletion(
  tables: readonly TableColumns[],
): (context: CompletionContext) => CompletionResult | null {
  const tablesOf = new Map<string, string[]>();
  for (const { table, columns } of tables) {
    for (const column of columns) tablesOf.set(column, [...(tablesOf.get(column) ?? []), table]);
  }
  const options = [...tablesOf].map(([label, holders]): Completion => ({
    label,
    type: 'property',
    detail: holders.length > 2 ? `${holders.length} tables` : holders.join(', '),
    boost: 1,
  }));
  return (context) => {
    const word = context.matchBefore(/\w+/);
    if (word === null || context.state.sliceDoc(word.from - 1, word.from) === '.') return null;
    return { from: word.from, options, validFor: /^\w*$/ };
  };
}
