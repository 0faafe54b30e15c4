// npm run cluster-secrets -- FOLDER --hosts NAME,NAME…: keys of all services, a local issuer, a master key, and a certificate for
// these names with a CA of its own. A folder that is there already is left as it is.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { contextsHere } from './cluster.ts';
import { trialSecrets } from './secrets.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { hosts: { type: 'string' } } });
const [folder] = positionals;
if (folder === undefined || values.hosts === undefined) {
  process.stderr.write('Usage: npm run cluster-secrets -- FOLDER --hosts NAME,NAME…\n');
  process.exitCode = 2;
} else {
  await trialSecrets(resolve(folder), contextsHere(), values.hosts.split(','));
  process.stdout.write(`The secrets are in ${folder}.\n`);
}
