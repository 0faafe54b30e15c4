import { byId, el } from './element.js';
import { fieldsOf, limitsText, resolve, typeText } from './schema.js';
import { tryIt } from './try-it.js';

const VERBS = ['get', 'post', 'put', 'patch', 'delete'];

/** Text in which `code` stands between backticks. */
const marked = (text) => text.split('`').map((part, index) => (index % 2 === 1 ? el('code', {}, part) : part));

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
              el('td', {}, ...marked(description || known.description || ''), limits ? el('div', { class: 'limits' }, limits) : ''),
            );
          }),
        ),
      );

const operationCard = (api, path, verb, operation) => {
  const parameters = operation.parameters.map((parameter) => resolve(api, parameter));
  const body = operation.requestBody?.content['application/json']?.schema;
  const done = operation.responses['200'] ?? operation.responses['201'];
  const answer = done?.content?.['application/json']?.schema;
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
        el('p', {}, ...marked(operation.description)),
        fieldTable(
          api,
          'Parameters',
          parameters.map((parameter) => ({ ...parameter, place: parameter.in })),
        ),
        body && fieldTable(api, 'Body', fieldsOf(api, body)),
        tryIt(api, operation, verb, path, parameters),
        answer && fieldTable(api, 'Answer', fieldsOf(api, answer)),
      ];
      card.append(el('div', { class: 'card' }, ...parts.filter(Boolean)));
    },
    { once: true },
  );
  return card;
};

/** Opens an operation's card, also when the page's address names it already. */
const open = (id) => {
  const card = id && byId(id);
  if (!(card instanceof HTMLDetailsElement)) return;
  card.open = true;
  card.scrollIntoView();
};

/** What a newcomer calls one after another, where the document says so. */
const firstSteps = (steps) =>
  steps?.length > 0 &&
  el(
    'section',
    { class: 'steps' },
    el('h2', {}, 'Where to begin'),
    el(
      'ol',
      {},
      ...steps.map(({ text, operationId }) => el('li', {}, ...(operationId ? [el('a', { href: `#${operationId}` }, text)] : marked(text)))),
    ),
  );

const show = (api) => {
  document.title = api.info.title;
  byId('title').textContent = api.info.title;
  byId('description').textContent = api.info.description;
  const main = byId('operations');
  const index = byId('index');
  main.replaceChildren(...[firstSteps(api['x-first-steps'])].filter(Boolean));
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
  open(location.hash.slice(1));
  addEventListener('hashchange', () => open(location.hash.slice(1)));
};

const token = byId('token');
token.value = sessionStorage.getItem('token') ?? '';
token.addEventListener('change', () => sessionStorage.setItem('token', token.value.trim()));

try {
  show(await (await fetch('/openapi.json')).json());
} catch (error) {
  byId('operations').replaceChildren(el('p', {}, `The document could not be read: ${error}`));
}
