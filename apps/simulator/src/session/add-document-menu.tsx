import { Menu } from '@base-ui/react/menu';
import { use, useRef, type ReactNode } from 'react';
import { failureOf } from '../database/failure.ts';
import { notifyFailure } from '../components/notices.tsx';
import { PopupContainer } from '../components/popup-container.ts';
import { addFiles } from './drop-zone.tsx';
import { EXAMPLES, type Example } from './examples.ts';
import { DOCUMENT_EXTENSIONS } from './read-files.ts';
import type { NewDocument } from './session.ts';

const EMPTY_SPEC: NewDocument = {
  name: 'ontology.ttl',
  role: 'spec',
  content:
    '@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n@prefix ex: <https://example.org/> .\n\n',
};

const EMPTY_SHAPES: NewDocument = {
  name: 'shapes.ttl',
  role: 'shapes',
  content: '@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix ex: <https://example.org/> .\n\n',
};

/** Adds documents to the session: new ones, files or examples. */
export function AddDocumentMenu({
  onDocuments,
}: {
  onDocuments: (documents: readonly NewDocument[]) => void;
}): ReactNode {
  const files = useRef<HTMLInputElement>(null);
  const addExample = async (example: Example): Promise<void> => {
    try {
      onDocuments(await example.load());
    } catch (error) {
      notifyFailure('Could not load the example', failureOf(error));
    }
  };
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="button">Add document</Menu.Trigger>
        <Menu.Portal container={use(PopupContainer)}>
          <Menu.Positioner className="menu-positioner" sideOffset={4} align="end">
            <Menu.Popup className="menu">
              <Menu.Item className="menu__item" onClick={() => onDocuments([EMPTY_SPEC])}>
                New ontology
              </Menu.Item>
              <Menu.Item className="menu__item" onClick={() => onDocuments([EMPTY_SHAPES])}>
                New shapes
              </Menu.Item>
              <Menu.Item className="menu__item" onClick={() => files.current?.click()}>
                Open files… <span className="muted">or drop files here</span>
              </Menu.Item>
              <Menu.Group>
                <Menu.GroupLabel className="menu__label">Examples</Menu.GroupLabel>
                {EXAMPLES.map((example) => (
                  <Menu.Item
                    key={example.title}
                    className="menu__item"
                    onClick={() => void addExample(example)}
                  >
                    {example.title} <span className="muted">{example.outcome}</span>
                  </Menu.Item>
                ))}
              </Menu.Group>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        accept={DOCUMENT_EXTENSIONS}
        aria-label="Files to add"
        onChange={(event) => {
          void addFiles([...(event.target.files ?? [])], onDocuments);
          event.target.value = '';
        }}
      />
    </>
  );
}
