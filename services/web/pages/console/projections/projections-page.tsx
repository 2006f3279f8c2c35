import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { Ago, Shown } from '../../shared/components.tsx';
import { failureOf } from '../../shared/failure.ts';
import { formatDuration } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import { type Lag, type Projection, progressOf } from './projection.ts';

const path = '/api/admin/reports/projections';

/** The read models of the order service: how far they are behind, and building them again. */
export const ProjectionsPage = (): JSX.Element => {
  const { state, reload } = useResource<{ projections: readonly Projection[] }>(path, 1_000);
  const message = useSignal('');
  const rebuild = async (name: string): Promise<void> => {
    const answer = await request(`${path}/${encodeURIComponent(name)}/rebuild`, { method: 'POST' });
    message.value = failureOf(answer) || `${name} is being built again.`;
    reload();
  };
  return (
    <>
      <h1>Projections</h1>
      <p class="soft">
        A read model is built from events, and can be built again at any time: the new one is built beside the
        live one, and replaces it in one step.
      </p>
      <p role="status">{message.value}</p>
      <Shown of={state.value} what="the projections" retry={reload}>
        {({ projections }) =>
          projections.length === 0 ? (
            <p class="soft">There are none.</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">Projection</th>
                  <th scope="col" class="number">
                    Version
                  </th>
                  <th scope="col">Behind</th>
                  <th scope="col">Built</th>
                  <th scope="col">Rebuild</th>
                </tr>
              </thead>
              <tbody>
                {projections.map((each) => (
                  <Row key={each.name} projection={each} rebuild={() => void rebuild(each.name)} />
                ))}
              </tbody>
            </table>
          )
        }
      </Shown>
    </>
  );
};

interface RowProps {
  readonly projection: Projection;
  readonly rebuild: () => void;
}

const Row = ({
  projection: { name, version, lag, failure, builtAt, build },
  rebuild,
}: RowProps): JSX.Element => (
  <tr>
    <td>{name}</td>
    <td class="number">{version ?? '–'}</td>
    <td>
      {behind(lag)}
      {failure === undefined ? null : <Stopped failure={failure} />}
    </td>
    <td>{builtAt === undefined ? '–' : <Ago at={builtAt} />}</td>
    <td>
      {build === undefined ? (
        <button type="button" onClick={rebuild}>
          Rebuild<span class="visually-hidden"> {name}</span>
        </button>
      ) : (
        <>
          <progress max={1} value={progressOf(build)} aria-label={`Building ${name}`} />{' '}
          <span class="small">
            version {build.version}: {build.events} of {build.events + build.lag.events} events
          </span>
          {build.failure === undefined ? null : <Stopped failure={build.failure} />}
        </>
      )}
    </td>
  </tr>
);

const Stopped = ({ failure }: { readonly failure: NonNullable<Projection['failure']> }): JSX.Element => (
  <p class="notice bad">
    Stopped at version {failure.version} of {failure.stream} ({failure.type}) <Ago at={failure.since} />:{' '}
    <span dir="auto">{failure.reason}</span>
  </p>
);

const behind = ({ events, seconds }: Lag): string =>
  events === 0 ? 'up to date' : `${events} events, ${formatDuration(seconds * 1_000)}`;
