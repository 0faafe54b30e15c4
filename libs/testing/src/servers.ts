/** The servers that tests of the cluster run against, as the addresses that the platform's configuration takes. */
export interface Servers {
  readonly kurrentdb: string;
  readonly kafka: string;
  readonly mongodb: string;
}

/** The variable that names each server. */
export const serverVariables = {
  kurrentdb: 'SANWANG_KURRENTDB',
  kafka: 'SANWANG_KAFKA',
  mongodb: 'SANWANG_MONGODB',
} as const satisfies Record<keyof Servers, string>;

const address = (server: keyof Servers): string => {
  const variable = serverVariables[server];
  const value = process.env[variable];
  if (value) return value;
  throw new Error(
    `There is no ${server} to test against: set ${variable} to a running server, or give Docker a registry. Cluster tests are run by 'npm run test:cluster'.`,
  );
};

/**
 * The servers of this run of `npm run test:cluster`: from `SANWANG_KURRENTDB`, `SANWANG_KAFKA` and `SANWANG_MONGODB`, each
 * for itself, or what `servers-setup.ts` started for one that was unset. Reading one that is not there throws, saying which
 * variable to set.
 */
export const servers = async (): Promise<Servers> => ({
  get kurrentdb() {
    return address('kurrentdb');
  },
  get kafka() {
    return address('kafka');
  },
  get mongodb() {
    return address('mongodb');
  },
});
