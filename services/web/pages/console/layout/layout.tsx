import { computed, useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatExact } from '../../shared/format.ts';
import { isPaused } from '../../shared/resource.ts';
import { navigate, path } from '../../shared/router.ts';
import { session, signOut } from '../../shared/session.ts';
import { shopClock } from '../../shared/shop-clock.ts';
import { isDevelopment, loadDevelopment } from '../break-it/development.ts';
import { LessonPanel } from '../lessons/lesson-panel.tsx';
import { isCurrent, menu } from './navigation.ts';

/** The frame of every page: the menu, the search by id, the pause of the live view, and who is signed in. */
export const Layout = ({ children }: { readonly children: ComponentChildren }): JSX.Element => {
  useEffect(() => void loadDevelopment(), []);
  return (
    <div class="console">
      <a class="skip button" href="#main">
        Skip to the content
      </a>
      <header>
        <a class="brand" href="/console">
          Emporium <span class="soft">console</span>
        </a>
        <search>
          <IdSearch />
        </search>
        <PauseButton />
        <SignedIn />
      </header>
      <Menu />
      <main id="main" tabIndex={-1}>
        <PausedHint />
        {children}
      </main>
      <LessonPanel />
    </div>
  );
};

/** The pages of this shop. */
const Menu = (): JSX.Element => {
  const groups = menu
    .map(({ name, entries }) => ({
      name,
      entries: entries.filter(
        ({ onlyInDevelopment }) => onlyInDevelopment !== true || isDevelopment.value === true,
      ),
    }))
    .filter(({ entries }) => entries.length > 0);
  return (
    <nav aria-label="Console">
      {groups.map(({ name, entries }) => (
        <div key={name} class="menu-group">
          <p class="small soft" id={`menu-${name}`}>
            {name}
          </p>
          <ul aria-labelledby={`menu-${name}`}>
            {entries.map(({ href, text }) => (
              <li key={href}>
                <a href={href} aria-current={isCurrent(href, path.value) ? 'page' : undefined}>
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <p class="small">
        <a href="/">Shop</a> · <a href="/status">Status</a> · <a href="/docs/">API</a>
      </p>
    </nav>
  );
};

/** An order, message, correlation or trace id leads to its page. */
const IdSearch = (): JSX.Element => {
  const search = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const id = String(new FormData(event.currentTarget).get('id') ?? '').trim();
    if (id !== '') navigate(`/console/search?id=${encodeURIComponent(id)}`);
  };
  return (
    <form onSubmit={search}>
      <label class="visually-hidden" for="id-search">
        Search by id
      </label>
      <input id="id-search" name="id" type="search" placeholder="Any id: order, customer, message, trace …" />
    </form>
  );
};

const PauseButton = (): JSX.Element => (
  <button
    type="button"
    aria-pressed={isPaused.value}
    onClick={() => {
      isPaused.value = !isPaused.value;
    }}
  >
    {isPaused.value ? 'Go on live' : 'Pause the view'}
  </button>
);

/** What a paused page shows is of then. */
const pausedAt = computed(() => (isPaused.value ? new Date(shopClock.now()) : undefined));

const PausedHint = (): JSX.Element => (
  <div role="status">
    {pausedAt.value === undefined ? null : (
      <p class="notice warn">
        The view is paused since {formatExact(pausedAt.value)}: nothing is read again until you go on.
      </p>
    )}
  </div>
);

const SignedIn = (): JSX.Element | null => {
  const current = session.value;
  const failure = useSignal('');
  if (current.kind !== 'signed-in') return null;
  return (
    <div class="signed-in">
      <span dir="auto">{current.user.name}</span>
      <span role="alert" class="small">
        {failure.value}
      </span>
      <button
        type="button"
        class="plain"
        onClick={async () => {
          failure.value = await signOut();
        }}
      >
        Sign out
      </button>
    </div>
  );
};
