import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

interface JsonEditorProps {
  readonly text: string;
  readonly problems: readonly { readonly line: number; readonly text: string }[];
  readonly change: (text: string) => void;
}

/** A text area with line numbers; a line that is wrong is marked beside its number, and told below. */
export const JsonEditor = ({ text, problems, change }: JsonEditorProps): JSX.Element => {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = text.split('\n').length;
  const wrong = new Set(problems.map(({ line }) => line));

  const goTo = (line: number): void => {
    const from =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    const end = text.indexOf('\n', from);
    area.current?.focus();
    area.current?.setSelectionRange(from, end === -1 ? text.length : end);
  };

  return (
    <div class="json-editor">
      <label for="edited">Edited message</label>
      <div class="editor-body">
        <div class="gutter" aria-hidden="true" ref={gutter}>
          {Array.from({ length: lines }, (_, index) => (
            <span key={index} class={wrong.has(index + 1) ? 'wrong' : undefined}>
              {index + 1}
            </span>
          ))}
        </div>
        <textarea
          id="edited"
          ref={area}
          value={text}
          wrap="off"
          spellcheck={false}
          autocomplete="off"
          dir="ltr"
          rows={Math.min(Math.max(lines, 8), 28)}
          aria-invalid={problems.length > 0}
          aria-describedby="edit-problems"
          onInput={({ currentTarget }) => change(currentTarget.value)}
          onScroll={({ currentTarget }) => {
            if (gutter.current !== null) gutter.current.scrollTop = currentTarget.scrollTop;
          }}
        />
      </div>
      <ul id="edit-problems" class="plain-list problems" aria-live="polite">
        {problems.map((problem) => (
          <li key={problem.text}>
            <button type="button" class="plain field-error" onClick={() => goTo(problem.line)}>
              <bdi>{problem.text}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
};
