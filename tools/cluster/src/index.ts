export * from './cluster.ts';
export { trialSecrets, type SecretVariables } from './secrets.ts';
