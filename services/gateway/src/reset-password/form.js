// @ts-nocheck: the globals of a browser, which no other program of the shop has.
// Runs in the browser, within the page of page.ts.
const element = (id) => document.getElementById(id);
const [outcome, setForm, requestForm] = ['outcome', 'set-password', 'request-link'].map(element);
let token = null;

const show = (form) => {
  setForm.hidden = form !== setForm;
  requestForm.hidden = form !== requestForm;
};

/** Sends JSON. The path is relative, since the shop may be below a path. Resolves to undefined on success, else to a problem document. */
const post = async (path, body) => {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.ok ? undefined : await response.json();
  } catch {
    return { detail: 'The shop cannot be reached right now; try again.' };
  }
};

const onSubmit = (form, send) =>
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    outcome.textContent = '';
    await send(new FormData(form));
    button.disabled = false;
  });

onSubmit(setForm, async (fields) => {
  const problem = await post('api/password-resets/complete', { token, password: fields.get('password') });
  outcome.textContent = problem?.detail ?? 'Your password is set: log in with it.';
  if (problem === undefined) show(undefined);
  else if (problem.status === 422) show(requestForm);
});

onSubmit(requestForm, async (fields) => {
  const problem = await post('api/password-resets', { email: fields.get('email') });
  outcome.textContent =
    problem?.detail ?? 'If there is an account with this address, a mail with a link is on its way.';
  if (problem === undefined) show(undefined);
});

/** The token comes in the fragment, which no server sees. It is removed from the address bar and the history. */
const start = () => {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  token = given ?? token;
  outcome.textContent = '';
  show(token === null ? requestForm : setForm);
};

addEventListener('hashchange', () => location.hash !== '' && start());
start();
