export * from './port.ts';
export * from './tokens.ts';
export * from './issuer.ts';
export * from './directory-models.ts';
export * from './directory-view.ts';
export * from './unit-versions.ts';
export * from './policy-table.ts';
export * from './policy.ts';
