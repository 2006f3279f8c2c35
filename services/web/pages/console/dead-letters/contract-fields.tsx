import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { fieldsOf, type Schema } from './schema-fields.ts';

interface Contracts {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** What the contract asks for, read when somebody wants to know. */
export const ContractFields = ({ type }: { readonly type: string }): JSX.Element => {
  const isOpen = useSignal(false);
  const { state, reload } = useResource<Contracts>(isOpen.value ? '/docs/asyncapi.json' : undefined);
  return (
    <details
      class="contract"
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary>The contract {type}</summary>
      {isOpen.value ? (
        <Shown of={state.value} what="the contract" retry={reload}>
          {({ components: { schemas } }) => <Fields schema={schemas[type]} />}
        </Shown>
      ) : null}
    </details>
  );
};

const Fields = ({ schema }: { readonly schema: Schema | undefined }): JSX.Element => {
  if (schema === undefined) return <p class="soft">The shop has no such contract.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Must be</th>
          <th scope="col">Required</th>
        </tr>
      </thead>
      <tbody>
        {fieldsOf(schema).map(({ path, kind, isRequired }) => (
          <tr key={path}>
            <td>
              <code>{path}</code>
            </td>
            <td>{kind}</td>
            <td>{isRequired ? 'yes' : 'no'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
