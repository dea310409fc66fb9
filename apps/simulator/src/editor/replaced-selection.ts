import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

/**
 * Replaces the selection by what is typed. Left to do so, Chromium keeps the colours of the replaced text in an inline style,
 * which the page's content security policy refuses, and logs an error.
 */
export const REPLACED_SELECTION: Extension = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType, isComposing } = event;
    const { ranges, main } = view.state.selection;
    const isTyped = inputType === 'insertText' && data !== null && !isComposing;
    if (!isTyped || main.empty || ranges.length > 1) return false;
    const insert = () =>
      view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, main.from, main.to, data, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});
