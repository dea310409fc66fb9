import type { ReactNode, RefObject } from 'react';

/** The hidden field of a button that asks for files. The same ones can be chosen again. */
export function FilePicker({
  input,
  label,
  onFiles,
  multiple = true,
}: {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly label: string;
  readonly onFiles: (files: readonly File[]) => void;
  readonly multiple?: boolean;
}): ReactNode {
  return (
    <input
      ref={input}
      type="file"
      hidden
      multiple={multiple}
      aria-label={label}
      onChange={(event) => {
        const files = [...(event.target.files ?? [])];
        event.target.value = '';
        if (files.length > 0) onFiles(files);
      }}
    />
  );
}
