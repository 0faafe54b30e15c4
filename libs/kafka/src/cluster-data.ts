import { z } from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and hyphens');
const district = z.string().regex(/^[A-Za-z0-9-]+$/, 'an area code, such as 440304');
const user = z.string().regex(/^[A-Za-z0-9._-]+$/, 'letters, digits, dots, hyphens and underscores');

/** What a deployment's Kafka is to hold, and who may do what in it. */
export const ClusterData = z.strictObject({
  /** Contexts that publish events. */
  contexts: z.array(name).min(1),
  /** Copies of each partition; the brokers' default when absent. */
  replication: z.int().min(1).max(9).optional(),
  /** Copies that must hold a message before it counts as published; the brokers' default when absent. */
  minInsyncReplicas: z.int().min(1).max(9).optional(),
  /** Area codes of the districts that have topics of their own. */
  districts: z.array(district).default([]),
  /** Contexts that publish to the districts' topics. */
  districtContexts: z.array(name).default([]),
  /**
   * Who may use the brokers; with it, every rule on the platform's topics, and of these users, that does not follow from it is
   * removed. Without it, rights are left as they are.
   */
  users: z
    .strictObject({
      /** User of each context's service. */
      services: z.record(name, user).default({}),
      /** A bureau's user reads its districts' topics, in consumer groups whose names begin with `group`. */
      bureaus: z
        .array(z.strictObject({ user, districts: z.array(district).min(1), group: z.string().regex(/^[a-z][A-Za-z0-9._-]*\.$/) }))
        .default([]),
    })
    .optional(),
});
export type ClusterData = z.infer<typeof ClusterData>;
