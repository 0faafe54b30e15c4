import { districtTopicOf, topicOf } from '@sanwang/messaging';
import type { ClusterData } from './cluster-data.ts';

/** A right on the brokers, from any host. */
export interface AclRule {
  readonly principal: string;
  readonly permission: 'allow' | 'deny';
  readonly operation: string;
  readonly resource: 'topic' | 'group' | 'cluster' | 'transactional-id' | 'other';
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  readonly host: string;
}
export interface AclsPlan {
  readonly add: readonly AclRule[];
  readonly remove: readonly AclRule[];
}

const PREFIX = 'sanwang.';
export const principalOf = (user: string): string => `User:${user}`;
/** One line: `User:bureau may read topic sanwang.district.440304.*`. */
export const describeRule = ({ principal, permission, operation, resource, name, pattern, host }: AclRule): string => {
  const from = host === '*' ? '' : ` from ${host}`;
  return `${principal} ${permission === 'allow' ? 'may' : 'may not'} ${operation} ${resource} ${name}${pattern === 'prefixed' ? '*' : ''}${from}`;
};

const allow = (user: string, operation: string, resource: AclRule['resource'], name: string, pattern: AclRule['pattern']): AclRule => ({
  principal: principalOf(user),
  permission: 'allow',
  operation,
  resource,
  name,
  pattern,
  host: '*',
});

/** Every right that follows from the data. */
export const desiredAcls = ({ users, districts, districtContexts }: ClusterData): readonly AclRule[] => {
  if (!users) return [];
  const services = Object.entries(users.services).flatMap(([context, user]) => [
    allow(user, 'write', 'topic', topicOf(context), 'literal'),
    allow(user, 'read', 'topic', PREFIX, 'prefixed'),
    allow(user, 'read', 'group', `${context}.`, 'prefixed'),
    ...(districtContexts.includes(context) ? districts : []).map((code) =>
      allow(user, 'write', 'topic', districtTopicOf(code, context), 'literal'),
    ),
  ]);
  const bureaus = users.bureaus.flatMap(({ user, districts: own, group }) => [
    ...own.map((code) => allow(user, 'read', 'topic', `${PREFIX}district.${code}.`, 'prefixed')),
    allow(user, 'read', 'group', group, 'prefixed'),
  ]);
  return [...services, ...bureaus];
};

/**
 * What is to be done so that the rights on the brokers are those of the data: of its users, and of everybody on the platform's
 * topics. Rights of others on other things are left alone.
 */
export const planAcls = (data: ClusterData, present: readonly AclRule[]): AclsPlan => {
  if (!data.users) return { add: [], remove: [] };
  const desired = desiredAcls(data);
  const { services, bureaus } = data.users;
  const users = new Set([...Object.values(services), ...bureaus.map(({ user }) => user)].map(principalOf));
  const concerns = ({ principal, resource, name }: AclRule): boolean =>
    resource !== 'other' && (users.has(principal) || (resource === 'topic' && name.startsWith(PREFIX)));
  const wanted = new Set(desired.map(describeRule));
  const there = new Set(present.map(describeRule));
  return {
    add: desired.filter(
      (rule, index) => !there.has(describeRule(rule)) && desired.findIndex((one) => describeRule(one) === describeRule(rule)) === index,
    ),
    remove: present.filter((rule) => concerns(rule) && !wanted.has(describeRule(rule))),
  };
};
