import type { JSX } from 'preact';
import { matchPath } from '../shared/match-path.ts';
import { navigate, path } from '../shared/router.ts';
import { session } from '../shared/session.ts';
import { Layout } from './layout/layout.tsx';
import { pages } from './pages.tsx';
import { SignInPage } from './sign-in/sign-in-page.tsx';

export const App = (): JSX.Element => {
  const current = session.value;
  if (current.kind === 'unknown')
    return (
      <main class="soft">
        <p role="status">{current.isAway ? 'The shop does not answer; trying again …' : 'Loading …'}</p>
      </main>
    );
  const isAdministrator = current.kind === 'signed-in' && current.user.role === 'administrator';
  if (path.value === '/console/sign-in' || !isAdministrator) {
    if (isAdministrator) navigate('/console', { replace: true });
    return (
      <main id="main">
        <SignInPage />
      </main>
    );
  }
  return <Layout>{pageAt(path.value)}</Layout>;
};

const pageAt = (current: string): JSX.Element => {
  for (const [pattern, page] of pages) {
    const parameters = matchPath(pattern, current);
    if (parameters !== undefined) return page(parameters);
  }
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        <a href="/console">To the console</a>
      </p>
    </>
  );
};
