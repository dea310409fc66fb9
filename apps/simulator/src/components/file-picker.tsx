import type { ReactNode, RefObject } from 'react';

/** The hidden field of a button that asks for files, or for all files of a folder. The same ones can be chosen again. */
export function FilePicker({
  input,
  label,
  onFiles,
  multiple = true,
  folder = false,
}: {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly label: string;
  readonly onFiles: (files: readonly File[]) => void;
  readonly multiple?: boolean;
  readonly folder?: boolean;
}): ReactNode {
  return (
    <input
      ref={input}
      type="file"
      hidden
      multiple={multiple}
      {...(folder && { webkitdirectory: '' })}
      aria-label={label}
      onChange={(event) => {
        const files = [...(event.target.files ?? [])];
        event.target.value = '';
        if (files.length > 0) onFiles(files);
      }}
    />
  );
}
