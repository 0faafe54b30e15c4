import { exampleOf, fieldsOf, limitsText, resolve, typeText } from './schema.js';

const VERBS = ['get', 'post', 'put', 'patch', 'delete'];
const byId = (id) => document.getElementById(id);

/** An element; children are elements or text, never HTML. */
const el = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
};

const fieldTable = (api, title, rows) =>
  rows.length === 0
    ? undefined
    : el(
        'section',
        {},
        el('h4', {}, title),
        el(
          'table',
          {},
          ...rows.map(({ name, schema, required, place, description }) => {
            const known = resolve(api, schema);
            const limits = limitsText(api, schema);
            return el(
              'tr',
              {},
              el('td', {}, el('code', {}, name), required ? el('span', { class: 'required', title: 'required' }, '*') : ''),
              el('td', {}, typeText(api, schema), place ? el('span', { class: 'place' }, ` in ${place}`) : ''),
              el('td', {}, description || known.description || '', limits ? el('div', { class: 'limits' }, limits) : ''),
            );
          }),
        ),
      );

const send = async (form, operation, verb, path, output) => {
  const headers = {};
  const query = new URLSearchParams();
  let url = path;
  for (const input of form.querySelectorAll('input[data-in]')) {
    const value = input.value.trim();
    if (value === '') continue;
    const name = input.dataset.name;
    if (input.dataset.in === 'path') url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (input.dataset.in === 'header') headers[name] = value;
    else if (input.dataset.list) for (const item of value.split(',')) query.append(name, item.trim());
    else query.append(name, value);
  }
  const token = byId('token').value.trim();
  if (token) headers.authorization = `Bearer ${token}`;
  const body = form.querySelector('textarea')?.value;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const target = query.size > 0 ? `${url}?${query}` : url;
  const started = performance.now();
  output.hidden = false;
  output.textContent = '…';
  try {
    const response = await fetch(target, { method: verb.toUpperCase(), headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const shown = ['etag', 'sanwang-read-token', 'x-correlation-id', 'retry-after']
      .map((name) => [name, response.headers.get(name)])
      .filter(([, value]) => value)
      .map(([name, value]) => `${name}: ${value}`);
    let pretty = text;
    try {
      pretty = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // Not JSON: shown as it is.
    }
    output.className = response.ok ? 'good' : 'bad';
    output.textContent = [
      `${response.status} in ${Math.round(performance.now() - started)} ms — ${verb.toUpperCase()} ${target}`,
      ...shown,
      '',
      pretty,
    ].join('\n');
  } catch (error) {
    output.className = 'bad';
    output.textContent = String(error);
  }
};

const tryIt = (api, operation, verb, path, parameters, body) => {
  const output = el('pre', { hidden: true });
  const inputs = parameters.map((parameter) =>
    el(
      'label',
      {},
      parameter.name + (parameter.required ? ' *' : ''),
      el('input', {
        'data-in': parameter.in,
        'data-name': parameter.name,
        'data-list': resolve(api, parameter.schema).type === 'array' ? 'yes' : undefined,
        required: parameter.required,
        spellcheck: 'false',
      }),
    ),
  );
  const form = el(
    'form',
    {
      onsubmit: (event) => {
        event.preventDefault();
        void send(form, operation, verb, path, output);
      },
    },
    el('div', { class: 'inputs' }, ...inputs),
  );
  if (body) {
    const area = el('textarea', { rows: '8', spellcheck: 'false', 'aria-label': 'Request body' });
    area.value = JSON.stringify(exampleOf(api, body), null, 2);
    form.append(area);
  }
  form.append(el('button', {}, 'Send'));
  return el('section', {}, el('h4', {}, 'Try it'), form, output);
};

const operationCard = (api, path, verb, operation) => {
  const parameters = operation.parameters.map((parameter) => resolve(api, parameter));
  const body = operation.requestBody?.content['application/json'].schema;
  const answer = operation.responses['200']?.content?.['application/json']?.schema;
  const card = el(
    'details',
    { id: operation.operationId, 'data-text': `${verb} ${path} ${operation.operationId} ${operation.summary}`.toLowerCase() },
    el('summary', {}, el('span', { class: `verb ${verb}` }, verb), el('code', {}, path), el('span', { class: 'about' }, operation.summary)),
  );
  // Filled when it is opened first: a long document shows at once.
  card.addEventListener(
    'toggle',
    () => {
      const parts = [
        el('p', {}, operation.description),
        fieldTable(
          api,
          'Parameters',
          parameters.map((parameter) => ({ ...parameter, place: parameter.in })),
        ),
        body && fieldTable(api, 'Body', fieldsOf(api, body)),
        answer && fieldTable(api, 'Answer', fieldsOf(api, answer)),
        tryIt(api, operation, verb, path, parameters, body),
      ];
      card.append(el('div', { class: 'card' }, ...parts.filter(Boolean)));
    },
    { once: true },
  );
  return card;
};

const show = (api) => {
  document.title = api.info.title;
  byId('title').textContent = `${api.info.title} ${api.info.version}`;
  byId('description').textContent = api.info.description;
  const main = byId('operations');
  const index = byId('index');
  main.replaceChildren();
  for (const tag of api.tags) {
    const cards = Object.entries(api.paths).flatMap(([path, item]) =>
      VERBS.filter((verb) => item[verb]?.tags.includes(tag.name)).map((verb) => operationCard(api, path, verb, item[verb])),
    );
    main.append(el('section', { class: 'tag', id: tag.name }, el('h2', {}, tag.name), el('p', {}, tag.description), ...cards));
    index.append(el('a', { href: `#${tag.name}` }, tag.name));
  }
  byId('filter').addEventListener('input', (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const card of main.querySelectorAll('details')) card.hidden = !card.dataset.text.includes(wanted);
    for (const section of main.querySelectorAll('.tag')) section.hidden = !section.querySelector('details:not([hidden])');
  });
  const opened = location.hash && byId(location.hash.slice(1));
  if (opened instanceof HTMLDetailsElement) opened.open = true;
};

const token = byId('token');
token.value = sessionStorage.getItem('token') ?? '';
token.addEventListener('change', () => sessionStorage.setItem('token', token.value.trim()));

try {
  show(await (await fetch('/openapi.json')).json());
} catch (error) {
  byId('operations').replaceChildren(el('p', {}, `The document could not be read: ${error}`));
}
