import { defaultKeymap, historyKeymap } from '@codemirror/commands';
import { StreamLanguage } from '@codemirror/language';
import { turtle } from '@codemirror/legacy-modes/mode/turtle';
import { lintGutter, nextDiagnostic, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, Transaction } from '@codemirror/state';
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { COMMON_EXTENSIONS } from './common-extensions.ts';
import { changesBetween } from './text-changes.ts';

/** A message at a location in the document. Line and column count from 1. */
export interface Marker {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** @default 'error' */
  readonly severity?: 'error' | 'warning' | 'info';
}

/** Options of {@link createCodeEditor}. */
export interface CodeEditorOptions {
  /** Element that gets a shadow root for the editor. */
  readonly host: HTMLElement;
  readonly content: string;
  readonly label: string;
  /** @param before - the content that was edited: the latest that was shown or reported */
  readonly onEdit: (before: string, after: string) => void;
  readonly onRun: () => void;
}

/** A rendered editor. */
export interface CodeEditor {
  /** Replaces the lines that differ. The cursor stays in its line, and undo does not bring them back. */
  show(content: string): void;
  setLabel(label: string): void;
  /** Marks locations in the text and in the gutter, instead of those before. */
  mark(markers: readonly Marker[]): void;
  /** Scrolls to a location and puts the cursor there. */
  goTo(marker: Marker): void;
  destroy(): void;
}

/**
 * Creates an editor in a shadow root, where CodeMirror uses constructed style sheets. In the document it would add
 * `<style>` elements, which the page's content security policy refuses.
 */
export function createCodeEditor({ host, content, label, onEdit, onRun }: CodeEditorOptions): CodeEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const labelled = new Compartment();
  const labelOf = (text: string) => EditorView.contentAttributes.of({ 'aria-label': text, tabindex: '0' });
  let replacing = false;
  // The document has line feeds only, so it may differ from what was shown.
  let known = content;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: content,
      extensions: [
        lineNumbers(),
        lintGutter(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        search({ top: true }),
        highlightSelectionMatches(),
        StreamLanguage.define(turtle),
        COMMON_EXTENSIONS,
        labelled.of(labelOf(label)),
        // Tab is not bound, so that keyboard users can leave the editor.
        keymap.of([
          {
            key: 'Mod-Enter',
            run: () => {
              onRun();
              return true;
            },
          },
          { key: 'F8', run: nextDiagnostic },
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged || replacing) return;
          const before = known;
          known = update.state.doc.toString();
          onEdit(before, known);
        }),
      ],
    }),
  });
  const offsetOf = ({ line, column }: Marker): number => {
    const found = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
    return Math.min(found.from + column - 1, found.to);
  };
  return {
    show(next) {
      if (next === known) return;
      known = next;
      replacing = true;
      view.dispatch({
        changes: changesBetween(view.state.doc.toString(), next.replaceAll(/\r\n?/g, '\n')),
        annotations: Transaction.addToHistory.of(false),
      });
      replacing = false;
    },
    setLabel: (text) => view.dispatch({ effects: labelled.reconfigure(labelOf(text)) }),
    mark(markers) {
      const diagnostics = markers.map((marker): Diagnostic => {
        const from = offsetOf(marker);
        const word = view.state.wordAt(from);
        const { message, severity = 'error' } = marker;
        return { from, to: word?.to ?? from, severity, message };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    goTo(marker) {
      const anchor = offsetOf(marker);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
      view.focus();
    },
    destroy() {
      view.destroy();
    },
  };
}
