import type { JSX } from 'preact';
import { query, setQuery } from '../../shared/router.ts';
import { statuses } from './dead-letter.ts';

/** The filters, which are in the address. */
export const Filters = (): JSX.Element => {
  const filled = (name: string): string => query.value.get(name) ?? '';
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()} aria-label="Filter">
      <label>
        Status
        <select
          value={filled('status')}
          onChange={({ currentTarget }) => setQuery({ status: currentTarget.value, before: '' })}
        >
          <option value="">any</option>
          {statuses.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      {(['subscription', 'type', 'code'] as const).map((name) => (
        <label key={name}>
          {{ subscription: 'Subscription', type: 'Contract', code: 'Reason code' }[name]}
          <input
            value={filled(name)}
            maxLength={500}
            onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value.trim(), before: '' })}
          />
        </label>
      ))}
    </form>
  );
};
