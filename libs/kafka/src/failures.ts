import { Rejection } from '@sanwang/kernel';

export const noTopic = (topic: string): Rejection =>
  new Rejection('not-found', 'topic-not-found', `There is no topic ${topic}, or it was made anew.`, { facts: { topic } });

export const closed = (): Rejection => new Rejection('unavailable', 'bus-unavailable', 'The bus is closed.');

const causesOf = (error: unknown): readonly Error[] => {
  const causes: Error[] = [];
  for (let one = error; one instanceof Error && !causes.includes(one); one = one.cause) causes.push(one);
  return causes;
};
const typeOf = (error: Error): unknown => ('type' in error ? error.type : undefined);

/** True when the broker says so with this protocol error, however deep it is wrapped. */
export const isProtocolError = (error: unknown, ...types: readonly string[]): boolean =>
  causesOf(error).some((cause) => types.includes(String(typeOf(cause))));

const DENIED = ['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED', 'SASL_AUTHENTICATION_FAILED'];

/** What kafkajs throws, as the port's errors: most of it may be tried again. */
export const asRejection = (error: unknown, brokers: readonly string[]): Rejection => {
  if (error instanceof Rejection) return error;
  const causes = causesOf(error);
  // kafkajs does not tell a group that may not be used from one without a coordinator.
  const group = causes.some(({ name }) => name === 'KafkaJSGroupCoordinatorNotFound') ? ', or the user has no right to the group' : '';
  const message = `Kafka at ${brokers.join(', ')}: ${causes.at(-1)?.message ?? String(error)}${group}`;
  if (isProtocolError(error, 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE')) {
    return new Rejection('resource-exhausted', 'message-too-large', message, { cause: error });
  }
  if (isProtocolError(error, ...DENIED) || causes.some(({ name }) => name === 'KafkaJSSASLAuthenticationError')) {
    return new Rejection('permission-denied', 'bus-permission-denied', message, { cause: error });
  }
  return new Rejection('unavailable', 'bus-unavailable', message, { cause: error });
};
