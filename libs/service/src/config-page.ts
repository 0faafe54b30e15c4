import { clusterSettings } from './config-cluster.ts';
import type { Settings } from './config-setting.ts';
import { commonSettings, embeddedSettings } from './config-settings.ts';

const section = (title: string, sentence: string, settings: Settings): readonly string[] => [
  `## ${title}`,
  sentence,
  ...Object.values(settings).flatMap(({ variable, description, expected, byDefault, empty }) => [
    `### \`${variable}\``,
    description,
    [
      `- Expected: ${expected}`,
      ...(empty === undefined ? [] : [`- Empty: ${empty}`]),
      ...(byDefault === undefined ? [] : [`- Default: \`${byDefault}\``]),
    ].join('\n'),
  ]),
];

/** The reference page of all variables, as Markdown. */
export const renderConfigurationPage = (): string =>
  [
    '# Configuration',
    'The platform is configured by variables of the environment. A variable `SANWANG_*` that is not listed here, one of the other mode, or a value that is not what was expected, stops the start with an error that names it. An empty value counts as unset unless said otherwise. Files that variables name are read once, at the start; nothing of what is in them is ever shown.',
    'This page is made from `libs/service/src/config-*.ts`; `npm test -- -u libs/service` brings it up to date.',
    ...section('Both modes', 'These count however the platform runs.', commonSettings),
    ...section('Embedded mode', 'These are refused with `SANWANG_MODE=cluster`.', embeddedSettings),
    ...section(
      'Cluster mode',
      'These are refused in embedded mode. In cluster mode each is needed that has no default; beside them `SANWANG_ISSUER` and `SANWANG_JWKS_URL` or, in a trial, `SANWANG_LOCAL_ISSUER_FILE`.',
      clusterSettings,
    ),
  ].join('\n\n') + '\n';
