import { render } from 'preact';
import '../shared/base.css';
import { followHeading } from '../shared/page-title.ts';
import { startRouter } from '../shared/router.ts';
import { loadSession } from '../shared/session.ts';
import { App } from './app.tsx';
import './console.css';

startRouter((path) => /^\/console(?:\/|$)/.test(path));
void loadSession();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
followHeading('Emporium console');
