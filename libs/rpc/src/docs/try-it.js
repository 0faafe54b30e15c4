import { byId, el } from './element.js';
import { exampleOf, resolve } from './schema.js';

/** Read tokens of this page's commands, by context: later calls show at least what those did. */
const readTokens = new Map();
const keep = (token) => {
  if (!token) return;
  const [context, partition] = atob(token.replaceAll('-', '+').replaceAll('_', '/')).split('.');
  readTokens.set(`${context}.${partition}`, token);
};

const requestOf = (form, verb, path) => {
  const headers = {};
  const query = new URLSearchParams();
  let url = path;
  for (const input of form.querySelectorAll('input[data-in]')) {
    const value = input.value.trim();
    const { name } = input.dataset;
    if (value === '') continue;
    if (input.dataset.in === 'path') url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (input.dataset.in === 'header') headers[name] = value;
    else if (input.dataset.list) for (const item of value.split(',')) query.append(name, item.trim());
    else query.append(name, value);
  }
  if (readTokens.size > 0) headers['Sanwang-Read-Token'] ??= [...readTokens.values()].slice(-16).join(',');
  const token = byId('token').value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const file = form.querySelector('input[type=file]')?.files[0];
  const body = file ?? form.querySelector('textarea')?.value;
  if (body !== undefined) headers['Content-Type'] = file?.type ?? 'application/json';
  return { verb: verb.toUpperCase(), target: query.size > 0 ? `${url}?${query}` : url, headers, body };
};

/** The same as a command line; the token stays out of it. */
const curlOf = ({ verb, target, headers, body }) => {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const shown = Object.entries(headers).filter(([name]) => name !== 'Sanwang-Read-Token');
  return [
    `curl ${verb === 'GET' || body !== undefined ? '' : `-X ${verb} `}${quoted(location.origin + target)}`,
    ...shown.map(([name, value]) => (name === 'Authorization' ? '-H "Authorization: Bearer $TOKEN"' : `-H ${quoted(`${name}: ${value}`)}`)),
    ...(typeof body === 'string' ? [`-d ${quoted(body)}`] : body ? [`--data-binary ${quoted(`@${body.name}`)}`] : []),
  ].join(' \\\n  ');
};

const sentence = (problem) => [
  ...(problem.violations?.length > 0
    ? problem.violations.map(({ field, expected }) => `${field}: ${expected.startsWith('no such') ? '' : 'expected '}${expected}`)
    : [problem.detail]),
  ...(problem.status === 401 ? ['Paste a token into the field at the top right.'] : []),
];

const send = async (request, output) => {
  const started = performance.now();
  output.hidden = false;
  output.className = '';
  output.textContent = '…';
  try {
    const { verb, target, headers, body } = request;
    const response = await fetch(target, { method: verb, headers, ...(body === undefined ? {} : { body }) });
    const type = response.headers.get('content-type') ?? '';
    const isText = type.includes('json') || type.startsWith('text/');
    const text = isText ? await response.text() : `${(await response.blob()).size} bytes of ${type}`;
    const json = type.includes('json') ? JSON.parse(text) : undefined;
    if (response.ok) keep(response.headers.get('sanwang-read-token'));
    const named = ['etag', 'x-correlation-id', 'retry-after', 'sanwang-simulation', 'allow'];
    const lines = named.map((name) => [name, response.headers.get(name)]).filter(([, value]) => value);
    output.className = response.ok ? 'good' : 'bad';
    output.textContent = [
      `${response.status} ${response.statusText} in ${Math.round(performance.now() - started)} ms`,
      ...(json?.detail ? ['', ...sentence(json)] : []),
      '',
      ...lines.map(([name, value]) => `${name}: ${value}`),
      '',
      json === undefined ? text : JSON.stringify(json, null, 2),
      '',
      curlOf(request),
    ].join('\n');
  } catch (error) {
    output.className = 'bad';
    output.textContent = String(error);
  }
};

const bodyInput = (api, content) => {
  const json = content['application/json'];
  if (!json) return el('label', {}, 'File *', el('input', { type: 'file', accept: Object.keys(content).join(), required: true }));
  const example = JSON.stringify(exampleOf(api, json.schema), null, 2);
  const rows = Math.max(3, example.split('\n').length + 1);
  const area = el('textarea', { rows, spellcheck: 'false', 'aria-label': 'Request body' });
  area.value = example;
  return area;
};

/** A form that sends the operation's request, and shows the answer. */
export const tryIt = (api, operation, verb, path, parameters) => {
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
        void send(requestOf(form, verb, path), output);
      },
    },
    el('div', { class: 'inputs' }, ...inputs),
    operation.requestBody && bodyInput(api, operation.requestBody.content),
    el('button', {}, 'Send'),
  );
  return el('section', {}, el('h4', {}, 'Try it'), form, output);
};
