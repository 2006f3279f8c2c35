import { insertLines, type ListEdit, listEdits } from './lists.ts';
import { serviceFiles } from './service-files.ts';

/** What becomes of the files of a repository. */
export interface NewService {
  /** Sources by path, new and changed. */
  readonly files: Readonly<Record<string, string>>;
  /** Lists whose place for the new lines was not found. */
  readonly left: readonly ListEdit[];
}

/** The files of a new service, and the lists that name it. Writes nothing. */
export const newService = (name: string, read: (file: string) => string): NewService => {
  const files: Record<string, string> = { ...serviceFiles(name) };
  const left: ListEdit[] = [];
  for (const edit of listEdits(name)) {
    const edited = insertLines(files[edit.file] ?? read(edit.file), edit);
    if (edited === undefined) left.push(edit);
    else files[edit.file] = edited;
  }
  return { files, left };
};
