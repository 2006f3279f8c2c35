import { render } from 'preact';
import '../shared/base.css';

const root = document.getElementById('app');
if (root !== null) render(<main>Console</main>, root);
